"""Time shift: the window starts later, cut again from the recording or rolled round."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from scl.artifacts.run import TransformationInfo
from scl.robustness import ChangedLabels, Interval, Transformed
from train.transformations.base import Copies, Figures, Headline, Transformation, means


@dataclass(frozen=True)
class ShiftFigures:
    """Figures of each shift, and means over all; consistency is over the pairs whose label the shift left.

    Attributes:
        kind: "rewindow", cut again from the recording, or "circular".
        samples: of each shift, at the source's rate.
    """

    accuracy: float
    macro_f1: float
    kind: str
    samples: list[int]
    similarity: dict[str, list[float]]
    consistency: list[float | None]
    consistency_ci95: list[Interval | None]
    mean_similarity: dict[str, float]
    mean_consistency: float | None
    mean_consistency_ci95: Interval | None
    all_pairs_consistency: float
    changed_labels: ChangedLabels

    @property
    def headline(self) -> Headline:
        interval = self.mean_consistency_ci95
        return Headline(self.accuracy, self.macro_f1, self.mean_consistency, interval, self.mean_similarity)

    def sentences(self, others: Mapping[str, Figures]) -> list[str]:
        changed, circular = self.changed_labels, others[CircularShift.entry].headline.consistency
        followed = "-" if changed.followed is None else f"{changed.followed:.3f}"
        return [
            f"  {'shift':15} {changed.share:.1%} of the pairs change their label, {followed} of those are followed; "
            f"consistency over all pairs {self.all_pairs_consistency:.3f}; circular {circular:.3f}"
        ]


@dataclass(frozen=True)
class Shift:
    """The window cut again from the recording, `least` to `most` samples later: what a sensor sees ("rewindow").

    Targets y (B, most - least + 1) are the labels under each shift. A cut starts with the window that is shifted least.

    Attributes:
        least, most: samples at the model's rate, least <= 0 <= most.
        samples: of a window.
        source_samples: samples of the source's rate in one of the model's, for reports.
    """

    least: int
    most: int
    samples: int
    source_samples: float = 1.0

    name = "shift"
    sentence = "a shift of the window"
    kind = "rewindow"
    figures_class: ClassVar = ShiftFigures

    def at(self, x: Tensor, y: Tensor, shift: int) -> tuple[Tensor, Tensor]:
        """All windows, `shift` samples later."""
        first = shift - self.least
        return x[:, :, first : first + self.samples], y[:, first]

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return self.at(x, y, 0)

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        first = torch.randint(self.most - self.least + 1, (len(x), 1), generator=generator, device=x.device)
        index = first + torch.arange(self.samples, device=x.device)
        windows = x.gather(2, index[:, None].expand(-1, x.shape[1], -1))
        return windows, y.gather(1, first)[:, 0]

    def grid(self, draws: int) -> list[int]:
        """`draws` shifts other than 0, evenly spaced from the least to the most."""
        span = self.most - self.least
        shifts = [self.least + round(span * k / draws) for k in range(draws + 1)]
        shifts.remove(min(shifts, key=abs))
        return shifts

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        for shift in self.grid(draws):
            yield self.at(x, y, shift)

    def probed(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Copies:
        """What was done is told by its samples."""
        shifts = self.grid(draws)
        parameters = np.repeat(np.array(shifts, float)[:, None, None], len(x), axis=1)
        return Copies([self.at(x, y, shift)[0] for shift in (0, *shifts)], parameters)

    def window(self, samples: int) -> int:
        return self.samples

    def figures(self, transformed: Transformed, similarity: Mapping[str, list[float]]) -> ShiftFigures:
        copies = transformed.per_copy
        return ShiftFigures(
            accuracy=transformed.accuracy,
            macro_f1=transformed.macro_f1,
            kind=self.kind,
            samples=[round(shift * self.source_samples) for shift in self.grid(len(copies))],
            similarity=dict(similarity),
            consistency=[copy.consistency for copy in copies],
            consistency_ci95=[copy.consistency_ci95 for copy in copies],
            mean_similarity=means(similarity),
            mean_consistency=transformed.consistency,
            mean_consistency_ci95=transformed.consistency_ci95,
            all_pairs_consistency=transformed.consistency_all_pairs,
            changed_labels=transformed.changed_labels,
        )

    def others(self) -> Mapping[str, Transformation]:
        return {CircularShift.entry: CircularShift.from_parameters(self.parameters)}

    def farthest(self, draws: int) -> int | None:
        return round(self.grid(draws)[-1] * self.source_samples)

    @property
    def parameters(self) -> dict[str, float]:
        """For run.json."""
        return {name: getattr(self, name) for name in ("least", "most", "samples", "source_samples")}

    def describe(self) -> TransformationInfo:
        return TransformationInfo(self.name, self.parameters, self.sentence)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, float]) -> Self:
        """Of a run.json, where whole numbers are numbers like others."""
        whole = {name: int(parameters[name]) for name in ("least", "most", "samples")}
        return cls(**whole, source_samples=parameters["source_samples"])


class CircularShift(Shift):
    """The window rolled round by as much, as papers report it; its label stays."""

    kind = "circular"
    entry = "shift_circular"  # of metrics.json

    def at(self, x: Tensor, y: Tensor, shift: int) -> tuple[Tensor, Tensor]:
        windows, labels = super().at(x, y, 0)
        return torch.roll(windows, -shift, dims=2), labels

    def others(self) -> Mapping[str, Transformation]:
        return {}
