"""An electrode that moves on the skin."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from train.transformations.nuisances.base import OfOne, Signal

CORNER_HZ = 1.0  # above it the power falls by 6 dB an octave, into the band of the QRS complex


@dataclass(frozen=True)
class Electrode(OfOne):
    """Red noise of standard deviation `strength`: y[t] = a y[t-1] + sqrt(1 - a^2) w[t], a = exp(-2 pi corner / rate).

    A skin's potential changes with its stretch: slowly, with most power below some hertz, and across the QRS complex's
    band, so that no filter takes it out. MIT-BIH's noise record `em` has some tenths of a mV.
    """

    kind: str = "ecg"

    what: ClassVar = "electrode"
    sentence: ClassVar = "an electrode moves on the skin"
    unit: ClassVar = "mV"
    ladder: ClassVar = (0.05, 0.1, 0.2, 0.5)

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        kept = math.exp(-2 * math.pi * CORNER_HZ / signal.rate_hz)
        drawn = torch.randn(len(cuts), samples, generator=generator, device=cuts.device).to(cuts.dtype)
        moved = drawn[:, 0]
        rows = [moved]
        for step in range(1, samples):
            moved = kept * moved + math.sqrt(1 - kept**2) * drawn[:, step]
            rows.append(moved)
        seen = cuts[:, :, :samples].clone()
        seen[:, signal.channels[self.kind]] += (strength[:, None] * torch.stack(rows, dim=1))[:, None]
        return seen
