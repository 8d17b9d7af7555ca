"""What a model is trained to be robust to, as the training loop and the evaluation see it.

A data set hands over cuts: windows with the samples around them that the transformation needs, and their targets. A
transformation makes windows of them, as recorded or transformed.
"""

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from scl.artifacts.run import TransformationInfo


class Transformation(Protocol):
    """Cuts x (B, channels, cut samples) and targets y to windows (B, channels, samples) and labels (B,)."""

    name: str

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The windows as recorded."""
        ...

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A randomly transformed copy of every window, for training."""
        ...

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """`draws` transformed copies of all windows, for evaluation."""
        ...

    def describe(self) -> TransformationInfo:
        """For run.json; `from_info` takes it."""
        ...
