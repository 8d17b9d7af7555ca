"""What a file's columns probably are, from their names and figures: for a first dataset.toml, and for doubts."""

import re
from collections.abc import Sequence

import numpy as np

from scl.artifacts.capture import TIME
from scl.frontend.sensor import G
from train.data.dataset_file import ACCELERATION, NS

SLOWEST_HZ, FASTEST_HZ = 5.0, 2000.0  # of an IMU
# What parts can be set to; a recording's rate within 1.5 % of one is taken for it.
COMMON_HZ = (
    10,
    12.5,
    20,
    25,
    26,
    31.25,
    32,
    40,
    50,
    52,
    60,
    62.5,
    64,
    100,
    104,
    119,
    120,
    125,
    128,
    200,
    208,
    238,
    250,
)
NEAR = 0.015
LIKELY_G = 0.25  # how far |a| at rest may lie from 1 g
SUBJECT = re.compile(r"(subject|subj|user|person|participant|proband|volunteer|who)([ _-]?(id|name|no|nr))?", re.I)
LABEL = re.compile(r"(class|label|activity|gesture|target|exercise|action|movement|y)([ _-]?(id|name))?", re.I)
SUBJECT_NAME = re.compile(r"(s|p|u|id|subj|subject|user|person|participant|proband)[ _-]?\d+", re.I)


def plain_rate(rate_hz: float) -> float:
    """A rate as people say it: 50 for 49.97."""
    nearest = min(COMMON_HZ, key=lambda one: abs(one - rate_hz))
    if abs(nearest - rate_hz) <= NEAR * nearest:
        return float(nearest)
    return float(round(rate_hz)) if rate_hz >= 10 else float(f"{rate_hz:.2g}")


def median_step(times: np.ndarray) -> float | None:
    """The usual step between rows that advance the clock; None where none does."""
    steps = np.diff(times[~np.isnan(times)])
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else None


def time_unit(times: np.ndarray) -> tuple[str, float] | None:
    """The unit in which times as they stand in the file make a rate of an IMU, and that rate; None: in no unit."""
    step = median_step(times)
    if step is None:
        return None
    for unit, ns in NS.items():
        rate_hz = 1e9 / (step * ns)
        if SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            return unit, rate_hz
    return None


def acceleration_unit(rest: float) -> str | None:
    """The unit in which |a| at rest, as it stands in the file, is 1 g; None: in no unit."""
    return next((u for u, scale in ACCELERATION.items() if abs(rest * scale / G - 1) <= LIKELY_G), None)


def time_column(header: Sequence[str]) -> int | None:
    """The index of the column of times, by its name."""
    plain = [re.sub(r"[ _]*[\[(].*", "", name).strip() for name in header]
    return next((place for place, name in enumerate(plain) if TIME.fullmatch(name)), None)


def axes(header: Sequence[str]) -> dict[str, list[int]]:
    """The three columns of each sensor, by their names: ax, acc_x, accX, gyro-y, "Gyroscope z (rad/s)"."""
    sets: dict[str, dict[str, int]] = {}
    for place, name in enumerate(header):
        axis = _axis(name)
        if axis is not None:
            sets.setdefault(axis[0], {}).setdefault(axis[1], place)
    whole = {stem: [places[a] for a in "xyz"] for stem, places in sets.items() if set(places) == set("xyz")}
    found: dict[str, list[int]] = {}
    for kind, starts in (("accelerometer", ("a", "total", "")), ("gyroscope", ("g", "rot", "omega", "w"))):
        for start in starts:
            of_kind = [s for s in whole if (s.startswith(start) if start else not s) and not s.startswith("grav")]
            if of_kind and kind not in found:
                found[kind] = whole[min(of_kind, key=len)]
    return found


def _axis(name: str) -> tuple[str, str] | None:
    """A column's sensor and axis: ("acc", "x") of "Acc_X [g]"."""
    plain = re.sub(r"[\[(].*", "", name).strip()
    match = re.fullmatch(r"(.*?)[ _.-]*([xyzXYZ])(?:[ _.-]*(?:axis|value))?", plain)
    return (re.sub(r"[ _.-]", "", match[1]).lower(), match[2].lower()) if match else None


def named(header: Sequence[str], words: re.Pattern[str]) -> list[int]:
    """The columns whose name is one of `words`."""
    return [place for place, name in enumerate(header) if words.fullmatch(name.strip())]
