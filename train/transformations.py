"""What a model is trained to be robust to, as the training loop and the evaluation see it.

A data set hands over cuts: windows with the samples around them that the transformation needs, and their targets. A
transformation makes windows of them, as recorded or transformed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from scl.artifacts import InputError
from scl.transforms import random_rotations_torch, rotate


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

    def describe(self) -> dict[str, Any]:
        """For run.json; `from_info` takes it."""
        ...


class Rotation:
    """A rotation per window, uniform on SO(3), the same for each of its 3-axis sensors; targets y (B,) are labels."""

    name = "rotation"

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x, y

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return rotate(x, random_rotations_torch(len(x), generator, x.device)), y

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator(device=x.device).manual_seed(seed)
        for _ in range(draws):
            yield self(x, y, generator)

    def describe(self) -> dict[str, Any]:
        return {"transformation": self.name}


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

    def describe(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in ("least", "most", "samples", "source_samples")}
        return {"transformation": self.name, "shift": fields}


class CircularShift(Shift):
    """The window rolled round by as much, as papers report it; its label stays."""

    kind = "circular"

    def at(self, x: Tensor, y: Tensor, shift: int) -> tuple[Tensor, Tensor]:
        windows, labels = super().at(x, y, 0)
        return torch.roll(windows, -shift, dims=2), labels


def from_info(info: dict[str, Any]) -> Transformation:
    """The transformation that a run.json names. Raises InputError for one that is not known."""
    name = info["transformation"]
    if name == Rotation.name:
        return Rotation()
    if name == Shift.name:
        return Shift(**info["shift"])
    raise InputError(f"transformation {name!r} is not known, expected {Rotation.name!r} or {Shift.name!r}")
