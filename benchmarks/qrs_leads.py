"""How well the board finds heartbeats in leads and recordings that its constants were not chosen on: qrs_leads.json.

    SCL_DATA_DIR=... python benchmarks/qrs_leads.py

The board is its own C on this computer (benchmarks/beat_board.py), with the bundle of seed 0 of
benchmarks/beat_seeds.py, which is made if it is missing; its classes do not count here.

First and second lead of all 48 records of MIT-BIH (the second is V1 of 40), counted as benchmarks/qrs.py does. And
PTB-XL, whose beats are not annotated: the twelve leads of each 10 s record. Of each lead, how many records have a
plausible rate (30 to 220 beats a minute by the median interval), and one within 5 of the median of the record's twelve
leads, which all see the same heart. And whether the rates in lead II agree with what the publisher's statements say of
the rhythm, where the subset has them. And in how many records of MIT-BIH, as recorded and turned round, R peaks point
down around most beats, as `firmware_host.stream` says it.
"""

import argparse
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import qrs
from beat_board import Board, board_of, counts_of
from beat_seeds import exported

from firmware_host.beat_lines import MAJORITY
from firmware_host.polarity import FEATURE
from scl.artifacts import write_json
from scl.artifacts.bundle import read_front_end_bundle
from scl.ec57.comparison import LEARNING_S, compare
from scl.frontend.spec import FrontEndSpec
from train.data import mitdb, ptbxl
from train.data.ptbxl_tables import DATABASE, table
from train.data.recordings import Recordings
from train.data.stored import resolve
from train.data.wfdb_files import Source

RESULTS = Path(__file__).parent / "results" / "qrs_leads.json"
LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
PLAUSIBLE = (30.0, 220.0)  # beats a minute
NEAR = 5.0  # beats a minute
TURNED = "first, turned round"
LEADS_OF_MITDB = ("first", TURNED, "second")
FEW = 5  # records that are named
Answers = dict[int, np.ndarray]  # of a board, by record
STATED = {"SBRAD": (0.0, 60.0), "SR": (60.0, 100.0), "STACH": (100.0, 400.0)}  # of a sinus rhythm, by definition
STATED_IN = "II"  # the rhythm lead


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--work", type=Path, default=Path("build/beat-seeds"), help="runs and bundles")
    bundle = read_front_end_bundle(exported(options.parse_args().work, "features", 0)[1])
    spec = bundle.manifest.frontend
    with TemporaryDirectory() as folder:
        board = board_of(bundle, Path(folder))
        answers = {lead: answers_of(lead, board, spec) for lead in LEADS_OF_MITDB}
        rows = [row for lead in ("first", "second") for row in of_mitdb(lead, answers[lead])]
        path = resolve(None, ptbxl.DATA_SET)
        rates = {lead: rates_of(ptbxl.load(path, lead), board, spec) for lead in LEADS}
    usual = np.nanmedian(np.array(list(rates.values())), axis=0)
    twelve = [of_lead(lead, rates[lead], usual) for lead in LEADS]
    stated = statements(rates[STATED_IN])
    down = [downward(lead, of, spec) for lead, of in answers.items()]
    results = {"mitdb": rows, "downward": down, "ptbxl": twelve, "statements": stated}
    write_json(RESULTS, {"kind": "benchmark", "schema": 3} | results)
    print(mitdb_table(rows), downward_table(down), ptbxl_table(twelve), statements_table(stated), sep="\n\n")


def answers_of(lead: str, board: Board, spec: FrontEndSpec) -> Answers:
    """The board's answers to each record of MIT-BIH, of which there is one stretch."""
    recordings = mitdb.load(resolve(None, mitdb.DATA_SET), second=lead == "second")
    sign = -1 if lead == TURNED else 1
    return {block.group: board(counts_of(replace(block, x=sign * block.x), spec)) for block in recordings.blocks}


def downward(lead: str, answers: Answers, spec: FrontEndSpec) -> dict[str, object]:
    """The records in which the patient's usual R peak points down around most beats."""
    place = spec.beats.names.index(FEATURE) - len(spec.beats.names)
    records = [record for record, said in answers.items() if (said[:, place] < 0).mean() > MAJORITY]
    return {"lead": lead, "records": len(answers), "downward": records}


