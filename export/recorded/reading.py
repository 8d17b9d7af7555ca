"""Reads a recording: its channels in SI units, the times of its rows, and in words what it was taken for."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.still import nominal
from export.recorded.columns import Columns, choose
from export.recorded.timing import Timing, timing_of
from export.recorded.units import Unit, time_unit, unit_of
from scl.artifacts import InputError, read_bytes, shortened
from scl.artifacts.capture import is_capture
from scl.frontend.sensor import Part, Sensor
from scl.units import COUNTS, ISO, NS, QUANTITIES
from train.data.csv_layout import Layout, cleaned, layout
from train.data.csv_text import MOST_BYTES, read_columns
from train.data.dataset_file import Column
from train.data.guesses import is_date

MOST_HEADER = 1 << 16  # bytes in which a capture says that it is one
LEAST_ROWS = 2


@dataclass(frozen=True)
class Hints:
    """What the user says of a file; None or empty: guessed.

    Attributes:
        columns: of the channels, in their order; a column is its name, or its number from 1.
        units: of the channels, at most one for each quantity.
        time: unit of the column of times, or iso.
        rate_hz: rows a second; then times are not read.
        label: of all rows, instead of a column.
        subject: who was recorded; "" where nobody knows.
    """

    columns: tuple[Column, ...] | None = None
    units: tuple[str, ...] = ()
    time: str | None = None
    rate_hz: float | None = None
    time_column: Column | None = None
    label_column: Column | None = None
    label: str | None = None
    subject: str = ""


@dataclass(frozen=True, eq=False)
class Recording:
    """Rows with a number in every channel.

    Attributes:
        sensor: the parts of the sensor that the file has.
        x: (rows, channels) float64, SI units or mV.
        labels: (rows), or empty.
        taken: what columns, units and times were taken to be.
        left_out: rows without a number in a channel or without a time.
        malformed: rows with too many fields, or text where a number belongs; left out too.
    """

    sensor: Sensor
    x: np.ndarray
    labels: tuple[str, ...]
    timing: Timing
    taken: str
    left_out: int
    malformed: int


def read_recording(path: Path, sensor: Sensor, hints: Hints) -> Recording:
    """Reads what a sensor would have measured. Raises InputError for what cannot be read, or not be told."""
    data = read_bytes(path, MOST_BYTES, "a recording as CSV")
    if is_capture(data[:MOST_HEADER]):
        raise InputError(f"{path}: is a capture file already; play it with python -m firmware_host.stream")
    data, encoding = cleaned(data)
    form = layout(data, encoding, str(path))
    columns = choose(path, form, sensor, hints.columns, hints.time_column, hints.label_column)
    sensor = Sensor(sensor.name, sensor.rate_hz, tuple(part for part, _ in columns.parts))
    clock = _clock(path, form, columns, hints)
    texts = [] if columns.label is None else [columns.label]
    read = read_columns(data, form, str(path), columns.channels, clock, texts)
    if clock is None:
        read.check_whole(str(path))
    stamps = np.arange(len(read.numbers), dtype=np.float64) if read.times_s is None else read.times_s
    rows = np.flatnonzero(~np.isnan(read.numbers).any(axis=1) & ~np.isnan(stamps))
    if len(rows) < LEAST_ROWS:
        raise InputError(
            f"{path}: {len(rows)} of {len(read.numbers)} rows have a number in every channel, expected "
            f"{LEAST_ROWS} or more; join the sensors' rows into one, or name other --columns"
        )
    numbers = read.numbers[rows]
    scale, when = _seconds(path, form, columns, clock, hints, stamps[rows])
    timing = timing_of(path, stamps[rows] * scale, rows + 1)
    units, parts = _units(path, sensor, columns, form, hints.units, numbers), []
    for part, channels in zip(sensor.parts, sensor.slices.values(), strict=True):
        parts.append(_si_values(path, numbers[:, channels], part, units[part.kind]))
    labels: tuple[str, ...] = ()
    for codes, names in read.texts:
        labels = tuple(names[code] if code >= 0 else "" for code in codes[rows])
    if hints.label is not None:
        labels = (hints.label,) * len(rows)
    taken = "; ".join([*_taken(columns, units, hints.label), when])
    left_out = len(read.numbers) - len(rows)
    return Recording(sensor, np.concatenate(parts, axis=1), labels, timing, taken, left_out, read.malformed)


def _clock(path: Path, form: Layout, columns: Columns, hints: Hints) -> tuple[int, str] | None:
    """The column of times and what it is read in: iso, or s where numbers have yet to tell their unit; None where the
    rate is given. Raises InputError without either.
    """
    place = columns.time
    if hints.rate_hz:
        return None
    if place is None:
        raise InputError(
            f"{path}: has no column of times among {shortened(', '.join(columns.names), 200)}; name it with "
            "--time-column, or give the rate with --rate HZ"
        )
    is_iso = is_date(form.cell(place)) if hints.time is None else hints.time == ISO
    return place, ISO if is_iso else "s"


def _seconds(
    path: Path, form: Layout, columns: Columns, clock: tuple[int, str] | None, hints: Hints, stamps: np.ndarray
) -> tuple[float, str]:
    """Seconds in one of the stamps, and what was taken."""
    if clock is None:
        assert hints.rate_hz
        return 1 / hints.rate_hz, f"{hints.rate_hz:g} Hz as given"
    name = columns.names[clock[0]]
    if clock[1] == ISO:
        return 1.0, f"times from {name} in iso, {'as given' if hints.time else 'by its first row'}"
    step = float(np.median(np.abs(np.diff(stamps))))
    unit = Unit(hints.time, "as given") if hints.time else time_unit(name if form.header else "", step)
    if unit is None:
        raise InputError(
            f"{path}: the unit of column {shortened(name)} cannot be told, its usual step is {step:g}; give "
            f"--time {'|'.join(NS)}, or the rate with --rate HZ"
        )
    return NS[unit.name] / NS["s"], f"times from {name} in {unit.name}, {unit.known_by}"


def _si_values(path: Path, x: np.ndarray, part: Part, unit: Unit) -> np.ndarray:
    """A part's columns x (rows, axes) in SI units. Raises InputError for counts that are not whole."""
    if unit.factor is not None:
        return x * unit.factor
    broken = x != np.rint(x)
    if broken.any():
        raise InputError(
            f"{path}: the {part.kind} holds {float(x[broken][0]):g}, which is no count; counts are whole, say what "
            "its numbers are with --unit"
        )
    return nominal(x, part)


