"""Which columns of a table are a sensor's channels, its times and its labels: as told, else by name, else by order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from export.recorded.table import TableFile
from export.recorded.units import TIMES, split
from scl.artifacts import InputError, shortened
from scl.artifacts.capture import TIME
from scl.frontend.sensor import Part, Sensor

# What people call an axis of each kind, without separators: "acc_x", "Accelerometer X", "gyr.x", "wx".
AXIS_NAMES = {
    "accelerometer": "(?:a|acc|accel|accelerometer|acceleration|accelerometeracceleration)",
    "gyroscope": "(?:g|gyr|gyro|gyroscope|w|omega|rotationrate|gyrorotationrate|angularvelocity|angvel)",
}
LEAD = re.compile(r"ecg\d*|ekg\d*|mlii|(?:lead)?(?:i|ii|iii)|v[1-6]|av[rlf]", re.IGNORECASE)
LABELS = ("label", "labels", "activity", "class", "target", "annotation")
SEPARATORS = re.compile(r"[\s_.:-]+")


@dataclass(frozen=True)
class Columns:
    """Places in a table.

    Attributes:
        parts: the sensor's parts that the table has, each with the places of its axes.
        known_by: "by name", "by order" or "as given", for a message.
        time, label: None where there is none.
    """

    parts: tuple[tuple[Part, tuple[int, ...]], ...]
    known_by: str
    time: int | None
    label: int | None

    @property
    def channels(self) -> list[int]:
        return [place for _, places in self.parts for place in places]


def choose(
    table: TableFile, sensor: Sensor, given: Sequence[str] | None, time: str | None, label: str | None
) -> Columns:
    """The columns of a sensor's channels in a table; `given` names them in the order of the channels.

    Raises InputError for a column that is not there, and where neither names nor order tell.
    """
    label_at = _place(table, label, "--label-column") if label is not None else _label(table)
    time_at = _place(table, time, "--time-column") if time is not None else _time(table, sensor)
    if given is not None:
        places = [_place(table, name, "--columns") for name in given]
        if len(set(places)) != len(places):
            raise InputError(f"{table.path}: --columns names a column twice: {shortened(','.join(given))}")
        parts = _in_order(sensor, places)
        if parts is None:
            raise InputError(
                f"{table.path}: --columns names {len(places)}, {_needed(sensor)}: name one for each channel, in their "
                "order"
            )
        time_at, label_at = (None if place in places else place for place in (time_at, label_at))
        return Columns(parts, "as given", time_at, label_at)
    others = [place for place in range(len(table.names)) if place not in (time_at, label_at)]
    by_name = [(part, _by_name(table, part, others)) for part in sensor.parts]
    named = tuple((part, its) for part, its in by_name if its is not None)
    if named:
        return Columns(named, "by name", time_at, label_at)
    numeric = [place for place in others if place < len(table.first) and table.is_number(table.first[place])]
    parts = _in_order(sensor, numeric)
    if parts is None:
        raise InputError(
            f"{table.path}: which of its columns {shortened(', '.join(table.names), 200)} are the channels cannot be "
            f"told, {_needed(sensor)}: name them with --columns, in the order of the channels"
        )
    return Columns(parts, "by order", time_at, label_at)


def _place(table: TableFile, name: str, flag: str) -> int:
    """Where a column stands that is named, or numbered from 1."""
    if name in table.names:
        return table.names.index(name)
    if name.isascii() and name.isdigit() and 1 <= int(name[:9]) <= len(table.names):
        return int(name) - 1
    raise InputError(
        f"{table.path}: has no column {shortened(name)}, which {flag} names; it has "
        f"{shortened(', '.join(table.names), 200)}: give one of them, or its number from 1"
    )


def _needed(sensor: Sensor) -> str:
    parts = ", ".join(f"{part.axes} of its {part.kind}" for part in sensor.parts)
    return f"{sensor.name} has {sensor.channels} channels ({parts})"


def _in_order(sensor: Sensor, places: Sequence[int]) -> tuple[tuple[Part, tuple[int, ...]], ...] | None:
    """The sensor's first parts over columns in the order of its channels; None if they do not come out even."""
    parts, start = [], 0
    for part in sensor.parts:
        if start == len(places):
            break
        parts.append((part, tuple(places[start : start + part.axes])))
        start += part.axes
    return tuple(parts) if parts and start == len(places) else None


def _by_name(table: TableFile, part: Part, places: Sequence[int]) -> tuple[int, ...] | None:
    """Where the names of a part's axes stand. Raises InputError if two columns may be the same one."""
    if not table.named:
        return None
    plain = {place: SEPARATORS.sub("", split(table.names[place])[0]).lower() for place in places}
    if part.axes == 1:
        wanted = [LEAD] if part.kind == "ecg" else [re.compile(re.escape(part.kind))]
    else:
        kind = AXIS_NAMES.get(part.kind, re.escape(part.kind))
        wanted = [re.compile(f"{kind}{axis}|{axis}{kind}") for axis in "xyz"]
    matches = [[place for place, name in plain.items() if pattern.fullmatch(name)] for pattern in wanted]
    for match in matches:
        if len(match) > 1:
            names = ", ".join(table.names[place] for place in match)
            raise InputError(
                f"{table.path}: {shortened(names, 200)} may each be the {part.kind}'s; name the channels with --columns"
            )
    return tuple(match[0] for match in matches) if all(matches) else None


def _time(table: TableFile, sensor: Sensor) -> int | None:
    """The first column with a name of times and a number in it; without names, the first if one more than channels."""
    if not table.named:
        return 0 if len(table.names) == sensor.channels + 1 else None
    for place, name in enumerate(table.names):
        plain = split(name)[0].strip()
        number = place < len(table.first) and table.is_number(table.first[place])
        if number and (TIME.fullmatch(plain) or plain.lower() in TIMES):
            return place
    return None


def _label(table: TableFile) -> int | None:
    names = [name.lower() for name in table.names]
    return next((names.index(name) for name in LABELS if name in names), None)
