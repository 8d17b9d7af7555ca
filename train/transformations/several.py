"""Several at once: a rotation, nuisances of the battery, or both; what `--against rotation+mirror` trains under."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from scl.artifacts import InputError
from scl.artifacts.run import InputSteps, TransformationInfo
from scl.frontend.counts import replay
from scl.frontend.spec import FrontEndSpec
from scl.robustness import Transformed
from train.transformations.base import Copies, Figures, SensorCopies, Transformation
from train.transformations.nuisances import IMU, NUISANCES, Nuisance, Signal, chosen, drawn_strength, fitting
from train.transformations.rotation import Rotation, RotationFigures

if TYPE_CHECKING:
    from train.data.recordings import Recordings, WindowSet

SEPARATOR = "+"


class SeveralCopies:
    """The windows and copies of them that were drawn in float64, counted as the front end's sensor would."""

    def __init__(self, windows: "WindowSet", views: list[np.ndarray], frontend: FrontEndSpec) -> None:
        self.views, self.frontend, self.transforms = [windows.x, *views], frontend, 1 + len(views)
        self.labels = np.broadcast_to(windows.labels, (self.transforms, len(windows)))
        self.parameters: dict[str, np.ndarray] = {}
        self.names = ("as recorded", *(f"draw {draw}" for draw in range(1, 1 + len(views))))

    def windows(self, transform: int) -> np.ndarray:
        return np.asarray(self.views[transform], np.float32)

    def counts(self, transform: int, rows: np.ndarray) -> np.ndarray:
        return replay(np.asarray(self.views[transform][rows], np.float64), self.frontend)[0]


@dataclass(frozen=True)
class Several:
    """Every copy has each of them, one behind the other in this order, at a strength of its own: from nothing to the
    strongest of its ladder; what is there or not is there in half of the copies. Targets y (B,) are labels.

    Attributes:
        rotates: whether a rotation, uniform on SO(3), comes first.
        signal: what the windows are of.
    """

    rotates: bool
    nuisances: tuple[Nuisance, ...]
    signal: Signal

    limited: ClassVar[tuple[str, ...]] = ("accuracy", "consistency")
    balanced = True
    figures_class: ClassVar = RotationFigures

    @property
    def name(self) -> str:
        return SEPARATOR.join([Rotation.name] * self.rotates + [nuisance.name for nuisance in self.nuisances])

    @property
    def sentence(self) -> str:
        return ", ".join([Rotation.sentence] * self.rotates + [nuisance.sentence for nuisance in self.nuisances])

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x, y

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self._drawn(x, generator)[0], y

    def _drawn(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A copy of every window, and each nuisance's strength in it as a share of its strongest (B, nuisances)."""
        strengths = []
        if self.rotates:
            x, _ = Rotation()(x, x, generator)
        for nuisance in self.nuisances:
            strength = drawn_strength(nuisance, len(x), generator, x)
            x = nuisance(x, x.shape[2], self.signal, strength, generator)
            strengths.append(strength / nuisance.ladder[-1])
        return x, torch.stack(strengths, dim=1)

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator(device=x.device).manual_seed(seed)
        for _ in range(draws):
            yield self(x, y, generator)

    def probed(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Copies:
        """What was done is told by the strengths."""
        generator = torch.Generator(device=x.device).manual_seed(seed)
        made = [self._drawn(x, generator) for _ in range(draws)]
        return Copies([x, *(view for view, _ in made)], np.stack([strength.numpy() for _, strength in made]))

    def sensor_copies(
        self,
        windows: "WindowSet",
        draws: int,
        seed: int,
        recordings: Callable[[], "Recordings"],
        frontend: FrontEndSpec,
    ) -> SensorCopies:
        x, generator = torch.from_numpy(windows.x), torch.Generator().manual_seed(seed)
        views = [self._drawn(x, generator)[0].numpy() for _ in range(draws)]
        return SeveralCopies(windows, views, frontend)

    def window(self, samples: int) -> int:
        return samples

    def figures(self, transformed: Transformed, similarity: Mapping[str, list[float]]) -> Figures:
        return Rotation().figures(transformed, similarity)

    def others(self) -> Mapping[str, Transformation]:
        return {}

    def farthest(self, draws: int) -> int | None:
        return None

    def by_construction(self, steps: InputSteps) -> str | None:
        return None

    def describe(self) -> TransformationInfo:
        channels = {kind: part.stop - part.start for kind, part in self.signal.channels.items()}
        return TransformationInfo(self.name, {"rate_hz": self.signal.rate_hz, **channels}, self.sentence)

    @classmethod
    def of(cls, name: str, signal: Signal) -> "Several":
        """By their names with + between them. Raises InputError for one that is not known, or does not fit."""
        first, *rest = name.split(SEPARATOR)
        rotates = first == Rotation.name
        names = rest if rotates else [first, *rest]
        return cls(rotates, tuple(chosen(names, list(signal.channels))), signal)

    @classmethod
    def from_info(cls, info: TransformationInfo) -> "Several":
        """Of a run.json. Raises KeyError, TypeError or ValueError for parameters that are not its own."""
        parameters = dict(info.parameters)
        rate_hz, ends = float(parameters.pop("rate_hz")), np.cumsum([int(n) for n in parameters.values()]).tolist()
        widths = zip(parameters, ends, parameters.values(), strict=True)
        return cls.of(info.name, Signal(rate_hz, {kind: slice(end - int(n), end) for kind, end, n in widths}))


def are_known(name: str) -> bool:
    """Whether a name is of several: nuisances with + between them, behind a rotation or not."""
    first, *rest = name.split(SEPARATOR)
    return all(part in NUISANCES for part in rest) and (first in NUISANCES or bool(rest and first == Rotation.name))


def check_against(name: str) -> None:
    """Raises InputError for an `--against` that no windows of an IMU can be trained under."""
    known = [nuisance.name for nuisance in fitting(IMU)]
    parts = [part for part in name.split(SEPARATOR) if part != Rotation.name]
    if name and (not set(parts) <= set(known) or (name != Rotation.name and not are_known(name))):
        raise InputError(
            f"--against is {name!r}, expected {Rotation.name} or nuisances with + between them, as rotation+mirror; "
            f"choose from {', '.join(known)}"
        )
