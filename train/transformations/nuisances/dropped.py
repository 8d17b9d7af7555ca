"""Samples that are lost, without anybody knowing."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from train.transformations.nuisances.base import Signal

SIGMAS = 6  # of the number of lost samples, that room is kept for


class Dropped:
    """Each sample is lost with a chance of `strength` per cent, and the next one takes its place: a FIFO that overruns,
    a link that does not count. A window spans more time then.
    """

    name = "dropped"
    sentence = "samples are lost, and those behind them close up"
    unit = "%"
    ladder = (1.0, 5.0, 10.0, 20.0)

    def fits(self, kinds: Sequence[str]) -> bool:
        return "ecg" not in kinds  # a longer strip may hold another beat, which its label is of

    def behind(self, samples: int, rate_hz: float) -> int:
        lost = self.ladder[-1] / 100
        return math.ceil((samples * lost + SIGMAS * math.sqrt(samples * lost)) / (1 - lost))

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Where a cut has fewer left than a window takes, its last one stays."""
        length = cuts.shape[2]
        kept = torch.rand(len(cuts), length, generator=generator, device=cuts.device) >= strength[:, None] / 100
        order = torch.argsort((~kept).to(torch.uint8), dim=1, stable=True)[:, :samples]
        place = torch.arange(samples, device=cuts.device).minimum(kept.sum(dim=1, keepdim=True).clamp(min=1) - 1)
        return cuts.gather(2, order.gather(1, place)[:, None].expand(-1, cuts.shape[1], -1))
