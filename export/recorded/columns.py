"""Which columns of a table are a sensor's channels, its times and its labels: as told, else by name, else by order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scl.artifacts import InputError, shortened
from scl.frontend.sensor import Part, Sensor
from scl.units import split
from train.data.csv_layout import NUMBER, Layout
from train.data.csv_text import NO_VALUE
from train.data.dataset_file import Column
from train.data.guesses import LABEL, axis_sets, is_date, named, time_columns

LEAD = re.compile(r"ecg\d*|ekg\d*|mlii|(?:lead)?(?:i|ii|iii)|v[1-6]|av[rlf]", re.IGNORECASE)
SEPARATORS = re.compile(r"[\s_.:-]+")


@dataclass(frozen=True)
class Columns:
    """Places in a table.

    Attributes:
        names: of all columns: those of the header, else their numbers from 1.
        parts: the sensor's parts that the table has, each with the places of its axes.
        known_by: "by name", "by order" or "as given", for a message.
        time, label: None where there is none.
    """

    names: tuple[str, ...]
    parts: tuple[tuple[Part, tuple[int, ...]], ...]
    known_by: str
    time: int | None
    label: int | None

    @property
    def channels(self) -> list[int]:
        return [place for _, places in self.parts for place in places]


def choose(
    path: Path, form: Layout, sensor: Sensor, given: Sequence[Column] | None, time: Column | None, label: Column | None
) -> Columns:
    """The columns of a sensor's channels in a table; `given` names them in the order of the channels.

    Raises InputError for a column that is not there, and where neither names nor order tell.
    """
    header = form.header or ()
    names = header or tuple(str(place + 1) for place in range(form.width))
    label_at = next(iter(named(header, LABEL)), None) if label is None else _place(path, form, label, "--label-column")
    time_at = _time(form, sensor) if time is None else _place(path, form, time, "--time-column")
    if given is not None:
        places = [_place(path, form, column, "--columns") for column in given]
        if len(set(places)) != len(places):
            written = ",".join(map(str, given))
            raise InputError(f"{path}: --columns names a column twice: {shortened(written)}; name each once")
        parts = _in_order(sensor, places)
        if parts is None:
            raise InputError(
                f"{path}: --columns names {len(places)}, {_needed(sensor)}: name one for each channel, in their order"
            )
        time_at, label_at = (None if place in places else place for place in (time_at, label_at))
        return Columns(names, parts, "as given", time_at, label_at)
    others = [place for place, name in enumerate(names) if name and place not in (time_at, label_at)]
    by_name = [(part, _by_name(path, header, part, others)) for part in sensor.parts]
    known = tuple((part, its) for part, its in by_name if its is not None)
    if known:
        return Columns(names, known, "by name", time_at, label_at)
    parts = _in_order(sensor, [place for place in others if _is_number(form, place)])
    if parts is None:
        raise InputError(
            f"{path}: which of its columns {shortened(', '.join(names), 200)} are the channels cannot be "
            f"told, {_needed(sensor)}: name them with --columns, in the order of the channels"
        )
    return Columns(names, parts, "by order", time_at, label_at)


def _place(path: Path, form: Layout, column: Column, flag: str) -> int:
    """Where a column stands that is named, or numbered from 1: a name goes before a number."""
    text = str(column)
    is_name = text.casefold() in [name.casefold() for name in form.header or ()]
    number = int(text[:9]) if not is_name and text.isascii() and text.isdigit() else None
    return form.place(column if number is None else number, str(path), flag)


def _is_number(form: Layout, place: int) -> bool:
    """Whether a column holds a number, or nothing, in the first row."""
    return form.cell(place) in NO_VALUE or NUMBER.fullmatch(form.cell(place)) is not None


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


def _by_name(path: Path, header: Sequence[str], part: Part, others: Sequence[int]) -> tuple[int, ...] | None:
    """Where the names of a part's axes stand among `others`. Raises InputError if more than one set may be them."""
    if part.axes == 3:
        sets = axis_sets([name if place in others else "" for place, name in enumerate(header)], part.kind)
    else:
        wanted = LEAD if part.kind == "ecg" else re.compile(re.escape(part.kind), re.IGNORECASE)
        plain = {place: SEPARATORS.sub("", split(header[place])[0]) for place in others if header}
        sets = [[place] for place, name in plain.items() if wanted.fullmatch(name)]
    if len(sets) > 1:
        names = ", ".join(header[place] for places in sets for place in places)
        raise InputError(
            f"{path}: {shortened(names, 200)} may each be the {part.kind}'s; name the channels with --columns"
        )
    return tuple(sets[0]) if sets else None


def _time(form: Layout, sensor: Sensor) -> int | None:
    """The first column with a name of times and a number or a date in it; without names, the first if one more than
    channels.
    """
    if form.header is None:
        return 0 if form.width == sensor.channels + 1 else None
    places = time_columns(form.header)
    return next((place for place in places if _is_number(form, place) or is_date(form.cell(place))), None)
