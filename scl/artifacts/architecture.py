"""Shape of an encoder, and how many weights it has."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MaxLen, MinLen

from scl.artifacts.errors import shortened
from scl.artifacts.fields import MOST, Count
from scl.partition import Partition

MOST_PARAMETERS = 50_000_000  # of an encoder; more is no wearable's, and a damaged file's number fills no memory
MOST_BLOCKS = 100  # of an encoder


@dataclass(frozen=True)
class Architecture:
    """Shape of an encoder.

    Args:
        widths: output channels of each convolution block.
        strides: stride of each block, in samples.
        kernel: length of each convolution, in samples; one number is that of all.
        pool: "average" pools over all remaining samples; "flatten" keeps their order.
        padding: "same" pads each convolution with zeros; "valid" does not, so that a stream keeps more columns.

    Raises:
        ValueError: lengths differ, a size is not positive or beyond 65,535, or the pool is unknown.
    """

    widths: Annotated[tuple[Count, ...], MinLen(1), MaxLen(MOST_BLOCKS)] = (24, 32, 40, 48, 48, 64, 64)
    strides: Annotated[tuple[Count, ...], MinLen(1), MaxLen(MOST_BLOCKS)] = (2, 1, 2, 1, 2, 1, 2)
    kernel: Annotated[tuple[Count, ...], MinLen(1), MaxLen(MOST_BLOCKS)] | Count = (5, 3, 5, 3, 5, 3, 5)
    pool: str = "average"
    padding: str = "same"

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))
        object.__setattr__(self, "strides", tuple(self.strides))
        kernels = (self.kernel,) * len(self.widths) if isinstance(self.kernel, int) else tuple(self.kernel)
        object.__setattr__(self, "kernel", kernels)
        if not self.widths or not len(self.widths) == len(self.strides) == len(kernels):
            raise ValueError(
                f"architecture: {len(self.widths)} widths but {len(self.strides)} strides and {len(kernels)} kernels"
            )
        sizes = (*self.widths, *self.strides, *kernels)
        if min(sizes) < 1 or max(sizes) > MOST:
            raise ValueError(f"architecture: widths, strides and kernels must be 1 or more, at most {MOST:,}")
        if self.pool not in ("average", "flatten"):
            raise ValueError(f"architecture: pool is {shortened(self.pool)}, expected average or flatten")
        if self.padding not in ("same", "valid"):
            raise ValueError(f"architecture: padding is {shortened(self.padding)}, expected same or valid")

    @property
    def kernels(self) -> tuple[int, ...]:
        """Length of each block's convolution."""
        assert isinstance(self.kernel, tuple)  # __post_init__ has seen to it
        return self.kernel


def check_weights(shape: Architecture, inputs: int, samples: int, partition: Partition, classes: int) -> None:
    """Raises ValueError if an encoder of windows (inputs, samples) has more than MOST_PARAMETERS weights of
    convolutions, latent and head; with SAME padding, which leaves the most to a flattened latent.
    """
    total = 0
    for width, stride, kernel in zip(shape.widths, shape.strides, shape.kernels, strict=True):
        total += inputs * kernel * width
        inputs, samples = width, -(-samples // stride)
    read = inputs * samples if shape.pool == "flatten" else inputs
    total += read * partition.size + partition.kept_size * classes
    if total > MOST_PARAMETERS:
        raise ValueError(f"architecture: has {total:,} weights, expected at most {MOST_PARAMETERS:,}")
