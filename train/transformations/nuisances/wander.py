"""A baseline that moves with the breath."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from train.transformations.nuisances.base import OfOne, Signal

BREATH_HZ = (0.15, 0.4)  # 9 to 24 a minute


@dataclass(frozen=True)
class Wander(OfOne):
    """A sine of amplitude `strength` at a breath's frequency that is drawn, begun anywhere.

    The wander of MIT-BIH's noise record `bw` is of some tenths of a mV, at its worst of 1 mV and more.
    """

    kind: str = "ecg"

    what: ClassVar = "wander"
    sentence: ClassVar = "the baseline moves with the breath"
    unit: ClassVar = "mV"
    ladder: ClassVar = (0.2, 0.5, 1.0, 2.0)

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        drawn = torch.rand(2, len(cuts), 1, generator=generator, device=cuts.device).to(cuts.dtype)
        hz = BREATH_HZ[0] + (BREATH_HZ[1] - BREATH_HZ[0]) * drawn[0]
        time = torch.arange(samples, dtype=cuts.dtype, device=cuts.device) / signal.rate_hz
        moved = strength[:, None] * torch.sin(2 * math.pi * (hz * time + drawn[1]))
        seen = cuts[:, :, :samples].clone()
        seen[:, signal.channels[self.kind]] += moved[:, None]
        return seen
