"""What a model is trained to be robust to, as the training loop and the evaluation see it."""

from typing import Protocol

import torch
from torch import Tensor

from scl.artifacts import InputError
from scl.transforms import random_rotations_torch, rotate


class Transformation(Protocol):
    """Turns windows (B, channels, samples) into randomly transformed copies of the same shape."""

    name: str

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor: ...


class Rotation:
    """A rotation per window, uniform on SO(3), the same for each of its 3-axis sensors."""

    name = "rotation"

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return rotate(x, random_rotations_torch(len(x), generator, x.device))


def by_name(name: str) -> Transformation:
    """The transformation that a run.json names. Raises InputError for one that is not known."""
    if name != Rotation.name:
        raise InputError(f"transformation {name!r} is not known, expected {Rotation.name!r}")
    return Rotation()