def _units(
    path: Path, sensor: Sensor, columns: Columns, form: Layout, given: tuple[str, ...], numbers: np.ndarray
) -> dict[str, Unit]:
    """The unit of every part, by its kind."""
    own: dict[str, list[str]] = {part.kind: [] for part in sensor.parts}
    for name in given:
        fitting = [part.kind for part in sensor.parts if name != COUNTS and Unit(name, "").measures(part)]
        if not fitting and name != COUNTS:
            raise InputError(
                f"--unit {','.join(given)}: nothing that {path} has is measured in {name}; it has "
                + ", ".join(f"the {part.kind} ({part.si_unit})" for part in sensor.parts)
                + "; leave out that unit"
            )
        for kind in fitting:
            own[kind].append(name)
    units = {}
    for part, places in columns.parts:
        if len(own[part.kind]) > 1:
            raise InputError(
                f"--unit {','.join(given)}: names {' and '.join(own[part.kind])} for one {part.kind}; give one"
            )
        names = [columns.names[place] for place in places] if form.header else []
        x = numbers[:, sensor.slices[part.kind]]
        told = next(iter([*own[part.kind], *([COUNTS] if COUNTS in given else [])]), None)
        unit = Unit(told, "as given") if told else unit_of(part, names, x)
        if unit is None:
            fitting = [*QUANTITIES[part.si_unit], COUNTS]
            raise InputError(
                f"{path}: the unit of the {part.kind} cannot be told, its values are {x.min():.6g} to {x.max():.6g}; "
                f"give --unit with one of {', '.join(fitting)}"
            )
        units[part.kind] = unit
    return units


def _taken(columns: Columns, units: dict[str, Unit], label: str | None) -> list[str]:
    names = {part.kind: ", ".join(columns.names[place] for place in places) for part, places in columns.parts}
    taken = [
        f"{names[kind]} {columns.known_by}: the {kind}, in {unit.name} {unit.known_by}" for kind, unit in units.items()
    ]
    if label is not None:
        return [*taken, f"label {label}"]
    return taken + ([] if columns.label is None else [f"labels from {columns.names[columns.label]}"])
