"""Several transformations at once, each with a share of the variant features of its own.

Both views of a window are turned, scaled and shifted, and differ in one of these, drawn for each window: the share of
that transformation is to differ between the views, the shares of the others are to stay, as the invariant features are.
A linear reader of each share may be trained along, so that what it soaked up can be read from it.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from scl.loss import StructuredContrastiveLoss
from scl.partition import Partition
from scl.transforms import random_rotations_torch, roll, rotate
from train.experimental.schedules import scheduled
from train.methods.base import Batch
from train.methods.contrast import Contrast
from train.methods.scl import Structured, logged
from train.run.config import TrainConfig
from train.run.objective import Objective, Views
from train.run.parallel import gather, share

SCALE = 0.3  # standard deviation of the logarithm of the gain


class Part(Protocol):
    """One transformation of windows (B, channels, samples) by parameters (B, ...)."""

    name: str
    size: int  # numbers of its target

    def draw(self, x: Tensor, generator: Generator) -> Tensor:
        """Parameters of every window."""
        ...

    def apply(self, x: Tensor, drawn: Tensor) -> Tensor:
        """The transformed windows."""
        ...

    def target(self, turned: Tensor, drawn: Tensor) -> Tensor:
        """What was done, (B, size), as a reader is asked for it; `turned` is the window behind all parts."""
        ...


class Turn:
    """A rotation; its target is where the mean acceleration points afterwards."""

    name, size = "rotation", 3

    def draw(self, x: Tensor, generator: Generator) -> Tensor:
        return random_rotations_torch(len(x), generator, x.device)

    def apply(self, x: Tensor, drawn: Tensor) -> Tensor:
        turned: Tensor = rotate(x, drawn)
        return turned

    def target(self, turned: Tensor, drawn: Tensor) -> Tensor:
        return functional.normalize(turned[:, :3].mean(dim=2), dim=1)


class Scale:
    """A gain of all channels; its target is the logarithm in units of its standard deviation."""

    name, size = "scale", 1

    def draw(self, x: Tensor, generator: Generator) -> Tensor:
        return SCALE * torch.randn(len(x), 1, 1, generator=generator, device=x.device)

    def apply(self, x: Tensor, drawn: Tensor) -> Tensor:
        return x * drawn.exp()

    def target(self, turned: Tensor, drawn: Tensor) -> Tensor:
        return drawn[:, :, 0] / SCALE


class Roll:
    """A circular shift; its target is the angle on the circle of the window's samples."""

    name, size = "shift", 2

    def draw(self, x: Tensor, generator: Generator) -> Tensor:
        return torch.randint(x.shape[2], (len(x), 1, 1), generator=generator, device=x.device)

    def apply(self, x: Tensor, drawn: Tensor) -> Tensor:
        rolled: Tensor = roll(x, drawn[:, 0, 0])
        return rolled

    def target(self, turned: Tensor, drawn: Tensor) -> Tensor:
        angle = 2 * torch.pi * drawn[:, 0].float() / turned.shape[2]
        return torch.cat([angle.cos(), angle.sin()], dim=1)


FURTHER: dict[str, type] = {"scale": Scale, "shift": Roll}


def parts_of(also: str) -> tuple[Part, ...]:
    """Rotation and what `also` names, as "scale+shift"."""
    return Turn(), *(FURTHER[name]() for name in also.split("+"))


class Change(NamedTuple):
    """What the views of a batch differ in: the part's number (B,), and of every part the target of each view,
    (2, B, size).
    """

    part: Tensor
    targets: tuple[Tensor, ...]


