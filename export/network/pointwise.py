"""Layers that write each value from those of the same sample."""

import math
from dataclasses import dataclass

from export.network.layers import Layer, Tensor


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


@dataclass(frozen=True, eq=False)
class Add(Pointwise):
    """Sum of two tensors of one shape, as of a residual connection; with a fused ReLU if `relu`, up to `ceiling`."""

    second: Tensor
    relu: bool = False
    ceiling: float = math.inf

    @property
    def sources(self) -> tuple[Tensor, ...]:
        return self.source, self.second


class Softmax(Pointwise):
    """Softmax over the channels of each sample."""


@dataclass(frozen=True, eq=False)
class Table(Pointwise):
    """A function of each value by itself: one of `export.network.tables`, with its slope below 0 if it has one."""

    function: str
    slope: float = 0.0
