"""3-D rotation of the sensor."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from scl.artifacts.run import InputSteps, TransformationInfo
from scl.frontend.counts import replay
from scl.frontend.spec import FrontEndSpec
from scl.robustness import Interval, Transformed
from scl.transforms import random_rotations, random_rotations_torch, rotate
from train.transformations.base import Copies, Figures, Headline, Transformation, means

if TYPE_CHECKING:
    from train.data.recordings import Recordings, WindowSet


@dataclass(frozen=True)
class RotationFigures:
    """Means over all copies; similarity by group."""

    accuracy: float
    macro_f1: float
    draws: int
    consistency: float | None
    consistency_ci95: Interval | None
    similarity: dict[str, float]

    @property
    def headline(self) -> Headline:
        return Headline(self.accuracy, self.macro_f1, self.consistency, self.consistency_ci95, self.similarity)

    def sentences(self, others: Mapping[str, Figures]) -> list[str]:
        return []


class RotatedCopies:
    """The identity and `draws` rotations of each window, uniform on SO(3): turned in SI units and float64, then counted
    as the front end's sensor would.
    """

    def __init__(self, windows: "WindowSet", draws: int, seed: int, frontend: FrontEndSpec) -> None:
        n = len(windows)
        self.x, self.frontend, self.transforms = windows.x, frontend, 1 + draws
        drawn = random_rotations(draws * n, np.random.default_rng(seed)).reshape(draws, n, 3, 3)
        self.rotation = np.concatenate([np.broadcast_to(np.eye(3), (1, n, 3, 3)), drawn])
        self.labels = np.broadcast_to(windows.labels, (self.transforms, n))
        self.parameters = {"rotation": self.rotation}
        self.names = ("as recorded", *(f"rotation {draw}" for draw in range(1, 1 + draws)))

    def windows(self, transform: int) -> np.ndarray:
        return self._turned(transform, np.arange(len(self.x))).astype(np.float32)

    def counts(self, transform: int, rows: np.ndarray) -> np.ndarray:
        return replay(self._turned(transform, rows), self.frontend)[0]

    def _turned(self, transform: int, rows: np.ndarray) -> np.ndarray:
        return np.asarray(rotate(self.x[rows].astype(np.float64), self.rotation[transform, rows]))


class Rotation:
    """A rotation per window, uniform on SO(3), the same for each of its 3-axis sensors; targets y (B,) are labels."""

    name = "rotation"
    sentence = "3-D rotation of the sensor"
    limited: ClassVar[tuple[str, ...]] = ("accuracy", "consistency")
    balanced = True
    figures_class: ClassVar = RotationFigures

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x, y

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return rotate(x, random_rotations_torch(len(x), generator, x.device)), y

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator(device=x.device).manual_seed(seed)
        for _ in range(draws):
            yield self(x, y, generator)

    def probed(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Copies:
        """What was done is told by where the mean acceleration then points."""
        turns = random_rotations(draws * len(x), np.random.default_rng(seed)).reshape(draws, len(x), 3, 3)
        views = [x, *(torch.from_numpy(rotate(x.numpy(), turn).astype(np.float32)) for turn in turns)]
        directions = np.stack([view[:, :3].mean(dim=2).numpy() for view in views[1:]])
        return Copies(views, directions / np.linalg.norm(directions, axis=2, keepdims=True))

    def sensor_copies(
        self,
        windows: "WindowSet",
        draws: int,
        seed: int,
        recordings: Callable[[], "Recordings"],
        frontend: FrontEndSpec,
    ) -> RotatedCopies:
        return RotatedCopies(windows, draws, seed, frontend)

    def window(self, samples: int) -> int:
        return samples

    def figures(self, transformed: Transformed, similarity: Mapping[str, list[float]]) -> RotationFigures:
        assert transformed.accuracy is not None and transformed.macro_f1 is not None  # a run's windows have labels
        return RotationFigures(
            transformed.accuracy,
            transformed.macro_f1,
            len(transformed.per_copy),
            transformed.consistency,
            transformed.consistency_ci95,
            means(similarity),
        )

    def others(self) -> Mapping[str, Transformation]:
        return {}

    def farthest(self, draws: int) -> int | None:
        return None

    def by_construction(self, steps: InputSteps) -> str | None:
        return "the input does not change under rotation" if steps.invariant else None

    def describe(self) -> TransformationInfo:
        return TransformationInfo(self.name, {}, self.sentence)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, float]) -> "Rotation":
        """Of a run.json; a rotation has no parameters."""
        return cls(**parameters)
