"""Reads windows.csv of a validation report, for comparisons."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware_host.validation import Validation
from firmware_host.windows_file import BATTERY, CSV_COLUMNS, WINDOWS
from scl.artifacts import InputError, read_bytes, shortened

MOST_BYTES = 1 << 28
NO_CLASS = ("lost", "abstained")
FLAGS = {"0": 0.0, "1": 1.0, "": np.nan}
Key = tuple[str, str]  # the hashes of a window's samples and of its copy's


@dataclass(frozen=True, eq=False)
class Windows:
    """Rows of windows.csv as arrays (rows,).

    Attributes:
        keys: what tells a row's samples, and its window's, from any others.
        copy: whether it is a transformed copy.
        transform: number of the copy, 0 as recorded; in a battery the row of its nuisance and strength.
        group: subject or record.
        label, predicted: names; predicted is empty where the board gave no class.
        correct: 1, 0 or NaN without labels.
        kept: whether the transformation left the true label.
        consistent: 1 or 0.
        similarity: NaN where there is none.
    """

    keys: list[Key]
    copy: np.ndarray
    transform: np.ndarray
    group: np.ndarray
    label: np.ndarray
    predicted: np.ndarray
    correct: np.ndarray
    kept: np.ndarray
    consistent: np.ndarray
    similarity: np.ndarray


def read_windows(folder: Path, validation: Validation) -> Windows:
    """Rows of the report in `folder`.

    Raises InputError if the file is not what validate writes, or has another number of rows than validation.json.
    """
    return _read(folder / WINDOWS, validation.sent, validation.advice)


def read_battery_windows(folder: Path, validation: Validation) -> Windows | None:
    """Rows of the report's battery; None where none was played. Raises InputError as `read_windows`."""
    battery = validation.battery
    return None if battery is None else _read(folder / BATTERY, battery.sent, validation.advice)


def _read(path: Path, sent: int, advice: str) -> Windows:
    try:
        text = read_bytes(path, MOST_BYTES, "the windows of a validation").decode()
        rows = list(csv.DictReader(text.splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is not CSV in UTF-8 ({error}); {advice}") from error
    missing = [name for name in CSV_COLUMNS if not rows or rows[0].get(name) is None]
    if missing:
        raise InputError(f"{path}: has no column {missing[0]}, expected those of this version; {advice}")
    if len(rows) != sent:
        raise InputError(f"{path}: has {len(rows)} rows, validation.json says {sent}; {advice}")
    originals = {row["window"]: row["sha256"] for row in rows if row["transform"] == "0"}
    try:
        return Windows(
            keys=[(originals[row["window"]], row["sha256"]) for row in rows],
            copy=np.array([int(row["transform"]) > 0 for row in rows]),
            transform=np.array([int(row["transform"]) for row in rows]),
            group=np.array([int(row["group"]) for row in rows]),
            label=np.array([row["label"] for row in rows], object),
            predicted=np.array(["" if _no_class(row) else row["predicted"] for row in rows], object),
            correct=np.array([FLAGS[row["correct"]] for row in rows]),
            kept=np.array([FLAGS[row["label_kept"]] for row in rows]) == 1,
            consistent=np.array([FLAGS[row["consistent"]] for row in rows]),
            similarity=np.array([float(row["similarity"] or "nan") for row in rows]),
        )
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise InputError(
            f"{path}: holds {shortened(str(error))} where a number, a flag or a window's row was expected; {advice}"
        ) from error


def _no_class(row: dict[str, str]) -> bool:
    """A class may have the name of what is none: then the row is right, or of another class by its label."""
    return row["predicted"] in NO_CLASS and row["correct"] != "1"
