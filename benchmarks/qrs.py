"""How well the board finds heartbeats, beside two detectors that desktops use: qrs.json.

    SCL_DATA_DIR=... python benchmarks/qrs.py

All 48 records of MIT-BIH, one lead of each (MLII, else the first). The board's detector sees what the board does: 180
Hz behind the 0.5-40 Hz band-pass, sample by sample. Its constants were chosen on DS1. gqrs and xqrs are WFDB-Python's,
with their own filters on the recording at 360 Hz; both look ahead. Counted by `scl.ec57`: within 150 ms, each beat
once, without the ventricular flutter of record 207; from the start, and after 5 min as EC57 does.

And how that falls with generated noise (train/data/ecg_noise.py says of which kinds) at the ratios of the noise
stress test, counted after 5 min, where the noise begins.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from scl.artifacts import write_json
from scl.ec57.beats import Series, of_symbols
from scl.ec57.comparison import LEARNING_S, RecordFigures, compare, summarize
from scl.frontend.beat_detector import Detections, detect
from scl.frontend.beats import RATE_HZ, microvolts
from train.data import mitdb
from train.data.ecg import prepared, unkept
from train.data.noise_stress import KINDS, SNR_DB, stressed
from train.data.recordings import Block, Recordings
from train.data.stored import resolve
from train.data.wfdb_annotations import read_annotations
from train.data.wfdb_files import Source

RESULTS = Path(__file__).parent / "results" / "qrs.json"
GAIN = 200  # counts per mV of the database's converter
SETS = {
    "all": sorted((*mitdb.DS1, *mitdb.DS2, *mitdb.PACED)),
    "DS1": mitdb.DS1,
    "DS2": mitdb.DS2,
    "paced": mitdb.PACED,
}
STARTS = {"whole": 0.0, "after 5 min": LEARNING_S}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, help="the MIT-BIH Arrhythmia Database, if not below SCL_DATA_DIR")
    data = resolve(options.parse_args().data, mitdb.DATA_SET)
    recordings = mitdb.load(data)
    ours = {block.group: detect(microvolts(block.x[0])) for block in prepared(recordings, RATE_HZ).blocks}
    faster = round(recordings.rate_hz / RATE_HZ)
    peaks = {"ours": {record: beats.at * faster for record, beats in ours.items()}}
    for name, detector in {"gqrs": gqrs, "xqrs": xqrs}.items():
        peaks[name] = {block.group: detector(block.x[0], recordings.rate_hz) for block in recordings.blocks}
    references = annotated(data, recordings)
    rows, records = [], []
    for start, learning_s in STARTS.items():
        for name, found in peaks.items():
            figures = {
                record: compare(str(record), references[record], series(at), recordings.rate_hz, learning_s)
                for record, at in found.items()
            }
            rows += [summary(name, part, start, [figures[record] for record in SETS[part]]) for part in SETS]
            records += [of_record(name, start, figures[record]) for record in SETS["all"]]
    result = {"kind": "benchmark", "schema": 1, "rows": rows, "latency_ms": latency(list(ours.values()))}
    stress = [under_noise(recordings, references, kind, snr_db) for kind in KINDS for snr_db in SNR_DB]
    write_json(RESULTS, result | {"noise": stress, "records": records})
    print(table(rows))
    print(noise_table(stress))
    print(result["latency_ms"])


def under_noise(recordings: Recordings, references: dict[int, Series], kind: str, snr_db: float) -> dict[str, object]:
    """QRS sensitivity and PPV of the board's detector in noise, in percent."""

    def noisy(block: Block) -> Block:
        normal = block.beats[block.beats[:, 1] == recordings.labels.index("N"), 0]
        beats = normal if len(normal) else block.beats[:, 0]  # paced records have none
        x = stressed(block.x[0], recordings.rate_hz, beats, snr_db, kind, seed=block.group)
        return replace(block, x=x[None])

    disturbed = replace(recordings, blocks=tuple(map(noisy, recordings.blocks)))
    faster = round(recordings.rate_hz / RATE_HZ)
    figures = [
        compare(
            *(str(block.group), references[block.group], series(detect(microvolts(block.x[0])).at * faster)),
            recordings.rate_hz,
        )
        for block in unkept(disturbed, RATE_HZ).blocks
    ]
    gross = summarize(figures).qrs.gross
    row: dict[str, object] = {"noise": kind, "snr_db": snr_db}
    return row | {
        name: round(100 * (getattr(gross, key) or 0.0), 2) for name, key in (("se", "sensitivity"), ("ppv", "ppv"))
    }


