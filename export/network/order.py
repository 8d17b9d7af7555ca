"""In which order a file's tensor holds the values of a network's tensor.

A TRANSPOSE moves no value here: it names the same axes in another order, and the layer that reads them is asked whether
that order suits it. So the channel-first graphs of PyTorch's exporters cost nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

Factor = tuple[int, int]


@dataclass(frozen=True)
class Order:
    """Where the values of a file's tensor stand in the network's, which is flat.

    Args:
        axes: of each axis of the file's shape the factors of its size, the outermost first: (size, step), how many
            values in the network's tensor the next index is away. An axis of size 1 has none.
    """

    axes: tuple[tuple[Factor, ...], ...]

    @classmethod
    def of(cls, shape: Sequence[int]) -> "Order":
        """That of a tensor whose values stand as the file has them."""
        steps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
        return cls(tuple(((size, step),) if size > 1 else () for size, step in zip(shape, steps, strict=True)))

    @property
    def shape(self) -> list[int]:
        return [math.prod(size for size, _ in axis) for axis in self.axes]

    @property
    def plain(self) -> bool:
        """Whether the values stand as the file has them."""
        return len(self._runs()) < 2 and all(step == 1 for _, step in self._runs())

    def transposed(self, axes: Iterable[int]) -> "Order":
        """With the axes in another order."""
        return Order(tuple(self.axes[axis] for axis in axes))

    def reshaped(self, shape: Sequence[int]) -> "Order | None":
        """With another shape of as many values; None if it cuts through an axis that a TRANSPOSE has moved."""
        runs = self._runs()
        axes: list[tuple[Factor, ...]] = []
        left, step = 1, 1
        for size in reversed(shape):
            factors: list[Factor] = []
            while size > 1:
                if left == 1:
                    left, step = runs.pop()
                taken = math.gcd(size, left)
                if taken < min(size, left):
                    return None
                factors.insert(0, (taken, step))
                size, left, step = size // taken, left // taken, step * taken
            axes.insert(0, tuple(factors))
        return Order(tuple(axes))

    def _runs(self) -> list[Factor]:
        """All factors, those that go on in one another as one."""
        runs: list[Factor] = []
        for size, step in (factor for axis in self.axes for factor in axis):
            if runs and runs[-1][1] == size * step:
                runs[-1] = runs[-1][0] * size, step
            else:
                runs.append((size, step))
        return runs

    def outermost(self, axis: int) -> bool:
        """Whether index i along an axis is one stretch of the network's tensor."""
        total = math.prod(self.shape)
        return len(self.axes[axis]) < 2 and all(size * step == total for size, step in self.axes[axis])

    def longer(self, axis: int, by: int) -> "Order":
        """With an axis that is `by` longer and the outermost of a tensor that is longer, too."""
        (size, step), *_ = (*self.axes[axis], (1, math.prod(self.shape)))
        return Order((*self.axes[:axis], ((size + by, step),), *self.axes[axis + 1 :]))

    def part(self, axis: int, count: int) -> "Order":
        """Of so many indices along an axis of a single factor, in a tensor that holds no others."""
        ((size, step),) = self.axes[axis]

        def moved(factor: Factor) -> Factor:
            return (factor[0], factor[1] // size * count) if factor[1] > step else factor

        axes = [tuple(map(moved, factors)) for factors in self.axes]
        axes[axis] = ((count, step),) if count > 1 else ()
        return Order(tuple(axes))

    def indices(self) -> np.ndarray:
        """Place in the network's tensor of each value of the file's, int64 (values,)."""
        places = np.zeros(1, np.int64)
        for size, step in (factor for axis in self.axes for factor in axis):
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
