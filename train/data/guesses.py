"""What a file's columns probably are, from their names and figures: for a first dataset.toml, and for doubts."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from scl.artifacts.capture import TIME
from scl.frontend.sensor import G
from scl.units import ACCELERATION, NS, split, time_unit_of

SLOWEST_HZ, FASTEST_HZ = 5.0, 2000.0  # of an IMU, or an ECG
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
NEAR_1G = (0.7, 1.4)  # of |a| of a sensor that is worn, at rest or in the median
# What the names of each sensor's axes begin with, the likeliest first.
STEMS = {
    kind: [re.compile(start) for start in starts]
    for kind, starts in {
        "accelerometer": ("a(?!ng).*", "total.*", ""),
        "gyroscope": ("g(?!rav).*", "(motion)?rot.*", "omega.*|w", "ang.*"),
    }.items()
}
SUBJECT = re.compile(r"(subject|subj|user|person|participant|proband|volunteer|who)([ _-]?(id|name|no|nr))?", re.I)
LABEL = re.compile(
    r"(class|labels?|activity|gesture|target|exercise|action|movement|annotation|y)([ _-]?(id|name))?", re.I
)
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


def unit_of_step(step: float) -> str | None:
    """The unit in which a step between two rows, as it stands in the file, makes a usual rate; None: in no unit."""
    return next((unit for unit, ns in NS.items() if 1e9 / FASTEST_HZ <= step * ns <= 1e9 / SLOWEST_HZ), None)


def time_unit(times: np.ndarray) -> tuple[str, float] | None:
    """The unit in which times as they stand in the file make a usual rate, and that rate; None: in no unit."""
    step = median_step(times)
    unit = None if step is None else unit_of_step(step)
    return None if step is None or unit is None else (unit, 1e9 / (step * NS[unit]))


def acceleration_unit(length: float, units: Mapping[str, float] = ACCELERATION) -> str | None:
    """The only unit in which |a| at rest or in the median, as it stands in the file, is about 1 g; None: in none, or
    more than one.
    """
    near = [unit for unit, scale in units.items() if NEAR_1G[0] <= length * scale / G <= NEAR_1G[1]]
    return near[0] if len(near) == 1 else None


def time_columns(header: Sequence[str]) -> list[int]:
    """Which columns are called as times are."""
    plain = [split(name)[0].strip() for name in header]
    found = [place for place, name in enumerate(plain) if TIME.fullmatch(name) or time_unit_of(name)]
    units = [time_unit_of(split(name)[1] or "") for name in header]
    return found or [place for place, name in enumerate(plain) if units[place] and "time" in name.casefold()]


def is_date(cell: str) -> bool:
    """Whether a cell begins as a date of ISO 8601 does."""
    return re.match(r"\s*\d{4}-\d\d", cell) is not None


def axes(header: Sequence[str]) -> dict[str, list[int]]:
    """The three columns of each sensor, by their names; of several such sets, the one with the shortest names."""
    return {kind: sets[0] for kind in STEMS if (sets := axis_sets(header, kind))}


def axis_sets(header: Sequence[str], kind: str) -> list[list[int]]:
    """The sets of three columns that may be a sensor's, by their names: ax, acc_x, accX, x_acc, gyro-y,
    "Gyroscope z (rad/s)"; those with the shortest names first.
    """
    sets: dict[str, dict[str, int]] = {}
    for place, name in enumerate(header):
        axis = _axis(name)
        if axis is not None:
            sets.setdefault(axis[0], {}).setdefault(axis[1], place)
    whole = {stem: [places[a] for a in "xyz"] for stem, places in sets.items() if set(places) == set("xyz")}
    likeliest = (sorted(filter(stem.fullmatch, whole), key=len) for stem in STEMS.get(kind, [re.compile(kind)]))
    return [whole[stem] for stem in next(filter(None, likeliest), [])]


def _axis(name: str) -> tuple[str, str] | None:
    """A column's sensor and axis: ("acc", "x") of "Acc_X [g]"."""
    plain = re.sub(r"[ _.:-]+", "", split(name)[0]).lower()
    match = re.fullmatch(r"(?P<stem>.*?)(?P<axis>[xyz])(axis|value)?|(?P<first>[xyz])(?P<rest>.+)", plain)
    return None if match is None else (match["stem"] or match["rest"] or "", match["axis"] or match["first"])


def named(header: Sequence[str], words: re.Pattern[str]) -> list[int]:
    """The columns whose name is one of `words`, and which are no axis of a sensor: the y of x, y, z is no class."""
    channels = {place for kind in STEMS for places in axis_sets(header, kind) for place in places}
    return [
        place for place, name in enumerate(header) if words.fullmatch(split(name)[0].strip()) and place not in channels
    ]
