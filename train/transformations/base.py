"""What a model is trained to be robust to, as training, evaluation and reports see it.

A data set hands over cuts: windows with the samples around them that the transformation needs, and their targets. A
transformation makes windows of them, as recorded or transformed, and says in words and figures what it did.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from scl.artifacts.run import InputSteps, TransformationInfo
from scl.frontend.spec import FrontEndSpec
from scl.robustness import Interval, Transformed

if TYPE_CHECKING:
    from train.data.recordings import Recordings, WindowSet


@dataclass(frozen=True)
class Headline:
    """The figures under a transformation as plain numbers; similarity by group of dimensions."""

    accuracy: float
    macro_f1: float
    consistency: float | None
    consistency_ci95: Interval | None
    similarity: dict[str, float]


@dataclass(frozen=True)
class CopiesFigures:
    """Figures of each transformed copy, and means over all; similarity by group of dimensions."""

    accuracy: float
    macro_f1: float
    similarity: dict[str, list[float]]
    consistency: list[float | None]
    consistency_ci95: list[Interval | None]
    mean_similarity: dict[str, float]
    mean_consistency: float | None
    mean_consistency_ci95: Interval | None

    @property
    def headline(self) -> Headline:
        interval = self.mean_consistency_ci95
        return Headline(self.accuracy, self.macro_f1, self.mean_consistency, interval, self.mean_similarity)

    @classmethod
    def of(cls, transformed: Transformed, similarity: Mapping[str, list[float]]) -> "CopiesFigures":
        """As `Transformation.figures` gets them."""
        assert transformed.accuracy is not None and transformed.macro_f1 is not None  # a run's windows have labels
        copies = transformed.per_copy
        return CopiesFigures(
            accuracy=transformed.accuracy,
            macro_f1=transformed.macro_f1,
            similarity=dict(similarity),
            consistency=[copy.consistency for copy in copies],
            consistency_ci95=[copy.consistency_ci95 for copy in copies],
            mean_similarity=means(similarity),
            mean_consistency=transformed.consistency,
            mean_consistency_ci95=transformed.consistency_ci95,
        )


class Figures(Protocol):
    """The figures of transformed copies, as metrics.json holds them: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

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


class SensorCopies(Protocol):
    """The windows of a test set and their transformed copies as a sensor counts them and as the float model sees them.
    Transform 0 is the identity.

    Attributes:
        transforms: of each window, the identity included.
        labels: int64 (transforms, n).
        names: of the transforms, for reports.
        parameters: what golden.npz has of them: rotation (transforms, n, 3, 3), or shift (transforms,) in samples of
            the source.
    """

    transforms: int
    labels: np.ndarray
    names: tuple[str, ...]
    parameters: dict[str, np.ndarray]

    def windows(self, transform: int) -> np.ndarray:
        """float32 (n, channels, samples) in SI units."""
        ...

    def counts(self, transform: int, rows: np.ndarray) -> np.ndarray:
        """int16 (rows, raw samples, channels) of the front end's sensor."""
        ...


class Transformation(Protocol):
    """Cuts x (B, channels, cut samples) and targets y to windows (B, channels, samples) and labels (B,).

    Attributes:
        name: in files and options.
        sentence: what it does, for reports.
        limited: figures of which int8 may lose little (`export.quantize --max-loss`).
        balanced: windows travel with a bundle in equal numbers of each class; else as frequent as they are, since what
            a rare class is taken for depends on how many of the others there are.
    """

    balanced: bool

    @property
    def name(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def limited(self) -> tuple[str, ...]: ...

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

    def sensor_copies(
        self,
        windows: "WindowSet",
        draws: int,
        seed: int,
        recordings: Callable[[], "Recordings"],
        frontend: FrontEndSpec,
    ) -> SensorCopies:
        """The windows and `draws` copies of each as the counts that a board would have seen.

        Args:
            windows: of a test set, as `identity` takes them.
            recordings: loads what the windows were cut from, for what lies around them.
            frontend: the board's.
        """
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

    def by_construction(self, steps: InputSteps) -> str | None:
        """Why the encoder's input is the same for a window and its copy, in words, where these steps make it so: then
        consistency is 1 before quantization, whatever was learned. Else None.
        """
        ...

    def describe(self) -> TransformationInfo:
        """For run.json; `from_info` takes it."""
        ...


def means(similarity: Mapping[str, list[float]]) -> dict[str, float]:
    """Mean over the copies, by group."""
    return {name: float(np.mean(values)) for name, values in similarity.items()}
