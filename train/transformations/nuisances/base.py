"""What a body, a sensor or a link does to samples, for training and the battery: a change of cuts by a strength."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from scl.frontend.sensor import DPS, PREFIXES


@dataclass(frozen=True)
class Signal:
    """What the samples are of: their rate, and the channels of each sensor by its kind."""

    rate_hz: float
    channels: dict[str, slice]

    @classmethod
    def of(cls, rate_hz: float, names: Sequence[str]) -> "Signal":
        """By the channels' names as data sets have them: ax, ay, az is an accelerometer, ecg a sensor of its own."""
        by_prefix = {prefix: kind for kind, prefix in PREFIXES.items()}
        kinds = [by_prefix.get(name[:1], name) if name[1:] in ("x", "y", "z") else name for name in names]
        return cls(rate_hz, {kind: slice(kinds.index(kind), kinds.index(kind) + kinds.count(kind)) for kind in kinds})


class Nuisance(Protocol):
    """A change of samples that leaves the label alone.

    Attributes:
        name: in options, files and reports.
        sentence: what it does, for reports.
        unit: of its strength; empty where it is there or not.
        ladder: the strengths that are measured, rising; (1.0,) where it is there or not.
    """

    @property
    def name(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def ladder(self) -> tuple[float, ...]: ...

    def fits(self, kinds: Sequence[str]) -> bool:
        """Whether it can happen to these sensors and leaves their labels alone."""
        ...

    def behind(self, samples: int, rate_hz: float) -> int:
        """How many samples behind the window's end its strongest may read."""
        ...

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Windows (n, channels, samples) of cuts (n, channels, samples or more) in SI units, which begin with the
        window; strength (n,). What it reads behind the end of a cut is mirrored there.
        """
        ...


class InPlace:
    """A nuisance that reads the window alone."""

    def behind(self, samples: int, rate_hz: float) -> int:
        return 0


class OfOne(InPlace):
    """One that changes one kind of sensor and no other, whose name it bears."""

    what: ClassVar[str]
    kind: str

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.what}"

    def fits(self, kinds: Sequence[str]) -> bool:
        return self.kind in kinds


class OfOneInUnits(OfOne):
    """One whose strength is in the units of that sensor, as data sheets have them."""

    units: ClassVar = {"accelerometer": "m/s^2", "gyroscope": "deg/s", "ecg": "mV"}
    ladders: ClassVar[dict[str, tuple[float, ...]]]

    @property
    def unit(self) -> str:
        return self.units[self.kind]

    @property
    def ladder(self) -> tuple[float, ...]:
        return self.ladders[self.kind]

    def in_si(self, strength: Tensor) -> Tensor:
        """As the samples are: rad/s of a gyroscope."""
        return strength * (DPS if self.kind == "gyroscope" else 1)


def switched(nuisance: Nuisance) -> bool:
    """Whether it is there or not, without more or less."""
    return nuisance.ladder == (1.0,)


def drawn_strength(nuisance: Nuisance, count: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """For training, (count,): uniform from 0 to the strongest of the ladder; there in half of the windows."""
    share = torch.rand(count, generator=generator, device=like.device).to(like.dtype)
    return (share < 0.5).to(like.dtype) if switched(nuisance) else share * nuisance.ladder[-1]


def directions(count: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """Unit vectors (count, 3), uniform on the sphere."""
    drawn = torch.randn(count, 3, generator=generator, device=like.device).to(like.dtype)
    return torch.nn.functional.normalize(drawn, dim=1)


def signs(shape: tuple[int, ...], generator: torch.Generator, like: Tensor) -> Tensor:
    """-1 or 1, each as often."""
    return 2 * torch.randint(2, shape, generator=generator, device=like.device).to(like.dtype) - 1


def at_times(cuts: Tensor, times: Tensor) -> Tensor:
    """cuts (n, channels, length) at times (n, samples), in samples: a cubic through the four samples around each.

    Catmull and Rom 1974. It is exact for parabolas, and at whole times it is the sample. What lies outside of a cut is
    mirrored at its ends.
    """
    whole = times.floor()
    t = (times - whole)[:, None]
    before, here, after, later = (_mirrored(cuts, whole.long() + step) for step in (-1, 0, 1, 2))
    bent = 2 * before - 5 * here + 4 * after - later + t * (3 * (here - after) + later - before)
    return here + 0.5 * t * (after - before + t * bent)


def _mirrored(cuts: Tensor, index: Tensor) -> Tensor:
    """cuts at whole index (n, samples)."""
    period = 2 * (cuts.shape[2] - 1)
    folded = index.remainder(period)
    folded = torch.minimum(folded, period - folded)
    return cuts.gather(2, folded[:, None].expand(-1, cuts.shape[1], -1))
