"""A window that begins later."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from train.transformations.nuisances.base import Signal, at_times


class Start:
    """The window cut `strength` seconds later of the same activity, to the nearest sample. A stream's windows begin
    anywhere; a hop of a quarter of 10 s is the last step.
    """

    name = "start"
    sentence = "the window begins later"
    unit = "s"
    ladder = (0.5, 1.0, 2.5)

    def fits(self, kinds: Sequence[str]) -> bool:
        return "ecg" not in kinds  # strips have --against shift, which knows their label then

    def behind(self, samples: int, rate_hz: float) -> int:
        return math.ceil(self.ladder[-1] * rate_hz) + 1

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        later = (strength * signal.rate_hz).round()
        return at_times(cuts, torch.arange(samples, dtype=cuts.dtype, device=cuts.device) + later[:, None])