def of_mitdb(lead: str, answers: Answers) -> list[dict[str, object]]:
    """Gross figures of one lead of each record, in percent."""
    path = resolve(None, mitdb.DATA_SET)
    recordings = mitdb.load(path, second=lead == "second")
    references = qrs.annotated(path, recordings)
    said = {record: qrs.series(answer[:, 0]) for record, answer in answers.items()}
    rows = []
    for start, learning_s in (("whole", 0.0), ("after 5 min", LEARNING_S)):
        figures = {
            record: compare(str(record), references[record], beats, recordings.rate_hz, learning_s)
            for record, beats in said.items()
        }
        rows += [
            {"lead": lead, **qrs.summary("ours", part, start, [figures[record] for record in records])}
            for part, records in qrs.SETS.items()
        ]
    return rows


def rates_of(recordings: Recordings, board: Board, spec: FrontEndSpec) -> np.ndarray:
    """Beats a minute (records,); NaN where there are no two beats."""
    rate_hz = spec.sensor.rate_hz
    return np.array(
        [rate(board(counts_of(block, spec, recordings.rate_hz))[:, 0], rate_hz) for block in recordings.blocks]
    )


def rate(at: np.ndarray, rate_hz: float) -> float:
    """60 s over the median interval."""
    return float(60 * rate_hz / np.median(np.diff(at))) if len(at) > 1 else float("nan")


def of_lead(lead: str, rates: np.ndarray, usual: np.ndarray) -> dict[str, object]:
    """Shares of the records, in percent."""
    plausible = (rates >= PLAUSIBLE[0]) & (rates <= PLAUSIBLE[1])
    near = np.abs(rates - usual) <= NEAR
    row: dict[str, object] = {"lead": lead, "records": len(rates)}
    return row | {"plausible": round(100 * plausible.mean(), 1), "as_twelve": round(100 * near.mean(), 1)}


def statements(rates: np.ndarray) -> list[dict[str, object]]:
    """Records of each stated sinus rhythm, how many of them have a rate that it is defined by, and the least and
    largest rate.
    """
    source = Source(resolve(None, ptbxl.DATA_SET), DATABASE, ptbxl.ADVICE)
    said = {int(float(key)): row["scp_codes"] for key, row in table(source, DATABASE, "ecg_id", "scp_codes").items()}
    ids = [block.group for block in ptbxl.load(source.path, STATED_IN).blocks]
    rows = []
    for code, (low, high) in STATED.items():
        there = np.array([code in re.findall(r"'(\w+)'", said.get(ecg_id, "")) for ecg_id in ids])
        of = rates[there]
        row: dict[str, object] = {"statement": code, "low": low, "high": high, "records": len(of)}
        within = int(((of >= low) & (of <= high)).sum())
        rows.append(row | {"within": within, "least": round(float(of.min()), 1), "most": round(float(of.max()), 1)})
    return rows


def mitdb_table(rows: list[dict[str, object]]) -> str:
    """Whole records, all of them, as docs/HEARTBEATS.md has them."""
    return qrs.table(
        [
            {
                "lead": row["lead"],
                "Se, %": row["se"],
                "PPV, %": row["ppv"],
                "missed": row["missed"],
                "extra": row["extra"],
            }
            | {"Se, mean of records": row["average_se"], "PPV, mean of records": row["average_ppv"]}
            for row in rows
            if (row["records"], row["from"]) == ("all", "whole")
        ]
    )


def downward_table(rows: list[dict]) -> str:
    """A line for each lead; the records are named where they are few."""
    few = [", ".join(map(str, row["downward"])) if len(row["downward"]) <= FEW else "" for row in rows]
    head = "| lead | records | R peaks point down around most beats | which |\n| --- | --- | --- | --- |"
    lines = [
        f"| {row['lead']} | {row['records']} | {len(row['downward'])} | {which} |"
        for row, which in zip(rows, few, strict=True)
    ]
    return "\n".join([head, *lines])


def ptbxl_table(rows: list[dict[str, object]]) -> str:
    """A column for each lead, in per cent of the records."""
    names = {"plausible": "30 to 220 a minute", "as_twelve": "within 5 of the twelve leads' median"}
    return qrs.table([{"rate": words} | {str(row["lead"]): row[name] for row in rows} for name, words in names.items()])


def statements_table(rows: list[dict[str, object]]) -> str:
    """A line for each statement."""
    return qrs.table(
        [
            {
                "statement": row["statement"],
                "rate by definition": f"{row['low']:.0f} to {row['high']:.0f}",
                "records": row["records"],
                "of such a rate": row["within"],
                "least": row["least"],
                "largest": row["most"],
            }
            for row in rows
        ]
    )


if __name__ == "__main__":
    main()
