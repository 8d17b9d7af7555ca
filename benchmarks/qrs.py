"""How well the board finds heartbeats, beside two detectors that desktops use: qrs.json.

    python benchmarks/qrs.py mit-bih-arrhythmia-database-1.0.0.zip

All 48 records of MIT-BIH, one lead of each (MLII, else the first). The board's detector sees what the board does: 180
Hz behind the 0.5-40 Hz band-pass, sample by sample. Its constants were chosen on DS1. gqrs and xqrs are WFDB-Python's,
with their own filters on the recording at 360 Hz; both look ahead. Counted by `scl.ec57`: within 150 ms, each beat
once, without the ventricular flutter of record 207; from the start, and after 5 min as EC57 does.
"""

import argparse
from pathlib import Path

import numpy as np

from scl.artifacts import write_json
from scl.ec57.beats import Series, of_symbols
from scl.ec57.comparison import LEARNING_S, RecordFigures, compare, summarize
from scl.frontend.beat_detector import Detections, detect
from scl.frontend.beats import RATE_HZ, microvolts
from train.data import mitdb
from train.data.ecg import prepared
from train.data.recordings import Recordings
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
    options.add_argument("data", type=Path, help="the MIT-BIH Arrhythmia Database, as zip or folder")
    arguments = options.parse_args()
    recordings = mitdb.load(arguments.data)
    ours = {block.group: detect(microvolts(block.x[0])) for block in prepared(recordings, RATE_HZ).blocks}
    faster = round(recordings.rate_hz / RATE_HZ)
    peaks = {"ours": {record: beats.at * faster for record, beats in ours.items()}}
    for name, detector in {"gqrs": gqrs, "xqrs": xqrs}.items():
        peaks[name] = {block.group: detector(block.x[0], recordings.rate_hz) for block in recordings.blocks}
    references = annotated(arguments.data, recordings)
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
    write_json(RESULTS, result | {"records": records})
    print(table(rows))
    print(result["latency_ms"])


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


def table(rows: list[dict[str, object]]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + " --- |" * len(rows[0])]
    return "\n".join(lines + ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows])


if __name__ == "__main__":
    main()
