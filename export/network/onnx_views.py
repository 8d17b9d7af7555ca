"""ONNX operators that move, cut and pad values: they change a view, and no layer becomes of them.

Each works on an array (a constant's values, or a view's positions), so that constants are folded by the same functions.
"""

import math
from collections.abc import Callable

import numpy as np

from export.network.factors import UnsupportedError
from export.network.onnx_file import MOST_VALUES
from export.network.onnx_operator import OnnxOperator
from export.network.onnx_view import ZERO

Moved = np.ndarray


def reshape(op: OnnxOperator, values: Moved) -> Moved:
    """Reshape: 0 keeps a length (unless allowzero), -1 is what is left."""
    shape = [int(n) for n in op.fixed(1, "shape").ravel()]
    if not op.attribute("allowzero", 0):
        shape = [values.shape[i] if n == 0 and i < values.ndim else n for i, n in enumerate(shape)]
    known = math.prod(n for n in shape if n != -1)
    left = values.size // known if known and shape.count(-1) == 1 else 1
    shape = [left if n == -1 else n for n in shape]
    if math.prod(shape) != values.size or min(shape, default=1) < 0:
        raise UnsupportedError(f" from {list(values.shape)} to {shape}", "a shape of as many values, the batch being 1")
    return values.reshape(shape)


def flatten(op: OnnxOperator, values: Moved) -> Moved:
    axis = op.attribute("axis", 1)
    axis = axis + values.ndim if axis < 0 else axis
    return values.reshape(math.prod(values.shape[:axis]), -1)


def transpose(op: OnnxOperator, values: Moved) -> Moved:
    order = op.attribute("perm", list(range(values.ndim))[::-1])
    if sorted(order) != list(range(values.ndim)):
        raise UnsupportedError(f" to the order {order} of {values.ndim} axes", "an order of all axes")
    return values.transpose(order)


def squeeze(op: OnnxOperator, values: Moved) -> Moved:
    ones = [axis for axis, n in enumerate(values.shape) if n == 1]
    axes = [op.axis(axis, values.ndim) for axis in op.listed("axes", 1, ones)]
    if any(values.shape[axis] != 1 for axis in axes):
        raise UnsupportedError(f" of the axes {axes} of {list(values.shape)}", "axes of length 1")
    return values.squeeze(tuple(axes))


def unsqueeze(op: OnnxOperator, values: Moved) -> Moved:
    axes = op.listed("axes", 1)
    total = values.ndim + len(axes)
    return np.expand_dims(values, tuple(op.axis(axis, total) for axis in axes))


def expanded(op: OnnxOperator, values: Moved) -> Moved:
    """Expand: axes of length 1 repeat their values."""
    shape = np.broadcast_shapes(values.shape, tuple(int(n) for n in op.fixed(1, "shape").ravel()))
    if math.prod(shape) > MOST_VALUES:
        raise UnsupportedError(f" to {list(shape)}", f"at most {MOST_VALUES:,} values")
    return np.broadcast_to(values, shape)


def sliced(op: OnnxOperator, values: Moved) -> Moved:
    """Slice, with steps."""
    starts, ends = op.listed("starts", 1), op.listed("ends", 2)
    axes = op.listed("axes", 3, range(len(starts)))
    steps = op.listed("steps", 4, [1] * len(starts))
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise UnsupportedError(f" from {starts} to {ends} by {steps}", "as many starts as ends, axes and steps")
    index: list[slice] = [slice(None)] * values.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = op.axis(axis, values.ndim)
        # Going backwards, an end before the beginning is none.
        stop = None if step < 0 and end < -values.shape[at] else end
        index[at] = slice(start, stop, step)
    result = values[tuple(index)]
    if not result.size:
        raise UnsupportedError(f" from {starts} to {ends} of {list(values.shape)}", "a part that is not empty")
    return result


def gather(op: OnnxOperator, values: Moved) -> Moved:
    """Gather by a constant index."""
    index = op.fixed(1, "index").astype(np.int64)
    axis = op.axis(op.attribute("axis", 0), values.ndim)
    n = values.shape[axis]
    if (index < -n).any() or (index >= n).any() or values.size // n * index.size > MOST_VALUES:
        raise UnsupportedError(f" beyond axis {axis} of {list(values.shape)}", f"an index below {n}")
    return np.take(values, index, axis=axis)


def pad(op: OnnxOperator, values: Moved) -> Moved:
    """Pad with zeros; fewer than none cuts."""
    mode = op.attribute("mode", "constant")
    value = op.constant(2)
    filled = op.attribute("value", 0.0) if value is None else float(value.ravel()[0])
    if mode != "constant" or filled:
        raise UnsupportedError(
            f" of mode {mode} with {filled:g}", "zeros (padding_mode='zeros'), or a model that pads nothing"
        )
    pads = op.listed("pads", 1)
    axes = [op.axis(axis, values.ndim) for axis in op.listed("axes", 3, range(values.ndim))]
    if len(pads) != 2 * len(axes):
        raise UnsupportedError(f" by {pads} of {values.ndim} axes", "two numbers for each axis")
    around = {axis: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    cut = tuple(
        slice(max(-before, 0), values.shape[axis] - max(-after, 0))
        for axis, (before, after) in ((axis, around.get(axis, (0, 0))) for axis in range(values.ndim))
    )
    added = [(max(b, 0), max(a, 0)) for b, a in (around.get(axis, (0, 0)) for axis in range(values.ndim))]
    grown = math.prod(n + sum(more) for n, more in zip(values.shape, added, strict=True))
    if added[0] != (0, 0) or grown > MOST_VALUES:
        raise UnsupportedError(f" by {pads} of {list(values.shape)}", "padding of samples")
    return np.pad(values[cut], added, constant_values=ZERO)


def same(op: OnnxOperator, values: Moved) -> Moved:
    """Identity and Dropout, which does nothing outside training."""
    if op.kind == "Cast" and op.attribute("to", 1) != 1:
        raise UnsupportedError(f" to type {op.attribute('to', 1)}", "float32 throughout")
    return values


VIEWS: dict[str, Callable[[OnnxOperator, Moved], Moved]] = {
    "Reshape": reshape,
    "Flatten": flatten,
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Slice": sliced,
    "Expand": expanded,
    "Gather": gather,
    "Pad": pad,
    "Identity": same,
    "Dropout": same,
    "Cast": same,
}
MOVED_CONSTANTS = {"Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Expand"}


def split(op: OnnxOperator, values: Moved) -> list[Moved]:
    """Split: one part for each output."""
    axis, parts = op.axis(op.attribute("axis", 0), values.ndim), len(op.node.outputs)
    n = values.shape[axis]
    each = -(-n // parts)
    sizes = op.listed("split", 1, [each] * (n // each) + [n % each] * (n % each > 0))
    if len(sizes) != parts or sum(sizes) != n or min(sizes) < 1:
        raise UnsupportedError(f" of {n} values into {sizes}", "parts that add up")
    return np.split(values, np.cumsum(sizes)[:-1], axis)
