"""What a method is: which views of a window are trained on, and the loss between two of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from torch import Generator, Tensor

from scl.partition import Partition

if TYPE_CHECKING:
    from train.run.config import TrainConfig


@dataclass(frozen=True)
class Batch:
    """What a loss between two views may read besides their latents.

    Attributes:
        labels: (B,) of this rank's windows.
        order: CPU generator that negatives are drawn with, the same on every rank.
        done: how much of the training is over, 0 to 1.
    """

    labels: Tensor
    order: Generator
    done: float


class Between(Protocol):
    """Latents (B, d) of all ranks' windows and of their second views to a loss, a scalar, and its parts for the log."""

    def __call__(self, z: Tensor, z_t: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]: ...


@dataclass(frozen=True)
class Method:
    """A way to train.

    Attributes:
        name: of `--method`.
        first_transformed: whether the first view is transformed; None: as `--anchor` says.
        between: makes the loss between two views of the options and the partition; None: there is one view.
        structured: whether that loss tells invariant, variant and free dimensions apart.
    """

    name: str
    first_transformed: bool | None = None
    between: "Callable[[TrainConfig, Partition], Between] | None" = None
    structured: bool = False

    @property
    def views(self) -> int:
        """How many views of a window are trained on, where `--views` does not say."""
        return 1 if self.between is None else 2

    def transforms_first(self, anchor: str) -> bool:
        """Whether the first view is transformed, with `--anchor` for methods that leave it to that."""
        return anchor == "transformed" if self.first_transformed is None else self.first_transformed


def of_latents(loss: Callable[[Tensor, Tensor], Tensor]) -> "Callable[[TrainConfig, Partition], Between]":
    """The `between` of a method whose loss reads the latents of the two views and nothing else."""

    def between(z: Tensor, z_t: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        value = loss(z, z_t)
        return value, {"contrast": value.detach()}

    return lambda config, partition: between
