"""A value of an ONNX graph as what it holds of one of the network's tensors.

ONNX has (batch, channels, samples), the network (samples, channels). Instead of moving values, a view keeps for each of
an ONNX value's places where that value stands in the tensor. Reshape, Transpose, Slice, Pad and the like are then the
same operations on those positions, and none of them becomes a layer: a convolution or a dense layer reads through its
view by permuting its weights.
"""

from dataclasses import dataclass

import numpy as np

from export.network.factors import UnsupportedError
from export.network.layers import Tensor

ZERO = -1  # the position of a zero that padding put in


@dataclass(frozen=True, eq=False)
class View:
    """What a value holds.

    Args:
        tensor: one of the network's.
        positions: int64, of the value's shape with its batch axis of 1: places in the flat, time-major tensor, or ZERO.
    """

    tensor: Tensor
    positions: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.positions.shape

    def moved(self, positions: np.ndarray) -> "View":
        """Other places of the same tensor."""
        return View(self.tensor, positions)


@dataclass(frozen=True, eq=False)
class Signal:
    """A view over time: a tensor of so many samples, the channel that each of the view's channels is, and zeros before
    and after.
    """

    tensor: Tensor
    rows: np.ndarray  # (channels of the view,)
    pads: tuple[int, int]

    @property
    def whole(self) -> bool:
        """Whether it is the tensor itself, its channels in any order."""
        return self.pads == (0, 0) and np.array_equal(np.sort(self.rows), np.arange(self.tensor.channels))


def signal(tensor: Tensor, positions: np.ndarray) -> Signal:
    """A view's positions (channels, samples) as a signal.

    Raises UnsupportedError unless the channels run along each other over all of the tensor's time.
    """
    used = (positions != ZERO).any(axis=0)
    if not used.any():
        raise UnsupportedError(" of zeros alone", "values of the input")
    first, last = int(np.argmax(used)), len(used) - int(np.argmax(used[::-1]))
    inner, pads = positions[:, first:last], (first, len(used) - last)
    length = last - first
    if tensor.size % length == 0:
        channels = tensor.size // length
        rows = inner[:, 0]
        steps = channels * np.arange(length)
        if (rows >= 0).all() and (rows < channels).all() and np.array_equal(inner, rows[:, None] + steps):
            return Signal(Tensor(tensor.name, length, channels), rows, pads)
    raise UnsupportedError(
        f" of a part or another order of the {tensor.length} samples of {tensor.name}",
        "one over all samples in their order: cut or reorder before the model, or behind a Flatten",
    )


def plain(tensor: Tensor) -> np.ndarray:
    """Positions (1, channels, samples) of a whole tensor, as ONNX has it."""
    return np.arange(tensor.size).reshape(tensor.length, tensor.channels).T[None]


def spread(tensor: Tensor, rows: np.ndarray) -> np.ndarray:
    """Positions (channels, samples) of the channels `rows` of a whole tensor."""
    return rows[:, None] + tensor.channels * np.arange(tensor.length)
