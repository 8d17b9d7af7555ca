"""The mains in an ECG."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from train.transformations.nuisances.base import OfOne, Signal

MAINS_HZ = 50.0


@dataclass(frozen=True)
class Hum(OfOne):
    """A sine of amplitude `strength` at 50 Hz, begun anywhere.

    What is left behind an amplifier's common-mode rejection is some tens of uV with good electrodes; 0.5 mV is as high
    as many an R peak, and comes with one electrode half off.
    """

    kind: str = "ecg"

    what: ClassVar = "hum"
    sentence: ClassVar = "the mains are in the signal"
    unit: ClassVar = "mV"
    ladder: ClassVar = (0.05, 0.1, 0.2, 0.5)

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        phase = torch.rand(len(cuts), 1, generator=generator, device=cuts.device).to(cuts.dtype)
        time = torch.arange(samples, dtype=cuts.dtype, device=cuts.device) / signal.rate_hz
        seen = cuts[:, :, :samples].clone()
        hum = strength[:, None] * torch.sin(2 * math.pi * (MAINS_HZ * time + phase))
        seen[:, signal.channels[self.kind]] += hum[:, None]
        return seen
