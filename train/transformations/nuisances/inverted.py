"""Electrodes that changed places."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from train.transformations.nuisances.base import OfOne, Signal


@dataclass(frozen=True)
class Inverted(OfOne):
    """The lead upside down: there or not."""

    kind: str = "ecg"

    what: ClassVar = "inverted"
    sentence: ClassVar = "the electrodes changed places"
    unit: ClassVar = ""
    ladder: ClassVar = (1.0,)

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        seen = cuts[:, :, :samples].clone()
        seen[:, signal.channels[self.kind]] *= torch.where(strength[:, None, None] > 0, -1.0, 1.0).to(cuts.dtype)
        return seen
