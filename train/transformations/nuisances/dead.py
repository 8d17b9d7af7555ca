"""A sensor that stops."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from train.transformations.nuisances.base import OfOne, Signal


@dataclass(frozen=True)
class Dead(OfOne):
    """From some sample on all its channels read zero, as a part that lost its power or its bus does: for the last
    `strength` per cent of the window, all of it with 100.
    """

    kind: str

    what: ClassVar = "dead"
    unit: ClassVar = "%"
    ladder: ClassVar = (10.0, 25.0, 50.0, 100.0)

    @property
    def sentence(self) -> str:
        return f"the {self.kind} stops"

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        seen = cuts[:, :, :samples].clone()
        alive = torch.arange(samples, device=cuts.device) < (samples * (1 - strength / 100))[:, None].round()
        seen[:, signal.channels[self.kind]] *= alive[:, None].to(cuts.dtype)
        return seen
