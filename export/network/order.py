"""In which order a file's tensor holds the values of a network's tensor.

A TRANSPOSE moves no value here: it names the same axes in another order, and the layer that reads them is asked whether
that order suits it. So the channel-first graphs of PyTorch's exporters cost nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Order:
    """Where the values of a file's tensor stand in the network's, which is flat.

    Args:
        axes: of each axis of the file's shape its size, and how many values the next index along it is away; 0 for an
            axis of size 1.
    """

    axes: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, shape: Sequence[int]) -> "Order":
        """That of a tensor whose values stand as the file has them."""
        steps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
        return cls(tuple((size, step if size > 1 else 0) for size, step in zip(shape, steps, strict=True)))

    @property
    def shape(self) -> list[int]:
        return [size for size, _ in self.axes]

    @property
    def plain(self) -> bool:
        """Whether the values stand as the file has them."""
        return self == Order.of(self.shape)

    def transposed(self, axes: Iterable[int]) -> "Order":
        """With the axes in another order."""
        return Order(tuple(self.axes[axis] for axis in axes))

    def reshaped(self, shape: Sequence[int]) -> "Order | None":
        """With another shape of as many values; None if no axes with steps tell where they stand then."""
        runs: list[tuple[int, int]] = []
        for size, step in self.axes:
            if size == 1:
                continue
            if runs and runs[-1][1] == size * step:
                runs[-1] = runs[-1][0] * size, step
            else:
                runs.append((size, step))
        axes: list[tuple[int, int]] = []
        left, step = 1, 0
        for size in reversed(shape):
            if size > 1 and left == 1 and runs:
                left, step = runs.pop()
            if left % size:
                return None
            axes.append((size, step if size > 1 else 0))
            left, step = left // size, step * size
        return None if runs or left > 1 else Order(tuple(reversed(axes)))

    def outermost(self, axis: int) -> bool:
        """Whether the network's tensor begins anew at no other axis: index i along this one is a stretch of it."""
        size, step = self.axes[axis]
        return size * step == math.prod(self.shape) or math.prod(self.shape) == 1

    def longer(self, axis: int, by: int) -> "Order":
        """With an axis that is `by` longer, of a tensor in which it is the outermost."""
        size, step = self.axes[axis]
        step = step or math.prod(self.shape)
        return Order((*self.axes[:axis], (size + by, step), *self.axes[axis + 1 :]))

    def indices(self) -> np.ndarray:
        """Place in the network's tensor of each value of the file's, int64 (values,)."""
        places = np.zeros(1, np.int64)
        for size, step in self.axes:
            places = (places[:, None] + np.arange(size) * step).ravel()
        return places

    def to_file(self, values: np.ndarray) -> np.ndarray:
        """The network's values, flat, as the file has them."""
        moved: np.ndarray = values.ravel()[self.indices()]
        return moved

    def to_network(self, values: np.ndarray) -> np.ndarray:
        """The file's values, flat, as the network has them."""
        moved = np.empty_like(values.ravel())
        moved[self.indices()] = values.ravel()
        return moved
