"""Layers that write each value from those of the same sample."""

import math
from dataclasses import dataclass

import numpy as np

from export.network.curves import Curve
from export.network.layers import Layer, Tensor

LOOKUP = "GATHER"  # a table by its entries, as TFLite has one: 256 values from which a GATHER takes


@dataclass(frozen=True, eq=False)
class Pointwise(Layer):
    """What writes each value from those of the same sample."""

    name: str
    source: Tensor
    kernel = stride = dilation = 1
    same = False

    @property
    def channels(self) -> int:  # type: ignore[override]
        return self.source.channels


class Softmax(Pointwise):
    """Softmax over the channels of each sample."""


@dataclass(frozen=True, eq=False)
class Table(Pointwise):
    """A function of each value by itself.

    Args:
        function: one of `export.network.tables`, for which TFLite has an operator, or LOOKUP.
        slope: below 0, if it has one.
        curve: what a LOOKUP is the table of; None where a file has its entries alone.
    """

    function: str
    slope: float = 0.0
    curve: Curve | None = None


@dataclass(frozen=True, eq=False)
class Elementwise(Pointwise):
    """What joins each value of a tensor with one of a second; with a fused ReLU if `relu`, up to `ceiling`.

    Args:
        second: of the source's shape, or of one sample, which then serves all.
        values: float32 of the second's shape, if it is a constant; its name is no other tensor's then.

    Raises:
        ValueError: the second has another shape.
    """

    second: Tensor
    relu: bool = False
    ceiling: float = math.inf
    values: np.ndarray | None = None

    def __post_init__(self) -> None:
        source, second = self.source, self.second
        if second.channels != source.channels or second.length not in (1, source.length):
            raise ValueError(f"{self.name}: joins {source} with {second}, expected its shape or that of one sample")

    @property
    def sources(self) -> tuple[Tensor, ...]:
        return (self.source, self.second) if self.values is None else (self.source,)

    @property
    def operands(self) -> tuple[Tensor, ...]:
        return self.source, self.second


class Add(Elementwise):
    """Sum, as of a residual connection."""


class Subtract(Elementwise):
    """The first less the second."""


class Multiply(Elementwise):
    """Product, as of a squeeze-and-excite gate."""


class Extreme(Elementwise):
    """The larger or the smaller one: all three tensors have one scale, and no ReLU is fused."""


class Maximum(Extreme):
    """The larger one."""


class Minimum(Extreme):
    """The smaller one."""


class PRelu(Elementwise):
    """A ReLU with a slope below 0, which is the second's value: a constant. No other ReLU is fused."""
