"""Captured counts at rest, by position, for the six-position calibration.

The file is the CSV that `python -m firmware_host.capture` writes:

    # kind: capture
    # schema: 1
    # sensor: bmi270
    # rate_hz: 100.0
    ax,ay,az,gx,gy,gz,position
    16,-20,8190,3,-1,0,+z

One column of int16 counts per channel, in the sensor's order, and the position: the axis that points up.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts import InputError
from scl.frontend.sensor import DPS, G, Sensor

POSITIONS = ("+x", "-x", "+y", "-y", "+z", "-z")
STILL_G = 0.05  # most that an axis of the accelerometer may vary at rest (standard deviation), g
STILL_DPS = 2.0  # and of the gyroscope, degrees per second
MOST_TILT_DEG = 15  # of the measured gravity against the axis that points up; a bias looks like a tilt
NEAR_1G = 0.2  # scale and bias of a sensor that works
LEAST_SAMPLES = 20  # of every position
HELP = "capture it again with python -m firmware_host.capture --position ..."


@dataclass(frozen=True)
class Capture:
    """Counts (n, channels) int16 and the position of every sample (n,)."""

    path: Path
    sensor: str
    counts: np.ndarray
    positions: np.ndarray

    def at(self, position: str) -> np.ndarray:
        """Counts (k, channels) of one position."""
        return self.counts[self.positions == position]


def read_capture(path: Path, sensor: Sensor) -> Capture:
    """Reads a capture of all six positions and checks that it can calibrate `sensor`.

    Raises:
        InputError: another file, another sensor, a malformed row, a missing position, a saturated count, movement, or
        gravity on another axis.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); expected a capture file") from error
    head = dict(line[1:].split(":", 1) for line in lines if line.startswith("#") and ":" in line)
    head = {key.strip(): value.strip() for key, value in head.items()}
    if head.get("kind") != "capture" or head.get("schema") != "1":
        raise InputError(
            f"{path}: starts with kind {head.get('kind')!r}, schema {head.get('schema')!r}, expected capture, 1; {HELP}"
        )
    if head.get("sensor") != sensor.name:
        raise InputError(f"{path}: was captured from {head.get('sensor')!r}, but --sensor is {sensor.name!r}")
    start = next((i for i, line in enumerate(lines) if line and not line.startswith("#")), None)
    if start is None or "position" not in lines[start].split(","):
        raise InputError(f"{path}: has no column `position`; {HELP}")
    counts, positions = _rows(path, lines, start, sensor.channels)
    capture = Capture(path, sensor.name, counts, positions)
    _check(capture, sensor)
    return capture


def _rows(path: Path, lines: list[str], start: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    columns = lines[start].split(",")
    place = columns.index("position")
    numbers = [i for i, name in enumerate(columns) if name not in ("position", "label")]
    if len(numbers) != channels:
        raise InputError(f"{path}: has {len(numbers)} columns of counts, but the sensor has {channels} channels")
    counts, positions = [], []
    for number, row in enumerate(csv.reader(lines[start + 1 :]), start + 2):
        if not row or row[0].startswith("#"):
            continue
        try:
            values = [int(row[i]) for i in numbers]
            if len(row) != len(columns) or row[place] not in POSITIONS or not all(-32768 <= v <= 32767 for v in values):
                raise ValueError
        except (ValueError, IndexError):
            raise InputError(
                f"{path}: line {number} is {','.join(row)[:60]!r}, expected {channels} int16 counts and one of "
                f"{', '.join(POSITIONS)}"
            ) from None
        counts.append(values)
        positions.append(row[place])
    return np.asarray(counts, dtype=np.int16).reshape(-1, channels), np.asarray(positions, dtype=str)


def _check(capture: Capture, sensor: Sensor) -> None:
    path = capture.path
    parts = {part.kind: part for part in sensor.parts}
    if "accelerometer" not in parts or parts["accelerometer"].axes != 3:
        raise InputError(f"sensor {sensor.name}: has no accelerometer of 3 axes to calibrate by gravity")
    missing = [p for p in POSITIONS if len(capture.at(p)) < LEAST_SAMPLES]
    if missing:
        raise InputError(f"{path}: fewer than {LEAST_SAMPLES} samples of position {', '.join(missing)}; {HELP}")
    for position in POSITIONS:
        counts = capture.at(position).astype(np.float64)
        acceleration = counts[:, sensor.slices["accelerometer"]]
        if (np.abs(acceleration) >= 32767).any():
            raise InputError(f"{path}: position {position} holds saturated counts; choose a wider range")
        for kind, limit, unit, si in (("accelerometer", STILL_G, "g", G), ("gyroscope", STILL_DPS, "dps", DPS)):
            if kind in parts:
                spread = counts[:, sensor.slices[kind]].std(axis=0).max() * parts[kind].unit_per_count / si
                if spread > limit:
                    raise InputError(
                        f"{path}: position {position} moved (the {kind} varies by {spread:.3f} {unit}, at rest below "
                        f"{limit} {unit}); {HELP}"
                    )
        mean = acceleration.mean(axis=0) * parts["accelerometer"].unit_per_count / G
        strongest = int(np.abs(mean).argmax())
        found = ("-" if mean[strongest] < 0 else "+") + "xyz"[strongest]
        if found != position:
            raise InputError(
                f"{path}: in position {position} gravity is on {found}; name the axis that points up, and {HELP}"
            )
        length = np.linalg.norm(mean)
        tilt = np.degrees(np.arccos(np.abs(mean[strongest]) / length))
        if tilt > MOST_TILT_DEG:
            raise InputError(
                f"{path}: position {position} is {tilt:.0f} degrees askew, expected {MOST_TILT_DEG} at most; {HELP}"
            )
        if abs(length - 1) > NEAR_1G:
            raise InputError(
                f"{path}: position {position} measures {length:.2f} g, expected 1 g within {NEAR_1G:.0%}; was the "
                f"sensor set to {parts['accelerometer'].range or 'the range of its file'}?"
            )
