"""Time shift: the window starts later, cut again from the recording or rolled round."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from scl.artifacts.run import TransformationInfo


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

    def at(self, x: Tensor, y: Tensor, shift: int) -> tuple[Tensor, Tensor]:
        windows, labels = super().at(x, y, 0)
        return torch.roll(windows, -shift, dims=2), labels