def gqrs(millivolts: np.ndarray, rate_hz: float) -> np.ndarray:
    """Samples (k,) of QRS complexes by the port of WFDB's gqrs."""
    from wfdb.processing import gqrs_detect

    return np.asarray(gqrs_detect(sig=millivolts.astype(float), fs=rate_hz, adc_gain=GAIN, adc_zero=0), np.int64)


def xqrs(millivolts: np.ndarray, rate_hz: float) -> np.ndarray:
    """Samples (k,) of QRS complexes by WFDB-Python's own detector."""
    from wfdb.processing import xqrs_detect

    return np.asarray(xqrs_detect(sig=millivolts.astype(float), fs=rate_hz, verbose=False), np.int64)


def annotated(data: Path, recordings: Recordings) -> dict[int, Series]:
    """Each record's annotated beats."""
    source, rate_hz = Source(data, "RECORDS", mitdb.ADVICE), recordings.rate_hz
    references = {}
    for block in recordings.blocks:
        found = read_annotations(source, str(block.group), "atr", rate_hz, rate_hz)
        references[block.group] = of_symbols(found.samples, found.symbols)
    return references


def series(at: np.ndarray) -> Series:
    """QRS complexes, all of them called normal."""
    at = np.sort(at)
    return Series(at, np.zeros(len(at), np.int64))


def summary(detector: str, part: str, start: str, figures: list[RecordFigures]) -> dict[str, object]:
    """Gross and average figures of one detector, in percent."""
    gross, average = (of := summarize(figures).qrs).gross, of.average
    row: dict[str, object] = {"detector": detector, "records": part, "from": start}
    row |= {"beats": gross.true_positives + gross.false_negatives}
    row |= {"missed": gross.false_negatives, "extra": gross.false_positives}
    values = {"se": gross.sensitivity, "ppv": gross.ppv, "average_se": average.sensitivity, "average_ppv": average.ppv}
    return row | {name: round(100 * (value or 0.0), 3) for name, value in values.items()}


def of_record(detector: str, start: str, figures: RecordFigures) -> dict[str, object]:
    """Counts of one record."""
    qrs = figures.qrs
    row: dict[str, object] = {"detector": detector, "from": start, "record": figures.record}
    return row | {
        "beats": qrs.true_positives + qrs.false_negatives,
        "missed": qrs.false_negatives,
        "extra": qrs.false_positives,
    }


def latency(ours: list[Detections]) -> dict[str, float]:
    """From a beat's R peak to the sample with which the board knows it, in milliseconds."""
    late = np.concatenate([beats.known - beats.at for beats in ours]) * 1000 / RATE_HZ
    figures = {"median": np.median(late), "p99": np.percentile(late, 99), "most": late.max()}
    return {name: round(float(value), 1) for name, value in figures.items()}


def short_table(rows: list[dict[str, object]]) -> str:
    """Whole records, all of them, as docs/HEARTBEATS.md has them."""
    return table(
        [
            {
                "detector": row["detector"],
                "Se, %": row["se"],
                "PPV, %": row["ppv"],
                "missed": row["missed"],
                "extra": row["extra"],
            }
            for row in rows
            if (row["records"], row["from"]) == ("all", "whole")
        ]
    )


def noise_table(rows: list[dict[str, object]]) -> str:
    """Se / PPV of each kind of noise, a column for each ratio."""
    kinds, ratios = (list(dict.fromkeys(row[key] for row in rows)) for key in ("noise", "snr_db"))
    cell = {(row["noise"], row["snr_db"]): f"{row['se']} / {row['ppv']}" for row in rows}
    return table([{"noise": kind} | {f"{ratio} dB": cell[kind, ratio] for ratio in ratios} for kind in kinds])


def table(rows: list[dict[str, object]]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + " --- |" * len(rows[0])]
    return "\n".join(lines + ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows])


if __name__ == "__main__":
    main()
