"""Capture files: raw counts of a sensor as CSV, readable by a person, a spreadsheet and every stage.

    # kind: capture
    # schema: 1
    # sensor: bmi270                     name of the sensor file
    # rate_hz: 100.0                     samples per second
    # dropped: 0                         samples that the link lost, over all parts
    # subject: p01                       who was recorded; without the line, nobody knows
    ax,ay,az,gx,gy,gz,position           one column per channel, then position and label where there are any
    16,-20,2048,3,-1,0,+z                int16 counts; the position (+x -x +y -y +z -z) is the axis that pointed up

Rows are in time order, at rate_hz: a capture has no column of times. A part that was captured later (another position)
simply follows. Fields are quoted as RFC 4180 says: a label may hold commas and quotation marks. `docs/FORMATS.md` has
each field with its limits.
"""

import csv
import io
import math
import re
from array import array
from collections.abc import Iterator
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
START = re.compile(rb"(\xef\xbb\xbf)?\s*(#[^\n]*\n\s*)*# *kind: *capture\b")
# Columns that loggers add.
TIME = re.compile(r"(time|timestamps?|date|datetime|clock|epoch|uptime)(?![a-z]).*|t|ms|us|ns", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Capture:
    """Counts (n, channels) int16 with what is known about them; `position` and `label` are empty or have n entries,
    `subject` is empty where it is not known.
    """

    sensor: str
    rate_hz: float
    channels: tuple[str, ...]
    counts: np.ndarray
    position: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    dropped: int = 0
    subject: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the file's columns."""
        return (*self.channels, *(name for name in TEXT_COLUMNS if getattr(self, name)))

    def at(self, position: str) -> np.ndarray:
        """Counts (k, channels) of one position."""
        return np.asarray(self.counts[np.array(self.position) == position])

    def followed_by(self, part: "Capture", path: Path) -> "Capture":
        """Both in one. InputError, naming `path` where self came from, if sensor, columns or subjects differ."""
        if self.subject != part.subject:
            raise InputError(
                f"{path}: holds {f'subject {self.subject}' if self.subject else 'no subject'}, the new part "
                f"{f'subject {part.subject}' if part.subject else 'none'}; capture into another file"
            )
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
    """Writes the file whole or not at all. Raises InputError as `capture_bytes`."""
    write_bytes(path, capture_bytes(path, capture))


def capture_bytes(path: Path, capture: Capture) -> bytes:
    """The capture as the file that `path` will be. Raises InputError for a text that would not be read back as it is:
    one of more than a line, or with control characters.
    """
    names = (
        ("sensor", capture.sensor),
        ("subject", capture.subject),
        *(("column", column) for column in capture.columns),
    )
    for name, text in (*names, *(("label", label) for label in set(capture.label))):
        if not text.isprintable() or (name != "label" and text.strip() != text):
            raise InputError(f"{path}: {name} is {shortened(text)}, expected printable text of one line; change it")
    out = io.StringIO()
    out.write(f"# kind: capture\n# schema: {SCHEMA}\n# sensor: {capture.sensor}\n# rate_hz: {capture.rate_hz!r}\n")
    out.write(f"# dropped: {capture.dropped}\n")
    if capture.subject:
        out.write(f"# subject: {capture.subject}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(capture.columns)
    columns = [column for column in (capture.position, capture.label) if column]
    writer.writerows([*row, *text] for row, *text in zip(capture.counts.tolist(), *columns, strict=True))
    return out.getvalue().encode()


MARK = b"# kind: capture\n"  # its first line


def read_capture(path: Path) -> Capture:
    """Raises InputError naming file and line where it is no capture of this schema, or a count is no int16."""
    return parse_capture(path, read_bytes(path, MOST_BYTES, f"a capture file; {HELP}"))


def is_capture(start: bytes) -> bool:
    """Whether a file that begins with these bytes says that it is a capture."""
    return START.match(start) is not None


def parse_capture(path: Path, data: bytes) -> Capture:
    """`read_capture` of a file's bytes."""
    try:
        lines = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
        return _read(path, lines)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 text ({error}), expected a capture file; {HELP}") from error


def _read(path: Path, lines: Iterator[str]) -> Capture:
    rows = _Rows(path, lines)
    info = _header(path, rows.comments)
    columns = next(rows, None)
    if columns is None:
        raise InputError(f"{path}: holds no sample; capture it again")
    columns = [name.strip() for name in columns]
    places = _places(path, columns)
    counts, texts = array("h"), {name: list[str]() for name in TEXT_COLUMNS if name in columns}
    known: dict[str, str] = {}  # one string for all rows of a label
    for row in rows:
        _append(counts, row, columns, places, rows)
        for name, column in texts.items():
            text = row[columns.index(name)]
            column.append(known.setdefault(text, text))
        if "position" in texts and texts["position"][-1] not in POSITIONS:
            raise InputError(
                f"{rows}: position is {shortened(texts['position'][-1])}, expected one of "
                f"{', '.join(POSITIONS)}; {HELP}"
            )
    if not counts:
        raise InputError(f"{path}: holds no sample; capture it again")
    channels = tuple(columns[place] for place in places)
    position, label = (tuple(texts.get(name, ())) for name in TEXT_COLUMNS)
    table = np.frombuffer(counts, np.int16).reshape(-1, len(channels))
    return Capture(info.sensor, info.rate_hz, channels, table, position, label, info.dropped, info.subject)


class _Rows(Iterator[list[str]]):
    """The rows of a capture file below its header, the columns' names first; empty lines are left out.

    Attributes:
        comments: the lines above the columns' names.
    """

    def __init__(self, path: Path, lines: Iterator[str]) -> None:
        self.path = path
        self.comments: list[str] = []
        first = ""
        for first in lines:
            if first.strip() and not first.startswith("#"):
                break
            self.comments.append(first)
            first = ""
        self.reader = csv.reader(_chained(first, lines), strict=True)

    def __str__(self) -> str:
        """Where the last row ended, for messages."""
        return f"{self.path}, line {len(self.comments) + self.reader.line_num}"

    def __next__(self) -> list[str]:
        try:
            return next(row for row in self.reader if row)
        except csv.Error as error:
            raise InputError(f"{self}: is no CSV ({error}); {HELP}") from error


def _chained(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _places(path: Path, columns: list[str]) -> list[int]:
    """Where the counts stand in a row."""
    places = [place for place, name in enumerate(columns) if name not in TEXT_COLUMNS]
    if not places or len(set(columns)) != len(columns):
        raise InputError(
            f"{path}: has the columns {shortened(','.join(columns))}, expected different ones, counts among them; "
            f"{HELP}"
        )
    for place in places:
        if TIME.fullmatch(columns[place]):
            raise InputError(
                f"{path}: column {shortened(columns[place])} holds no counts of a channel; a capture's rows are "
                "samples in time order, rate_hz in its header says how many a second: remove the column"
            )
    return places


@dataclass(frozen=True)
class _Header:
    sensor: str
    rate_hz: float
    dropped: int
    subject: str


def _header(path: Path, lines: list[str]) -> _Header:
    pairs = (line[1:].split(":", 1) for line in lines if ":" in line)
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
        raise InputError(
            f"{path}: header needs a sensor and a positive rate_hz; found {shortened(info)}; {HELP}"
        ) from None
    return _Header(info["sensor"], rate, dropped, info.get("subject", ""))


def _append(counts: "array[int]", row: list[str], columns: list[str], places: list[int], rows: _Rows) -> None:
    """Adds a row's counts. Raises InputError for a row of another length, or a value that is no int16."""
    wanted = f"{len(places)} int16 counts for columns {shortened(','.join(columns))}"
    if len(row) != len(columns):
        raise InputError(f"{rows}: {shortened(','.join(row))} is not {wanted}; {HELP}")
    for place in places:
        try:
            counts.append(int(row[place]))
        except (ValueError, OverflowError) as error:
            raise InputError(
                f"{rows}: {shortened(','.join(row))} is not {wanted}: {shortened(columns[place])} "
                f"is {shortened(row[place])}; "
                "every column but position and label is a channel of counts, remove others"
            ) from error
