"""What may happen to a heartbeat's measurement: its R peak found a little aside, another gain, a wandering baseline,
an electrode that moves; and, where `--against` asks for them, the lead turned round and the record's other lead.

The copies are measured once, when the beats are (train/data/beat_copies.py): a cut holds the features of a beat as
recorded, and behind them those of each copy.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from scl.artifacts import InputError
from scl.artifacts.run import InputSteps, TransformationInfo
from scl.frontend.spec import FrontEndSpec
from scl.robustness import Transformed
from train.transformations.base import Copies, CopiesFigures, Figures, SensorCopies, Transformation

if TYPE_CHECKING:
    from train.data.recordings import Recordings, WindowSet

ANOTHER_PEAK = "another peak"
INVERTED = "inverted lead"
OTHER_LEAD = "other lead"
KINDS = (ANOTHER_PEAK, "gain", "baseline wander", "electrode motion")
AGAINST = {"inverted": INVERTED, "lead": OTHER_LEAD}  # by their names in options: kinds besides those
SEPARATOR = "+"


@dataclass(frozen=True)
class DisturbanceFigures(CopiesFigures):
    """Of a copy of each kind."""

    kinds: list[str]

    def sentences(self, others: Mapping[str, Figures]) -> list[str]:
        shares = ("-" if share is None else f"{share:.4f}" for share in self.consistency)
        each = ", ".join(f"{kind} {share}" for kind, share in zip(self.kinds, shares, strict=True))
        return [f"  {'consistency':15} {each}"]


@dataclass(frozen=True)
class Disturbance:
    """Cuts x (B, features, 1 + kinds), the beat as recorded first; targets y (B,) are labels.

    Attributes:
        against: of AGAINST, in its order.
    """

    against: tuple[str, ...] = ()

    name = "disturbance"
    limited: ClassVar[tuple[str, ...]] = ("macro_f1", "consistency")
    balanced = False
    figures_class: ClassVar = DisturbanceFigures

    def __post_init__(self) -> None:
        expected = tuple(name for name in AGAINST if name in self.against)
        if self.against != expected:
            raise ValueError(f"against is {self.against}, expected some of {', '.join(AGAINST)} in this order")

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the copies, in order."""
        return KINDS + tuple(AGAINST[name] for name in self.against)

    @property
    def sentence(self) -> str:
        return ", ".join(("another R peak", *self.kinds[1:]))

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x[:, :, :1], y

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        kind = torch.randint(1, x.shape[2], (len(x), 1, 1), generator=generator, device=x.device)
        return x.gather(2, kind.expand(-1, x.shape[1], 1)), y

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """One of each kind, whatever `draws` says."""
        for kind in range(1, x.shape[2]):
            yield x[:, :, kind : kind + 1], y

    def probed(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Copies:
        """What was done is told by which kind it is."""
        kinds = torch.eye(x.shape[2] - 1)[:, None].expand(-1, len(x), -1)
        return Copies([x[:, :, kind : kind + 1] for kind in range(x.shape[2])], kinds.numpy())

    def sensor_copies(
        self,
        windows: "WindowSet",
        draws: int,
        seed: int,
        recordings: Callable[[], "Recordings"],
        frontend: FrontEndSpec,
    ) -> SensorCopies:
        raise ValueError("beats have no windows of counts: export plays whole records")

    def window(self, samples: int) -> int:
        return 1

    def figures(self, transformed: Transformed, similarity: Mapping[str, list[float]]) -> DisturbanceFigures:
        return DisturbanceFigures(**vars(CopiesFigures.of(transformed, similarity)), kinds=list(self.kinds))

    def others(self) -> Mapping[str, Transformation]:
        return {}

    def farthest(self, draws: int) -> int | None:
        return None

    def by_construction(self, steps: InputSteps) -> str | None:
        return None

    def describe(self) -> TransformationInfo:
        return TransformationInfo(self.name, dict.fromkeys(self.against, 1.0), self.sentence)

    def fitting(self, recordings: "Recordings") -> "Disturbance":
        """Without the copies in another lead where recordings have none."""
        missing = recordings.other_lead is None
        return Disturbance(tuple(name for name in self.against if not (missing and AGAINST[name] == OTHER_LEAD)))

    @classmethod
    def of(cls, against: str) -> "Disturbance":
        """By the names in `--against`, with + between them. Raises InputError for others."""
        names = against.split(SEPARATOR) if against else []
        if not set(names) <= set(AGAINST) or len(set(names)) != len(names):
            raise InputError(
                f"--against is {against!r}, expected inverted, lead or inverted+lead where beats are measured, which "
                "are disturbed in other ways besides; choose one of them, or leave it out"
            )
        return cls(tuple(name for name in AGAINST if name in names))

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, float]) -> "Disturbance":
        """Of a run.json, which has a 1 for each name. Raises ValueError for other parameters."""
        if any(value != 1 for value in parameters.values()):
            raise ValueError("expected 1 for each")
        return cls(tuple(parameters))
