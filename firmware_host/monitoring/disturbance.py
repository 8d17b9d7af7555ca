"""What the user does to a lead before the board gets it: another gain, a wandering baseline, electrodes the wrong way
round.
"""

from dataclasses import dataclass

import numpy as np

from scl.frontend.counts import disturbed
from scl.frontend.sensor import Sensor

WANDER_HZ = 0.3  # a breath


@dataclass(frozen=True)
class Disturbance:
    """How a lead is changed; as it is, nothing is.

    Attributes:
        gain: times its amplitude, above 0.
        wander_mv: amplitude of a sine of WANDER_HZ that is added.
        inverted: the electrodes are the wrong way round.
    """

    gain: float = 1.0
    wander_mv: float = 0.0
    inverted: bool = False

    def applied(self, counts: np.ndarray, first: int, sensor: Sensor) -> np.ndarray:
        """Counts (samples, 1) int16 from sample `first` of a recording on, as the sensor would have counted them."""
        if self == Disturbance():
            return counts
        seconds = (first + np.arange(len(counts))) / sensor.rate_hz
        wander = self.wander_mv * np.sin(2 * np.pi * WANDER_HZ * seconds)
        return disturbed(counts, -self.gain if self.inverted else self.gain, wander, sensor)
