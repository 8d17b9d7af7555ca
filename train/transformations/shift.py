"""Time shift: the window starts later, cut again from the recording or rolled round."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from scl.artifacts.run import InputSteps, TransformationInfo
from scl.frontend.spec import FrontEndSpec
from scl.robustness import ChangedLabels, Transformed
from scl.transforms import roll
from train.transformations.base import Copies, CopiesFigures, Figures, Transformation
from train.transformations.records import SensorRecords

if TYPE_CHECKING:
    from train.data.recordings import Recordings, WindowSet


@dataclass(frozen=True)
class ShiftFigures(CopiesFigures):
    """Of each shift; consistency is over the pairs whose label the shift left.

    Attributes:
        kind: "rewindow", cut again from the recording, or "circular".
        samples: of each shift, at the source's rate.
    """

    kind: str
    samples: list[int]
    all_pairs_consistency: float
    changed_labels: ChangedLabels

    def sentences(self, others: Mapping[str, Figures]) -> list[str]:
        circular = others[CircularShift.entry].headline.consistency
        return [
            f"  {'shift':15} {self.changed}; consistency over all pairs {self.all_pairs_consistency:.3f}; circular "
            f"{circular:.3f}"
        ]

    @property
    def changed(self) -> str:
        """How many pairs change their label, and whether the model follows."""
        changed = self.changed_labels
        followed = "-" if changed.followed is None else f"{changed.followed:.3f}"
        return f"{changed.share:.1%} of the pairs change their label, {followed} of those are followed"


@dataclass(frozen=True)
class StripFigures(ShiftFigures):
    """Of strips by their worst beat: no beat is measured anew, and there is no circular shift.

    Attributes:
        same_beat: share of the pairs that the same beat decides.
    """

    same_beat: float

    def sentences(self, others: Mapping[str, Figures]) -> list[str]:
        return [
            f"  {'shift':15} {self.changed}; consistency over all pairs {self.all_pairs_consistency:.3f}; the same "
            f"beat decides {self.same_beat:.1%} of the pairs",
            *(line for name, figures in others.items() for line in figures.sentences({})),
        ]


class ShiftedCopies:
    """The windows as recorded and cut again later, by a grid of shifts: raw counts of the recording itself, with what
    the front end needs before each window.
    """

    def __init__(
        self, windows: "WindowSet", shift: "Shift", draws: int, recordings: "Recordings", frontend: FrontEndSpec
    ) -> None:
        assert windows.labels_at is not None and windows.starts is not None and windows.blocks is not None
        self.cuts, self.shift = windows, shift
        self.shifts = np.array([0, *shift.grid(draws)])
        self.transforms = len(self.shifts)
        self.labels = windows.labels_at[:, self.shifts - shift.least].T
        self.parameters = {"shift": np.rint(self.shifts * shift.source_samples).astype(np.int32)}
        later = self.parameters["shift"][1:]
        self.names = ("as recorded", *(f"shift {samples:+d} samples" for samples in later))
        self.blocks, self.starts = windows.blocks, windows.starts
        self.records = SensorRecords(self.blocks, recordings, frontend)

    def windows(self, transform: int) -> np.ndarray:
        first = self.shifts[transform] - self.shift.least
        return np.asarray(self.cuts.x[:, :, first : first + self.shift.samples])

    def counts(self, transform: int, rows: np.ndarray) -> np.ndarray:
        return self.records.cut(self.blocks[rows], self.starts[rows] + self.shifts[transform])


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
    limited: ClassVar[tuple[str, ...]] = ("macro_f1", "consistency")
    balanced = False
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

    def sensor_copies(
        self,
        windows: "WindowSet",
        draws: int,
        seed: int,
        recordings: Callable[[], "Recordings"],
        frontend: FrontEndSpec,
    ) -> ShiftedCopies:
        return ShiftedCopies(windows, self, draws, recordings(), frontend)

    def window(self, samples: int) -> int:
        return self.samples

    def figures(self, transformed: Transformed, similarity: Mapping[str, list[float]]) -> ShiftFigures:
        return ShiftFigures(
            **vars(CopiesFigures.of(transformed, similarity)),
            kind=self.kind,
            samples=[round(shift * self.source_samples) for shift in self.grid(len(transformed.per_copy))],
            all_pairs_consistency=transformed.consistency_all_pairs,
            changed_labels=transformed.changed_labels,
        )

    def others(self) -> Mapping[str, Transformation]:
        return {CircularShift.entry: CircularShift.from_parameters(self.parameters)}

    def farthest(self, draws: int) -> int | None:
        return round(self.grid(draws)[-1] * self.source_samples)

    def by_construction(self, steps: InputSteps) -> str | None:
        return None

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
        return roll(windows, torch.full((len(windows),), -shift, device=windows.device)), labels

    def others(self) -> Mapping[str, Transformation]:
        return {}

    def by_construction(self, steps: InputSteps) -> str | None:
        return "the input does not change when a window is rolled round" if steps.canonical else None