@dataclass(frozen=True)
class Compound:
    """Draws views that differ in one part."""

    parts: tuple[Part, ...]

    def pair(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor, Change]:
        """Two views of windows x (B, channels, samples), and what they differ in."""
        part = torch.randint(len(self.parts), (len(x),), generator=generator, device=x.device)
        first, second = [], []
        for number, transformation in enumerate(self.parts):
            drawn, anew = (transformation.draw(x, generator) for _ in range(2))
            changed = (part == number).view(-1, *[1] * (drawn.ndim - 1))
            first.append(drawn)
            second.append(torch.where(changed, anew, drawn))
        views = [self.apply(x, drawn) for drawn in (first, second)]
        targets = tuple(
            torch.stack([p.target(view, drawn[number]) for view, drawn in zip(views, (first, second), strict=True)])
            for number, p in enumerate(self.parts)
        )
        return views[0], views[1], Change(part, targets)

    def apply(self, x: Tensor, drawn: list[Tensor]) -> Tensor:
        """The windows behind all parts; the rotation comes last."""
        for part, parameters in reversed(list(zip(self.parts, drawn, strict=True))):
            x = part.apply(x, parameters)
        return x


@dataclass(frozen=True)
class CompoundBatch(Batch):
    """A batch whose views differ in one part; `change` is of all ranks' windows."""

    change: Change


@dataclass(frozen=True)
class CompoundViews(Views):
    """Views that differ in one part."""

    change: Change


class CompoundObjective(Objective):
    """The loss of a batch whose views differ in one part, in place of the transformation."""

    def views(self, x: Tensor, y: Tensor) -> CompoundViews:
        compound = Compound(parts_of(self.config.experimental.also))
        first, second, change = compound.pair(x, self.draw)
        first, second = (share(self.vary(view, self.draw)) for view in (first, second))
        return CompoundViews(first, second, share(y), share(y), change)

    def batch(self, views: Views, done: float) -> CompoundBatch:
        assert isinstance(views, CompoundViews)
        return CompoundBatch(views.labels, self.order, done, views.change)


class CompoundStructured(Structured):
    """The structured loss of views that differ in one part.

    In the loss of a window the variant features are those of its part; those of the other parts count with the
    invariant ones.
    """

    def __init__(self, config: TrainConfig, partition: Partition, parts: int) -> None:
        super().__init__(config, partition)
        self.partition, self.parts = partition, parts
        kept = partition.invariant + partition.variant
        self.loss = StructuredContrastiveLoss(
            Partition(kept, partition.variant, 0), config.method.beta, config.method.eps
        )

    def forward(self, z: Tensor, z_t: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        assert isinstance(batch, CompoundBatch)
        self.loss.beta = self.beta(batch.done)
        own = functional.one_hot(batch.change.part, self.parts).to(z.dtype)
        own = own.repeat_interleave(self.partition.variant // self.parts, dim=1)

        def arranged(latents: Tensor) -> Tensor:
            variant = latents[:, self.partition.variant_slice]
            return torch.cat([latents[:, self.partition.invariant_slice], variant * (1 - own), variant * own], dim=1)

        terms = self.loss(*(arranged(v) for v in (z, z_t, *self.negatives(z, batch))))
        return terms.loss, logged(terms)


class CompoundContrast(Contrast):
    """The weighted structured loss, and the linear readers' squared errors by a weight of their own."""

    def __init__(self, config: TrainConfig, partition: Partition, parts: tuple[Part, ...]) -> None:
        weight = scheduled(config.method.lambda_, config.experimental.lambda_schedule)
        super().__init__(CompoundStructured(config, partition, len(parts)), weight)
        self.read, self.partition, self.share = config.experimental.read, partition, partition.variant // len(parts)
        self.readers = nn.ModuleList(nn.Linear(self.share, part.size) for part in parts)

    def forward(self, z: Tensor, z_t: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        assert isinstance(batch, CompoundBatch)
        z, z_t = gather(z), gather(z_t)
        loss, parts = self.between(z, z_t, batch)
        reading = self.reading(torch.stack([z, z_t]), batch.change)
        return self.weight(batch.done) * loss + self.read * reading, parts | {"reading": reading.detach()}

    def reading(self, z: Tensor, change: Change) -> Tensor:
        """Mean squared error of the readers on both views z (2, B, d), averaged over parts."""
        shares = z[:, :, self.partition.variant_slice].split(self.share, dim=2)
        rows = zip(self.readers, shares, change.targets, strict=True)
        return torch.stack([functional.mse_loss(reader(share), target) for reader, share, target in rows]).mean()
