"""Makes folders of simulated ECG in WFDB, CSV and EDF, as people have them, with the samples that they hold.

    python tests/ecg_sets.py FOLDER [--records 12] [--minutes 3] [--rate 250]

makes the WFDB folder of docs/tutorials/ecg-folder.md, a record for each person.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":  # tests has folders named like the product's
    sys.path[0] = str(Path(__file__).parents[1])
    sys.modules["tests"] = ModuleType("tests")
    sys.modules["tests"].__path__ = [str(Path(__file__).parent)]

import numpy as np
import wfdb

from scl.frontend.resampler import to_rate
from train.data import synthetic

SYMBOLS = {"N": "N", "S": "A", "V": "V"}
GAIN = 200.0  # counts per mV


@dataclass(frozen=True, eq=False)
class Simulated:
    """A record: leads x (samples, leads) mV at `rate_hz`, as the folder's files hold it, and its beats."""

    name: str
    rate_hz: float
    leads: tuple[str, ...]
    x: np.ndarray
    beats: np.ndarray
    symbols: tuple[str, ...]


def simulated(
    count: int = 8,
    minutes: float = 1.0,
    rate_hz: float = 360.0,
    leads: tuple[str, ...] = ("II", "V1"),
    seed: int = 0,
    names: tuple[str, ...] = (),
) -> list[Simulated]:
    """Records of other people each; the second lead is half of the first one, upside down, and so on."""
    records = []
    for index, block in enumerate(synthetic.load(count, minutes, seed).blocks):
        first = to_rate(block.x[None].astype(np.float64), synthetic.RATE_HZ, rate_hz)[0, 0]
        x = np.stack([first * (-0.5) ** place for place in range(len(leads))], axis=1)
        x = np.rint(x * GAIN) / GAIN
        beats = np.rint(block.beats[:, 0] * rate_hz / synthetic.RATE_HZ).astype(np.int64)
        keep = beats < len(x)
        symbols = tuple(SYMBOLS[synthetic.LABELS[number]] for number in block.beats[keep, 1])
        name = names[index] if names else f"p{index + 1:02d}"
        records.append(Simulated(name, rate_hz, leads, x, beats[keep], symbols))
    return records


def write_wfdb(
    folder: Path,
    records: list[Simulated],
    fmt: str = "16",
    annotator: str = "atr",
    units: str = "mV",
    comments: dict[str, list[str]] | None = None,
) -> None:
    """A header, a signal file and annotations of each record."""
    scale = {"mV": 1.0, "uV": 1e3, "V": 1e-3}[units]
    for record in records:
        place = (folder / record.name).parent
        place.mkdir(parents=True, exist_ok=True)
        name, leads = Path(record.name).name, len(record.leads)
        wfdb.wrsamp(
            name,
            fs=record.rate_hz,
            units=[units] * leads,
            sig_name=list(record.leads),
            p_signal=record.x * scale,
            fmt=[fmt] * leads,
            adc_gain=[GAIN / scale] * leads,
            baseline=[0] * leads,
            comments=(comments or {}).get(record.name, []),
            write_dir=str(place),
        )
        if annotator:
            wfdb.wrann(name, annotator, record.beats, symbol=list(record.symbols), write_dir=str(place))


def write_csv(folder: Path, records: list[Simulated], unit: str = "mV", time: str = "", time_unit: str = "s") -> None:
    """A CSV of each record, with a column of times if that has a name, and beats.csv."""
    scale = {"mV": 1.0, "uV": 1e3, "V": 1e-3}[unit]
    for record in records:
        path = folder / f"{record.name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([time, *record.leads] if time else record.leads)
            step = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[time_unit] / record.rate_hz
            for number, row in enumerate(record.x * scale):
                cells = [f"{value:.7g}" for value in row]
                writer.writerow([f"{number * step:.9g}", *cells] if time else cells)
    with open(folder / "beats.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["record", "time", "symbol"])
        for record in records:
            for at, symbol in zip(record.beats, record.symbols, strict=True):
                writer.writerow([record.name, f"{at / record.rate_hz:.6f}", symbol])


def write_edf(folder: Path, records: list[Simulated], unit: str = "uV", codes: tuple[str, ...] = ()) -> None:
    """An EDF file of each record, of whole seconds, with a lead's counts as its steps."""
    from edfio import Edf, EdfSignal, Patient

    scale = {"mV": 1.0, "uV": 1e3}[unit]
    folder.mkdir(parents=True, exist_ok=True)
    for index, record in enumerate(records):
        whole = int(len(record.x) // record.rate_hz * record.rate_hz)
        signals = [
            EdfSignal.from_digital(
                np.rint(column[:whole] * GAIN).astype(np.int16),
                record.rate_hz,
                label=f"ECG {lead}",
                physical_dimension=unit,
                physical_range=(-2000 / GAIN * scale, 2000 / GAIN * scale),
                digital_range=(-2000, 2000),
            )
            for lead, column in zip(record.leads, record.x.T, strict=True)
        ]
        patient = Patient(code=codes[index]) if codes else Patient()
        Edf(signals, patient=patient, annotations=[] if codes else None).write(folder / f"{record.name}.edf")


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=250.0)
    given = parser.parse_args(argv)
    write_wfdb(given.folder, simulated(given.records, given.minutes, given.rate))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
