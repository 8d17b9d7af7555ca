"""What a model is trained to be robust to, as training, evaluation and reports see it.

A data set hands over cuts: windows with the samples around them that the transformation needs, and their targets. A
transformation makes windows of them, as recorded or transformed, and says in words and figures what it did.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from scl.artifacts.run import TransformationInfo
from scl.robustness import Interval, Transformed


@dataclass(frozen=True)
class Headline:
    """The figures under a transformation as plain numbers; similarity by group of dimensions."""

    accuracy: float
    macro_f1: float
    consistency: float | None
    consistency_ci95: Interval | None
    similarity: dict[str, float]


class Figures(Protocol):
    """The figures of transformed copies, as metrics.json holds them: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, object]]

    @property
    def headline(self) -> Headline:
        """The plain numbers."""
        ...

    def sentences(self, others: Mapping[str, "Figures"]) -> list[str]:
        """What a summary says besides the headline; `others` are of `Transformation.others`."""
        ...


@dataclass(frozen=True)
class Copies:
    """Transformed copies of windows and what was done to them, for a probe.

    Attributes:
        windows: the untransformed windows first, each (n, channels, samples).
        parameters: (copies, n, p) of what the transformation did.
    """

    windows: list[Tensor]
    parameters: np.ndarray


class Transformation(Protocol):
    """Cuts x (B, channels, cut samples) and targets y to windows (B, channels, samples) and labels (B,).

    Attributes:
        name: in files and options.
        sentence: what it does, for reports.
    """

    name: str
    sentence: str

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The windows as recorded."""
        ...

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A randomly transformed copy of every window, for training."""
        ...

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """`draws` transformed copies of all windows, for evaluation."""
        ...

    def probed(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Copies:
        """`draws` copies with what was done to them."""
        ...

    def window(self, samples: int) -> int:
        """Samples of a window of cuts that have `samples`."""
        ...

    def figures(self, transformed: Transformed, similarity: Mapping[str, list[float]]) -> Figures:
        """The figures of `copies`: `similarity` by group, one number for each copy."""
        ...

    def others(self) -> Mapping[str, "Transformation"]:
        """Other kinds of it that are evaluated besides, by their name in metrics.json."""
        ...

    def farthest(self, draws: int) -> int | None:
        """How far the last of `copies` is moved, in samples of the source, where it is looked up among the originals
        (retrieval); else None.
        """
        ...

    def describe(self) -> TransformationInfo:
        """For run.json; `from_info` takes it."""
        ...


def means(similarity: Mapping[str, list[float]]) -> dict[str, float]:
    """Mean over the copies, by group."""
    return {name: float(np.mean(values)) for name, values in similarity.items()}
