"""Still poses of a capture: the mean of every still stretch, and what can be told of it before anything is solved."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.still import LEAST_S, Stretches, find, nominal
from scl.artifacts import InputError
from scl.artifacts.capture import Capture
from scl.frontend.sensor import G, Part, Sensor

LEAST_POSES = 12
NEAR_1G = 0.2  # scale and bias of a sensor that works
FLOOR = 5e-4 * G  # of a pose's error: what does not fall with longer stillness (steps, temperature, nonlinearity)
CLIPPED_APART = 0.1 * G  # poses that differ by so much on the other axes do not read the same by chance
MOST_NAMED = 10
HELP = (
    "capture more with python -m firmware_host.capture --append, without --position: put the device down in one pose "
    "after another, for three seconds each"
)


@dataclass(frozen=True, eq=False)
class Poses:
    """Still poses in time order.

    Attributes:
        start_s: (n,) seconds from the start of the file.
        means: (n, 3) acceleration in m/s^2, as the sensor file has it.
        noise: (n,) expected error of a mean's norm, m/s^2.
    """

    start_s: np.ndarray
    means: np.ndarray
    noise: np.ndarray

    def __len__(self) -> int:
        return len(self.means)

    def name(self, pose: int) -> str:
        return f"the pose at {self.start_s[pose]:.1f} s"

    def only(self, kept: np.ndarray) -> "Poses":
        return Poses(self.start_s[kept], self.means[kept], self.noise[kept])


def accelerometer(sensor: Sensor) -> Part:
    """The part that gravity calibrates. InputError if there is none."""
    for part in sensor.parts:
        if part.kind == "accelerometer" and part.axes == 3:
            return part
    raise InputError(f"sensor {sensor.name}: has no accelerometer of 3 axes to calibrate by gravity")


def find_poses(path: Path, capture: Capture, sensor: Sensor) -> tuple[Poses, Stretches]:
    """The poses of a capture, and the stretches that they are made of.

    Raises:
        InputError: fewer than 12 poses, a saturated or clipped axis, or a pose that does not measure about 1 g.
    """
    part = accelerometer(sensor)
    found = find(capture.counts, sensor)
    if len(found.slices) < LEAST_POSES:
        raise InputError(f"{path}: {_listed(found, capture)}, expected {LEAST_POSES} or more; {HELP}")
    stretches = [capture.counts[part_of, sensor.slices["accelerometer"]] for part_of in found.slices]
    values = [nominal(counts, part) for counts in stretches]
    poses = Poses(
        np.array([part_of.start / capture.rate_hz for part_of in found.slices]),
        np.array([value.mean(axis=0) for value in values]),
        np.array([np.hypot(FLOOR, value.std(axis=0).max() / np.sqrt(len(value))) for value in values]),
    )
    _check_rails(path, stretches, poses, part)
    lengths = np.linalg.norm(poses.means, axis=1) / G
    if abs(np.median(lengths) - 1) > NEAR_1G:
        raise InputError(
            f"{path}: the poses measure {np.median(lengths):.2f} g, expected 1 g within {NEAR_1G:.0%}; was the sensor "
            f"set to {part.range or 'the range of its file'}?"
        )
    return poses, found


def _listed(found: Stretches, capture: Capture) -> str:
    starts = [f"{part_of.start / capture.rate_hz:.1f}" for part_of in found.slices]
    text = f"has {len(starts)} still stretches of {LEAST_S:g} s or more"
    text += f" (at {', '.join(starts)} s)" * bool(starts)
    if found.moved:
        text += f", and {len(found.moved)} in which the device turned slowly (at "
        text += ", ".join(f"{start / capture.rate_hz:.1f}" for start in found.moved[:MOST_NAMED])
        text += ", ... s)" if len(found.moved) > MOST_NAMED else " s)"
    return text


def _check_rails(path: Path, stretches: list[np.ndarray], poses: Poses, part: Part) -> None:
    """Saturated counts; or an axis that stands at one end in poses that differ, while the other axes have noise."""
    low, high = part.count_range
    for pose, counts in enumerate(stretches):
        saturated = ((counts <= low) | (counts >= high)).any(axis=0)
        if saturated.any():
            raise InputError(
                f"{path}: {poses.name(pose)} holds saturated counts on axis {'xyz'[int(saturated.argmax())]}; choose "
                "a wider range"
            )
    spread = np.array([counts.std(axis=0) for counts in stretches])
    level = np.array([counts.mean(axis=0) for counts in stretches])
    for axis in range(3):
        others = [i for i in range(3) if i != axis]
        frozen = (spread[:, axis] == 0) & (spread[:, others].min(axis=1) > 0.5)
        for end in (level[:, axis].min(), level[:, axis].max()):
            same = np.flatnonzero(frozen & (level[:, axis] == end))
            apart = np.ptp(level[same][:, others], axis=0).max() if len(same) else 0
            if apart * part.unit_per_count > CLIPPED_APART:
                raise InputError(
                    f"{path}: axis {'xyz'[axis]} stands at {end:.0f} counts in {len(same)} poses that differ "
                    f"({poses.name(int(same[0]))} is the first): it is clipped or stuck; choose a wider range"
                )
