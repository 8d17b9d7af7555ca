"""Capture files: raw counts of a sensor as CSV, readable by a person, a spreadsheet and every stage.

    # kind: capture
    # schema: 1
    # sensor: bmi270                     name of the sensor file
    # rate_hz: 100.0                     samples per second
    # dropped: 0                         samples that the link lost, over all parts
    ax,ay,az,gx,gy,gz,position           one column per channel, then position and label where there are any
    16,-20,2048,3,-1,0,+z                int16 counts; the position (+x -x +y -y +z -z) is the axis that pointed up

Rows are in time order. A part that was captured later (another position) simply follows.
"""

import csv
import io
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scl.artifacts.errors import InputError, shortened
from scl.artifacts.files import read_bytes, write_bytes

SCHEMA = 1
MOST_BYTES = 1 << 30
TEXT_COLUMNS = ("position", "label")
POSITIONS = ("+x", "-x", "+y", "-y", "+z", "-z")
INT16 = (-32768, 32767)
HELP = "python -m firmware_host.capture writes such files"


@dataclass(frozen=True, eq=False)
class Capture:
    """Counts (n, channels) int16 with what is known about them; `position` and `label` are empty or have n entries."""

    sensor: str
    rate_hz: float
    channels: tuple[str, ...]
    counts: np.ndarray
    position: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    dropped: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the file's columns."""
        return (*self.channels, *(name for name in TEXT_COLUMNS if getattr(self, name)))

    def at(self, position: str) -> np.ndarray:
        """Counts (k, channels) of one position."""
        return np.asarray(self.counts[np.array(self.position) == position])

    def followed_by(self, part: "Capture", path: Path) -> "Capture":
        """Both in one. InputError, naming `path` where self came from, if sensor or columns differ."""
        if (self.sensor, self.rate_hz, self.columns) != (part.sensor, part.rate_hz, part.columns):
            raise InputError(
                f"{path}: holds {self.sensor} at {self.rate_hz:g} Hz with columns {','.join(self.columns)}; the new "
                f"part is {part.sensor} at {part.rate_hz:g} Hz with columns {','.join(part.columns)}; capture into "
                "another file"
            )
        return replace(
            self,
            counts=np.concatenate([self.counts, part.counts]),
            position=self.position + part.position,
            label=self.label + part.label,
            dropped=self.dropped + part.dropped,
        )


def write_capture(path: Path, capture: Capture) -> None:
    """Writes the file whole or not at all."""
    out = io.StringIO()
    out.write(f"# kind: capture\n# schema: {SCHEMA}\n# sensor: {capture.sensor}\n# rate_hz: {capture.rate_hz!r}\n")
    out.write(f"# dropped: {capture.dropped}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(capture.columns)
    texts = [column for column in (capture.position, capture.label) if column]
    writer.writerows([*row, *text] for row, *text in zip(capture.counts.tolist(), *texts, strict=True))
    write_bytes(path, out.getvalue().encode())


def read_capture(path: Path) -> Capture:
    """Raises InputError naming file and line where it is no capture of this schema, or a count is no int16."""
    try:
        text = read_bytes(path, MOST_BYTES, f"a capture file; {HELP}").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 text ({error}), expected a capture file; {HELP}") from error
    lines = text.splitlines()
    info = _header(path, lines)
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line and not line.startswith("#")]
    if len(numbered) < 2:
        raise InputError(f"{path}: holds no sample; capture it again")
    columns = _split(path, *numbered[0])
    channels = tuple(name for name in columns if name not in TEXT_COLUMNS)
    if not channels or len(set(columns)) != len(columns):
        raise InputError(f"{path}: has the columns {','.join(columns)}, expected different ones, counts among them")
    places = [columns.index(name) for name in channels]
    counts = np.empty((len(numbered) - 1, len(channels)), np.int16)
    texts: dict[str, list[str]] = {name: [] for name in TEXT_COLUMNS if name in columns}
    for index, (number, line) in enumerate(numbered[1:]):
        row = _split(path, number, line)
        values = _counts(row, places) if len(row) == len(columns) else None
        if values is None:
            raise InputError(
                f"{path}, line {number}: {shortened(','.join(row))} is not {len(channels)} int16 counts for columns "
                f"{','.join(columns)}"
            )
        counts[index] = values
        for name, column in texts.items():
            column.append(row[columns.index(name)])
        if "position" in texts and texts["position"][-1] not in POSITIONS:
            raise InputError(
                f"{path}, line {number}: position is {shortened(texts['position'][-1])}, expected one of "
                f"{', '.join(POSITIONS)}; {HELP}"
            )
    position, label = (tuple(texts.get(name, ())) for name in TEXT_COLUMNS)
    return Capture(info.sensor, info.rate_hz, channels, counts, position, label, info.dropped)


@dataclass(frozen=True)
class _Header:
    sensor: str
    rate_hz: float
    dropped: int


def _header(path: Path, lines: list[str]) -> _Header:
    pairs = (line[1:].split(":", 1) for line in lines if line.startswith("#") and ":" in line)
    info = {key.strip(): value.strip() for key, value in pairs}
    if info.get("kind") != "capture" or info.get("schema") != str(SCHEMA):
        raise InputError(
            f"{path}: header says kind {shortened(info.get('kind'))}, schema {shortened(info.get('schema'))}; kind "
            f"capture, schema {SCHEMA} expected: {HELP}"
        )
    try:
        rate, dropped = float(info["rate_hz"]), int(info.get("dropped", "0"))
        if not (0 < rate < math.inf and dropped >= 0 and info["sensor"]):
            raise ValueError
    except (KeyError, ValueError):
        raise InputError(f"{path}: header needs a sensor and a positive rate_hz; found {shortened(info)}") from None
    return _Header(info["sensor"], rate, dropped)


def _split(path: Path, number: int, line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise InputError(f"{path}, line {number}: {shortened(line)} is no CSV ({error}); {HELP}") from error


def _counts(row: list[str], places: list[int]) -> list[int] | None:
    """The counts at `places` of a row; None if one is no int16."""
    try:
        values = [int(row[place]) for place in places]
    except ValueError:
        return None
    return values if all(INT16[0] <= value <= INT16[1] for value in values) else None
