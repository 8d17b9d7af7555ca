"""Reads a recording: its channels in SI units, the times of its rows, and in words what it was taken for."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.recorded.columns import Columns, choose
from export.recorded.table import TableFile
from export.recorded.timing import Timing, timing_of
from export.recorded.units import COUNTS, NAMES, SECONDS, UNITS, Unit, time_unit, unit_of
from scl.artifacts import InputError, shortened
from scl.frontend.sensor import Part, Sensor

LEAST_ROWS = 2


@dataclass(frozen=True)
class Hints:
    """What the user says of a file; None or empty: guessed.

    Attributes:
        columns: of the channels, in their order.
        units: of the channels, at most one for each quantity.
        time: unit of the column of times.
        rate_hz: rows a second; then times are not read.
        time_column, label_column: their names, or numbers from 1.
        label: of all rows, instead of a column.
        subject: who was recorded; "" where nobody knows.
    """

    columns: tuple[str, ...] | None = None
    units: tuple[str, ...] = ()
    time: str | None = None
    rate_hz: float | None = None
    time_column: str | None = None
    label_column: str | None = None
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
    """

    sensor: Sensor
    x: np.ndarray
    labels: tuple[str, ...]
    timing: Timing
    taken: str
    left_out: int


def read_recording(path: Path, sensor: Sensor, hints: Hints) -> Recording:
    """Reads what a sensor would have measured. Raises InputError for what cannot be read, or not be told."""
    file = TableFile(path)
    columns = choose(file, sensor, hints.columns, hints.time_column, hints.label_column)
    sensor = Sensor(sensor.name, sensor.rate_hz, tuple(part for part, _ in columns.parts))
    rate_hz, time_at = hints.rate_hz, columns.time
    if rate_hz is None and time_at is None:
        raise InputError(
            f"{path}: has no column of times among {shortened(', '.join(file.names), 200)}; name it with "
            "--time-column, or give the rate with --rate HZ"
        )
    table = file.read([*columns.channels, *([] if rate_hz or time_at is None else [time_at])], columns.label)
    rows = np.flatnonzero(~np.isnan(table.numbers).any(axis=1))
    if len(rows) < LEAST_ROWS:
        raise InputError(
            f"{path}: {len(rows)} of {len(table.numbers)} rows have a number in every channel, expected "
            f"{LEAST_ROWS} or more; join the sensors' rows into one, or name other --columns"
        )
    numbers = table.numbers[rows]
    if rate_hz:
        times, when = rows / rate_hz, f"{rate_hz:g} Hz as given"
    else:
        times, when = _times(file, time_at or 0, hints.time, numbers[:, -1])
    timing = timing_of(path, times, table.lines[rows])
    units, parts = _units(path, sensor, columns, file, hints.units, numbers), []
    for part, channels in zip(sensor.parts, sensor.slices.values(), strict=True):
        parts.append(_si_values(path, numbers[:, channels], part, units[part.kind]))
    labels = tuple(table.texts[row] for row in rows) if table.texts else ()
    if hints.label is not None:
        labels = (hints.label,) * len(rows)
    taken = "; ".join([*_taken(columns, file, units, hints.label), when])
    return Recording(sensor, np.concatenate(parts, axis=1), labels, timing, taken, len(table.numbers) - len(rows))


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
    return np.asarray((x * part.unit_per_count - np.asarray(part.bias)) @ np.asarray(part.alignment).T)


def _times(file: TableFile, column: int, given: str | None, stamps: np.ndarray) -> tuple[np.ndarray, str]:
    """Seconds from the first row, and what was taken."""
    name, step = file.names[column], float(np.median(np.abs(np.diff(stamps))))
    unit = Unit(given, "as given") if given else time_unit(name if file.named else "", step)
    if unit is None:
        raise InputError(
            f"{file.path}: the unit of column {shortened(name)} cannot be told, its usual step is {step:g}; give "
            f"--time {'|'.join(SECONDS)}, or the rate with --rate HZ"
        )
    return (stamps - stamps[0]) * SECONDS[unit.name], f"times from {name} in {unit.name}, {unit.known_by}"


def _units(
    path: Path, sensor: Sensor, columns: Columns, file: TableFile, given: tuple[str, ...], numbers: np.ndarray
) -> dict[str, Unit]:
    """The unit of every part, by its kind."""
    own: dict[str, list[str]] = {part.kind: [] for part in sensor.parts}
    for name in given:
        fitting = [part.kind for part in sensor.parts if name != COUNTS and Unit(name, "").measures(part)]
        if not fitting and name != COUNTS:
            raise InputError(
                f"--unit {','.join(given)}: nothing that {path} has is measured in {name}; it has "
                + ", ".join(f"the {part.kind} ({part.si_unit})" for part in sensor.parts)
            )
        for kind in fitting:
            own[kind].append(name)
    units = {}
    for part, places in columns.parts:
        if len(own[part.kind]) > 1:
            raise InputError(
                f"--unit {','.join(given)}: names {' and '.join(own[part.kind])} for one {part.kind}; give one"
            )
        names = [file.names[place] for place in places] if file.named else []
        x = numbers[:, sensor.slices[part.kind]]
        told = next(iter([*own[part.kind], *([COUNTS] if COUNTS in given else [])]), None)
        unit = Unit(told, "as given") if told else unit_of(part, names, x)
        if unit is None:
            fitting = [one for one in NAMES if one == COUNTS or UNITS[one][1] == part.si_unit]
            raise InputError(
                f"{path}: the unit of the {part.kind} cannot be told, its values are {x.min():.6g} to {x.max():.6g}; "
                f"give --unit with one of {', '.join(fitting)}"
            )
        units[part.kind] = unit
    return units


def _taken(columns: Columns, file: TableFile, units: dict[str, Unit], label: str | None) -> list[str]:
    names = {part.kind: ", ".join(file.names[place] for place in places) for part, places in columns.parts}
    taken = [
        f"{names[kind]} {columns.known_by}: the {kind}, in {unit.name} {unit.known_by}" for kind, unit in units.items()
    ]
    if label is not None:
        return [*taken, f"label {label}"]
    return taken + ([] if columns.label is None else [f"labels from {file.names[columns.label]}"])
