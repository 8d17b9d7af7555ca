"""One file of an IMU folder after reading: rows in SI units, who and what they are of."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts import InputError
from train.data.csv_layout import Layout, cleaned, layout
from train.data.csv_text import read_columns
from train.data.dataset_file import ADVICE, DatasetFile, Origin, Time
from train.data.guesses import time_columns, time_unit

KINDS = {"accelerometer": ("a", "m/s^2"), "gyroscope": ("g", "rad/s")}  # first letter of the channels, SI unit


@dataclass(frozen=True, eq=False)
class Names:
    """A subject or class for each row: codes (n,) into names, -1 for none."""

    codes: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def same(cls, name: str | None, rows: int) -> "Names":
        """One for all rows."""
        return cls(np.full(rows, -1 if name is None else 0), () if name is None else (name,))


@dataclass(frozen=True, eq=False)
class Table:
    """A file's rows.

    Attributes:
        name: its path below the folder.
        kinds: "accelerometer", "gyroscope" or both, in channel order.
        values: (n, channels) float64, SI units; NaN where a value is missing.
        times_s: (n,) float64; NaN where a time is missing. None: samples at `rate_hz`.
        starts: rows where another recording begins though nothing else changes, as arrays hold one after the other.
        malformed: rows left out.
        lost: samples that are known to be missing, at places that nobody knows.
        clock_hz: the rate that a column of times says beside a fixed rate; None: there is no such column.
    """

    name: str
    kinds: tuple[str, ...]
    values: np.ndarray
    times_s: np.ndarray | None
    rate_hz: float | None
    subjects: Names
    labels: Names
    starts: tuple[int, ...] = ()
    malformed: int = 0
    lost: int = 0
    clock_hz: float | None = None


def of_whole_file(description: DatasetFile, part: str, name: str, where: Path) -> str | None:
    """What dataset.toml says of a file's "subject" or "label" without looking into it; None: nothing.

    Raises InputError where the file's name or folder does not say what it should.
    """
    facts = description.file.get(name)
    own: str | None = getattr(facts, part, None)
    origin: Origin | None = getattr(description, part)
    if own is not None or origin is None or origin.column is not None:
        return own
    return origin.of_file(name, part, where)


def read_table(data: bytes, name: str, description: DatasetFile, folder: Path, where: Path) -> Table:
    """Reads a CSV file; `where` is what describes it, for messages.

    Raises InputError where a column is missing, or the rows are none.
    """
    path = f"{folder / name}"
    data, encoding = cleaned(data)
    form = layout(data, encoding, path)
    clock = description.time or (Time(rate_hz=form.rate_hz) if form.rate_hz else None)
    if clock is None or not description.sensors:
        missing = "[time]" if clock is None else "[accelerometer] or [gyroscope]"
        raise InputError(f"{where}: has no {missing}, which {name} needs; {ADVICE}")
    numbers = [form.place(column, path) for column in description.columns]
    time = None
    if clock.column is not None:
        time = (form.place(clock.column, path), str(clock.unit))
    whole = {part: of_whole_file(description, part, name, where) for part in ("subject", "label")}
    columns = {part: column for part in whole if (column := _column(description, part)) and whole[part] is None}
    places = [form.place(column, path) for column in columns.values()]
    read = read_columns(data, form, path, numbers, time, places)
    if time is None:
        read.check_whole(path)
    rows = len(read.numbers)
    texts = {part: Names(*coded) for part, coded in zip(columns, read.texts, strict=True)}
    names = {part: texts.get(part) or Names.same(whole[part], rows) for part in whole}
    return Table(
        name=name,
        kinds=tuple(description.sensors),
        values=read.numbers * np.array(description.scales()),
        times_s=read.times_s,
        rate_hz=clock.rate_hz,
        subjects=names["subject"],
        labels=names["label"],
        malformed=read.malformed,
        clock_hz=None if time is not None else _clock_hz(data, form, path),
    )


def _column(description: DatasetFile, part: str) -> str | int | None:
    origin: Origin | None = getattr(description, part)
    return None if origin is None else origin.column


def _clock_hz(data: bytes, form: Layout, path: str) -> float | None:
    """The rate of a column that looks like times, if there is one and its steps make sense in some unit."""
    places = time_columns(form.header or ())
    if not places:
        return None
    try:
        times = read_columns(data, form, path, [], (places[0], "s"), []).times_s
    except InputError:  # texts
        return None
    assert times is not None
    guess = time_unit(times)
    return None if guess is None else guess[1]
