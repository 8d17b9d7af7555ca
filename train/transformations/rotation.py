"""3-D rotation of the sensor."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from scl.artifacts.run import TransformationInfo
from scl.transforms import random_rotations_torch, rotate


class Rotation:
    """A rotation per window, uniform on SO(3), the same for each of its 3-axis sensors; targets y (B,) are labels."""

    name = "rotation"
    sentence = "3-D rotation of the sensor"

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x, y

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return rotate(x, random_rotations_torch(len(x), generator, x.device)), y

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator(device=x.device).manual_seed(seed)
        for _ in range(draws):
            yield self(x, y, generator)

    def describe(self) -> TransformationInfo:
        return TransformationInfo(self.name, {}, self.sentence)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, float]) -> "Rotation":
        """Of a run.json; a rotation has no parameters."""
        return cls(**parameters)
