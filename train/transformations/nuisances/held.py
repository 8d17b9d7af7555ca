"""Samples that come too late, so that the one before is read again."""

from collections.abc import Sequence

import torch
from torch import Tensor

from train.transformations.nuisances.base import InPlace, Signal


class Held(InPlace):
    """Each sample is replaced by the one before, as it was read, with a chance of `strength` per cent: a register that
    is read faster than it is written, or a link that fills gaps.
    """

    name = "held"
    sentence = "samples are replaced by the one before"
    unit = "%"
    ladder = (1.0, 5.0, 10.0, 30.0)

    def fits(self, kinds: Sequence[str]) -> bool:
        return True

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        fresh = torch.rand(len(cuts), samples, generator=generator, device=cuts.device) >= strength[:, None] / 100
        fresh[:, 0] = True  # there is none before
        index = torch.where(fresh, torch.arange(samples, device=cuts.device), 0).cummax(dim=1).values
        return cuts.gather(2, index[:, None].expand(-1, cuts.shape[1], -1))
