"""A sensor that samples at another rate than it says."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from train.transformations.nuisances.base import Signal, at_times, signs


class Clock:
    """Samples are further apart, or closer together, by `strength` per cent, as is drawn: a window of as many samples
    is longer or shorter.

    Sensors count by an oscillator of their own. Tolerances, as we remember the sheets: 1 % with the gyroscope's (PLL),
    5 % of the ICM-20948's without it, 10 % and more of small accelerometers. 20 % is a wrong rate in a sensor file (100
    for 119 Hz).
    """

    name = "clock"
    sentence = "the sensor's rate is off"
    unit = "%"
    ladder = (1.0, 5.0, 10.0, 20.0)

    def fits(self, kinds: Sequence[str]) -> bool:
        return "ecg" not in kinds  # a longer strip may hold another beat, which its label is of

    def behind(self, samples: int, rate_hz: float) -> int:
        return math.ceil(samples * self.ladder[-1] / 100) + 2

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        step = 1 + strength / 100 * signs((len(cuts),), generator, cuts)
        return at_times(cuts, torch.arange(samples, dtype=cuts.dtype, device=cuts.device) * step[:, None])
