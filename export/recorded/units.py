"""Which unit a recording's columns are likely to be in, and how that is known."""

from dataclasses import dataclass

import numpy as np

from scl import units
from scl.frontend.sensor import Part
from scl.units import ACCELERATION, COUNTS, FACTORS, QUANTITIES
from train.data import guesses

LEAST_DPS = 40.0  # more than any gyroscope measures in rad/s: 2,292 degrees per second
MOST_MV = 20.0  # of an ECG with its offset removed


@dataclass(frozen=True)
class Unit:
    """What a column's numbers are in, and how that is known, for a message."""

    name: str
    known_by: str

    @property
    def factor(self) -> float | None:
        """To SI units; None for counts."""
        return FACTORS.get(self.name)

    def measures(self, part: Part) -> bool:
        """Whether such a part gives it."""
        return self.name == COUNTS or self.name in QUANTITIES[part.si_unit]


def time_unit(name: str, step: float) -> Unit | None:
    """The unit of a column of times, by its name, else by the usual step between two rows; None if neither tells."""
    for text in (units.split(name)[1], name):
        if text is not None and (unit := units.time_unit_of(text)):
            return Unit(unit, "by its name")
    by_step = guesses.unit_of_step(step)
    return None if by_step is None else Unit(by_step, f"by its step of {step:g}")


def unit_of(part: Part, names: list[str], x: np.ndarray) -> Unit | None:
    """The unit of a part's columns x (rows, axes), by their names, else by what is usual in it; None if neither tells.

    Gravity tells an accelerometer's. Of a gyroscope only degrees reach large numbers; small ones may be either.
    """
    texts = {units.unit_of(units.split(name)[1] or "") for name in names}
    if len(texts) == 1 and (text := texts.pop()) is not None and (unit := Unit(text, "by name")).measures(part):
        return unit
    whole = bool((x == np.rint(x)).all())
    if part.si_unit == "m/s^2" and part.axes == 3:
        length = float(np.median(np.linalg.norm(x, axis=1)))
        one = guesses.acceleration_unit(length, ACCELERATION | ({COUNTS: part.unit_per_count} if whole else {}))
        return None if one is None else Unit(one, f"by a median length of {length:.4g}")
    if part.si_unit == "rad/s" and np.abs(x).max() > LEAST_DPS and not whole:
        return Unit("deg/s", f"by its largest value, {np.abs(x).max():.4g}")
    if part.si_unit == "mV" and not whole and np.ptp(x) <= MOST_MV:
        return Unit("mV", f"by its span of {np.ptp(x):.3g}")
    return None
