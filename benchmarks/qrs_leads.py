"""How well the board finds heartbeats in leads and recordings that its constants were not chosen on: qrs_leads.json.

    SCL_DATA_DIR=... python benchmarks/qrs_leads.py

The second lead of all 48 records of MIT-BIH (V1 of 40), counted as benchmarks/qrs.py counts the first one, beside gqrs.

And PTB-XL, whose beats are not annotated: the twelve leads of each 10 s record at 500 Hz. Of each lead, how many
records have a plausible rate (30 to 220 beats a minute by the median interval), a rate within 5 of what gqrs says of
the same lead, and within 5 of the median of the record's twelve leads, which all see the same heart. And whether the
rates in lead II agree with what the publisher's statements say of the rhythm, where the subset has them.
"""

import argparse
import re
from pathlib import Path

import numpy as np
import qrs

from scl.artifacts import write_json
from scl.ec57.comparison import LEARNING_S, compare
from scl.frontend.beat_detector import detect
from scl.frontend.beats import RATE_HZ, microvolts
from train.data import mitdb, ptbxl
from train.data.ecg import unkept
from train.data.ptbxl_tables import DATABASE, table
from train.data.recordings import Recordings
from train.data.stored import resolve
from train.data.wfdb_files import Source

RESULTS = Path(__file__).parent / "results" / "qrs_leads.json"
LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
PLAUSIBLE = (30.0, 220.0)  # beats a minute
NEAR = 5.0  # beats a minute
STATED = {"SBRAD": (0.0, 60.0), "SR": (60.0, 100.0), "STACH": (100.0, 400.0)}  # of a sinus rhythm, by definition
STATED_IN = "II"  # the rhythm lead


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.parse_args()
    path = resolve(None, mitdb.DATA_SET)
    rows = second_lead(path)
    rates = {lead: rates_of(ptbxl.load(resolve(None, ptbxl.DATA_SET), lead)) for lead in LEADS}
    twelve = np.array([rates[lead]["ours"] for lead in LEADS])
    result = {
        "kind": "benchmark",
        "schema": 1,
        "second_lead": rows,
        "ptbxl": [of_lead(lead, rates[lead], np.nanmedian(twelve, axis=0)) for lead in LEADS],
        "statements": statements(rates[STATED_IN]["ours"]),
    }
    write_json(RESULTS, result)
    print(second_table(rows), ptbxl_table(result["ptbxl"]), statements_table(result["statements"]), sep="\n\n")


def second_lead(path: Path) -> list[dict[str, object]]:
    """Gross figures of the board's detector and of gqrs on the other lead of each record, in percent."""
    recordings = mitdb.load(path, second=True)
    faster = round(recordings.rate_hz / RATE_HZ)
    peaks = {
        "ours": {b.group: detect(microvolts(b.x[0])).at * faster for b in unkept(recordings, RATE_HZ).blocks},
        "gqrs": {b.group: qrs.gqrs(b.x[0], recordings.rate_hz) for b in recordings.blocks},
    }
    references = qrs.annotated(path, recordings)
    rows = []
    for start, learning_s in (("whole", 0.0), ("after 5 min", LEARNING_S)):
        for name, found in peaks.items():
            figures = {
                record: compare(str(record), references[record], qrs.series(at), recordings.rate_hz, learning_s)
                for record, at in found.items()
            }
            parts = [[figures[record] for record in qrs.SETS[part]] for part in qrs.SETS]
            rows += [qrs.summary(name, part, start, of) for part, of in zip(qrs.SETS, parts, strict=True)]
    return rows


def rates_of(recordings: Recordings) -> dict[str, np.ndarray]:
    """Beats a minute (records,) by the board's detector and by gqrs; NaN where there are no two beats."""
    behind = unkept(recordings, RATE_HZ).blocks
    return {
        "ours": np.array([rate(detect(microvolts(block.x[0])).at, RATE_HZ) for block in behind]),
        "gqrs": np.array([rate(qrs.gqrs(b.x[0], recordings.rate_hz), recordings.rate_hz) for b in recordings.blocks]),
    }


def rate(at: np.ndarray, rate_hz: float) -> float:
    """60 s over the median interval."""
    return float(60 * rate_hz / np.median(np.diff(at))) if len(at) > 1 else float("nan")


def of_lead(lead: str, rates: dict[str, np.ndarray], usual: np.ndarray) -> dict[str, object]:
    """Shares of the records, in percent."""
    ours = rates["ours"]
    shares = {
        "plausible": (ours >= PLAUSIBLE[0]) & (ours <= PLAUSIBLE[1]),
        "as_gqrs": np.abs(ours - rates["gqrs"]) <= NEAR,
        "as_twelve": np.abs(ours - usual) <= NEAR,
        "gqrs_as_twelve": np.abs(rates["gqrs"] - usual) <= NEAR,
    }
    return {"lead": lead, "records": len(ours)} | {
        name: round(100 * float(so.mean()), 1) for name, so in shares.items()
    }


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


def second_table(rows: list[dict[str, object]]) -> str:
    """Whole records, all of them, as docs/HEARTBEATS.md has them."""
    return qrs.short_table(rows)


def ptbxl_table(rows: list[dict[str, object]]) -> str:
    """A line for each lead, in per cent of the records."""
    names = {
        "plausible": "30 to 220 a minute",
        "as_gqrs": "within 5 of gqrs",
        "as_twelve": "within 5 of the twelve leads' median",
        "gqrs_as_twelve": "gqrs: within 5 of it",
    }
    return qrs.table([{"lead": row["lead"]} | {words: row[name] for name, words in names.items()} for row in rows])


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
