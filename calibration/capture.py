"""A capture of one sensor, and what the six-position calibration asks of it: counts at rest, by position."""

from pathlib import Path

import numpy as np

from calibration.poses import NEAR_1G, accelerometer
from calibration.still import nominal
from scl.artifacts import InputError
from scl.artifacts.capture import POSITIONS, Capture, read_capture
from scl.frontend.sensor import DPS, G, Sensor

STILL_G = 0.05  # most that an axis of the accelerometer may vary at rest (standard deviation), g
STILL_DPS = 2.0  # and of the gyroscope, degrees per second
LEAST_SAMPLES = 20  # of every position
HELP = "capture it again with python -m firmware_host.capture --position ..."


def read_captured(path: Path, sensor: Sensor) -> Capture:
    """Reads a capture. InputError if it is no capture, or not one of `sensor`."""
    capture = read_capture(path)
    if capture.sensor != sensor.name:
        raise InputError(f"{path}: was captured from {capture.sensor!r}, but --sensor is {sensor.name!r}")
    if len(capture.channels) != sensor.channels:
        raise InputError(
            f"{path}: has {len(capture.channels)} columns of counts, but the sensor has {sensor.channels} channels"
        )
    return capture


def read_positions(path: Path, sensor: Sensor) -> Capture:
    """Reads a capture of all six positions and checks that it can calibrate `sensor`.

    Raises:
        InputError: another file, another sensor, a malformed row, a missing position, a saturated count, movement, or
        gravity on another axis.
    """
    capture = read_captured(path, sensor)
    if not capture.position:
        raise InputError(
            f"{path}: has no column `position`; {HELP}, or use python -m calibration.sensor still, which needs none"
        )
    _check(path, capture, sensor)
    return capture


def _check(path: Path, capture: Capture, sensor: Sensor) -> None:
    part, channels = accelerometer(sensor), sensor.slices["accelerometer"]
    missing = [p for p in POSITIONS if len(capture.at(p)) < LEAST_SAMPLES]
    if missing:
        raise InputError(f"{path}: fewer than {LEAST_SAMPLES} samples of position {', '.join(missing)}; {HELP}")
    for position in POSITIONS:
        counts = capture.at(position)
        low, high = part.count_range
        if ((counts[:, channels] <= low) | (counts[:, channels] >= high)).any():
            raise InputError(f"{path}: position {position} holds saturated counts; choose a wider range")
        _check_movement(path, position, counts, sensor)
        mean = nominal(counts[:, channels], part).mean(axis=0) / G
        strongest = int(np.abs(mean).argmax())
        measured = ("-" if mean[strongest] < 0 else "+") + "xyz"[strongest]
        if measured != position:
            raise InputError(
                f"{path}: in position {position} gravity is on {measured}; name the axis that points up, and {HELP}"
            )
        length = np.linalg.norm(mean)
        if abs(length - 1) > NEAR_1G:
            raise InputError(
                f"{path}: position {position} measures {length:.2f} g, expected 1 g within {NEAR_1G:.0%}; set the "
                f"sensor to {part.range or 'the range of its file'} and capture again"
            )


def _check_movement(path: Path, position: str, counts: np.ndarray, sensor: Sensor) -> None:
    parts = {part.kind: part for part in sensor.parts}
    for kind, limit, unit, si in (("accelerometer", STILL_G, "g", G), ("gyroscope", STILL_DPS, "dps", DPS)):
        if kind in parts:
            values = counts[:, sensor.slices[kind]].astype(np.float64)
            spread = values.std(axis=0).max() * parts[kind].unit_per_count / si
            if spread > limit:
                raise InputError(
                    f"{path}: position {position} moved (the {kind} varies by {spread:.3f} {unit}, at rest below "
                    f"{limit} {unit}); {HELP}"
                )
