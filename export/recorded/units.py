"""Units of recordings: how they are spelled, what they are in SI units, and which one a column is likely to be in."""

import re
from dataclasses import dataclass

import numpy as np

from scl.frontend.sensor import DPS, G, Part, SiUnit

COUNTS = "counts"
# Name: factor to SI units (ECG: mV), the SI unit, and other spellings.
UNITS: dict[str, tuple[float, SiUnit, tuple[str, ...]]] = {
    "m/s^2": (1.0, "m/s^2", ("m/s2", "m/s²", "ms2", "ms-2", "mps2", "m/s/s")),
    "g": (G, "m/s^2", ()),
    "mg": (G / 1000, "m/s^2", ()),
    "rad/s": (1.0, "rad/s", ("rads", "rad/sec", "radps")),
    "deg/s": (DPS, "rad/s", ("dps", "°/s", "degps", "deg/sec", "degs")),
    "mdps": (DPS / 1000, "rad/s", ("mdeg/s",)),
    "mV": (1.0, "mV", ()),
    "uV": (1e-3, "mV", ("µv", "μv")),
    "V": (1e3, "mV", ("volt", "volts")),
}
SPELLED = {name: unit for unit, (_, _, others) in UNITS.items() for name in (unit.lower(), *others)}
SPELLED |= dict.fromkeys((COUNTS, "count", "lsb", "raw"), COUNTS)
TIMES = {
    name: unit
    for unit, names in {
        "s": ("s", "sec", "secs", "second", "seconds"),
        "ms": ("ms", "msec", "millis", "milliseconds"),
        "us": ("us", "µs", "μs", "usec", "micros", "microseconds"),
        "ns": ("ns", "nsec", "nanos", "nanoseconds"),
    }.items()
    for name in names
}
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
WORDS = SPELLED.keys() | TIMES.keys()
NAMES = (*UNITS, COUNTS)
NEAR_1G = (0.7, 1.4)  # of |a|'s median, in g: a sensor that is worn
LEAST_DPS = 40.0  # more than any gyroscope measures in rad/s: 2,292 degrees per second
MOST_MV = 20.0  # of an ECG with its offset removed
STEPS_S = (0.0004, 0.25)  # of recordings, so that one time unit alone fits a step
BRACKETS = re.compile(r"[(\[{]\s*([^()\[\]{}]*?)\s*[)\]}]")


@dataclass(frozen=True)
class Unit:
    """What a column's numbers are in, and how that is known, for a message."""

    name: str
    known_by: str

    @property
    def factor(self) -> float | None:
        """To SI units; None for counts."""
        return None if self.name == COUNTS else UNITS[self.name][0]

    def measures(self, part: Part) -> bool:
        """Whether such a part gives it."""
        return self.name == COUNTS or UNITS[self.name][1] == part.si_unit


def split(name: str) -> tuple[str, str | None]:
    """A column's name without its unit, and the text that may be one: "acc_x (m/s^2)", "gyro_x_dps", "ecg [uV]"."""
    inside = BRACKETS.search(name)
    if inside:
        return (name[: inside.start()] + name[inside.end() :]).strip(" _-."), inside[1]
    head, _, tail = name.replace(" ", "_").rpartition("_")
    if head and tail.lower() in WORDS:
        return head, tail
    return name, None


def time_unit(name: str, step: float) -> Unit | None:
    """The unit of a column of times, by its name, else by the usual step between two rows; None if neither tells."""
    for text in (split(name)[1], name):
        if text is not None and text.lower() in TIMES:
            return Unit(TIMES[text.lower()], "by its name")
    fitting = [unit for unit, seconds in SECONDS.items() if STEPS_S[0] <= step * seconds <= STEPS_S[1]]
    return Unit(fitting[0], f"by its step of {step:g}") if len(fitting) == 1 else None


def unit_of(part: Part, names: list[str], x: np.ndarray) -> Unit | None:
    """The unit of a part's columns x (rows, axes), by their names, else by what is usual in it; None if neither tells.

    Gravity tells an accelerometer's. Of a gyroscope only degrees reach large numbers; small ones may be either.
    """
    texts = {SPELLED.get((split(name)[1] or "").lower()) for name in names}
    if len(texts) == 1 and (text := texts.pop()) is not None and (unit := Unit(text, "by name")).measures(part):
        return unit
    if part.si_unit == "m/s^2" and part.axes == 3:
        return _by_gravity(part, x)
    if part.si_unit == "rad/s" and np.abs(x).max() > LEAST_DPS and (x != np.rint(x)).any():
        return Unit("deg/s", f"by its largest value, {np.abs(x).max():.4g}")
    if part.si_unit == "mV" and (x != np.rint(x)).any() and np.ptp(x) <= MOST_MV:
        return Unit("mV", f"by its span of {np.ptp(x):.3g}")
    return None


def _by_gravity(part: Part, x: np.ndarray) -> Unit | None:
    """The one unit in which the median length of the vectors is near 1 g."""
    length = float(np.median(np.linalg.norm(x, axis=1)))
    one_g = {name: G / factor for name, (factor, si, _) in UNITS.items() if si == part.si_unit}
    if (x == np.rint(x)).all():
        one_g[COUNTS] = G / part.unit_per_count
    fitting = [name for name, value in one_g.items() if NEAR_1G[0] <= length / value <= NEAR_1G[1]]
    return Unit(fitting[0], f"by a median length of {length:.4g}") if len(fitting) == 1 else None
