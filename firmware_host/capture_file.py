"""Capture files: raw counts of a sensor as CSV, readable by a person, a spreadsheet and `calibration.sensor`.

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
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, write_bytes

SCHEMA = 1
TEXT_COLUMNS = ("position", "label")
POSITIONS = ("+x", "-x", "+y", "-y", "+z", "-z")


@dataclass(frozen=True)
class Capture:
    """Counts (n, channels) int16 with what is known about them; `position` and `label` are empty or have n entries."""

    sensor: str
    rate_hz: float
    channels: tuple[str, ...]
    counts: np.ndarray
    position: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    dropped: int = 0

    def followed_by(self, part: "Capture", path: Path) -> "Capture":
        """Both in one. InputError, naming `path` where self came from, if sensor or columns differ."""
        mine, other = _columns(self), _columns(part)
        if (self.sensor, self.rate_hz, mine) != (part.sensor, part.rate_hz, other):
            raise InputError(
                f"{path}: holds {self.sensor} at {self.rate_hz:g} Hz with columns {','.join(mine)}; the new part is "
                f"{part.sensor} at {part.rate_hz:g} Hz with columns {','.join(other)}; capture into another file"
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
    writer.writerow(_columns(capture))
    texts = [column for column in (capture.position, capture.label) if column]
    writer.writerows([*row, *text] for row, *text in zip(capture.counts.tolist(), *texts, strict=True))
    write_bytes(path, out.getvalue().encode())


def read_capture(path: Path) -> Capture:
    """Raises InputError naming file and line where it is not a capture of this schema, or a count is not an int16."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read as a capture file ({error}); `python -m firmware_host.capture` writes one"
        ) from error
    header = dict(line[1:].split(":", 1) for line in lines if line.startswith("#") and ":" in line)
    info = {key.strip(): value.strip() for key, value in header.items()}
    if info.get("kind") != "capture" or info.get("schema") != str(SCHEMA):
        raise InputError(
            f"{path}: header says kind {info.get('kind')}, schema {info.get('schema')}; kind capture, schema "
            f"{SCHEMA} expected: `python -m firmware_host.capture` writes such files"
        )
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line and not line.startswith("#")]
    if len(numbered) < 2:
        raise InputError(f"{path}: holds no sample; capture it again")
    columns = numbered[0][1].split(",")
    channels = tuple(name for name in columns if name not in TEXT_COLUMNS)
    counts, texts = [], []
    for number, line in numbered[1:]:
        row = dict(zip(columns, line.split(","), strict=False))
        try:
            values = [int(row[name]) for name in channels]
            if (
                len(row) != len(columns)
                or line.count(",") != len(columns) - 1
                or not all(-32768 <= value <= 32767 for value in values)
            ):
                raise ValueError
        except (KeyError, ValueError):
            raise InputError(
                f"{path}, line {number}: {line!r} is not {len(channels)} int16 counts for columns {','.join(columns)}"
            ) from None
        counts.append(values)
        texts.append(row)
    position, label = (tuple(row[name] for row in texts) if name in columns else () for name in TEXT_COLUMNS)
    try:
        rate, dropped = float(info["rate_hz"]), int(info.get("dropped", "0"))
        if not 0 < rate < float("inf"):
            raise ValueError
        return Capture(info["sensor"], rate, channels, np.array(counts, np.int16), position, label, dropped)
    except (KeyError, ValueError):
        raise InputError(f"{path}: header needs a sensor and a positive rate_hz; found {info}") from None


def _columns(capture: Capture) -> tuple[str, ...]:
    present = tuple(name for name in TEXT_COLUMNS if getattr(capture, name))
    return (*capture.channels, *present)
