"""Captured counts at rest, by position: what the six-position calibration asks of a capture file."""

from pathlib import Path

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.capture import POSITIONS, Capture, read_capture
from scl.frontend.sensor import DPS, G, Sensor

STILL_G = 0.05  # most that an axis of the accelerometer may vary at rest (standard deviation), g
STILL_DPS = 2.0  # and of the gyroscope, degrees per second
MOST_TILT_DEG = 15  # of the measured gravity against the axis that points up; a bias looks like a tilt
NEAR_1G = 0.2  # scale and bias of a sensor that works
LEAST_SAMPLES = 20  # of every position
HELP = "capture it again with python -m firmware_host.capture --position ..."


def read_positions(path: Path, sensor: Sensor) -> Capture:
    """Reads a capture of all six positions and checks that it can calibrate `sensor`.

    Raises:
        InputError: another file, another sensor, a malformed row, a missing position, a saturated count, movement, or
        gravity on another axis.
    """
    capture = read_capture(path)
    if capture.sensor != sensor.name:
        raise InputError(
            f"{path}: was captured from {capture.sensor!r}, but --sensor is {sensor.name!r}; give that one"
        )
    if not capture.position:
        raise InputError(f"{path}: has no column `position`; {HELP}")
    if len(capture.channels) != sensor.channels:
        raise InputError(
            f"{path}: has {len(capture.channels)} columns of counts, but the sensor has {sensor.channels} channels; "
            "name its own with --sensor"
        )
    _check(path, capture, sensor)
    return capture


def _check(path: Path, capture: Capture, sensor: Sensor) -> None:
    parts = {part.kind: part for part in sensor.parts}
    if "accelerometer" not in parts or parts["accelerometer"].axes != 3:
        raise InputError(
            f"sensor {sensor.name}: has no accelerometer of 3 axes to calibrate by gravity; choose one that has"
        )
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
        measured = ("-" if mean[strongest] < 0 else "+") + "xyz"[strongest]
        if measured != position:
            raise InputError(
                f"{path}: in position {position} gravity is on {measured}; name the axis that points up, and {HELP}"
            )
        length = np.linalg.norm(mean)
        tilt = np.degrees(np.arccos(np.abs(mean[strongest]) / length))
        if tilt > MOST_TILT_DEG:
            raise InputError(
                f"{path}: position {position} is {tilt:.0f} degrees askew, expected {MOST_TILT_DEG} at most; {HELP}"
            )
        if abs(length - 1) > NEAR_1G:
            raise InputError(
                f"{path}: position {position} measures {length:.2f} g, expected 1 g within {NEAR_1G:.0%}; set the "
                f"sensor to {parts['accelerometer'].range or 'the range of its file'} and capture again"
            )
