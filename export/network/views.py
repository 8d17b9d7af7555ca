"""Operators of .tflite files that write the values of their input in another shape or order, or with zeros around
them: no layer becomes of them.
"""

import math

import numpy as np

from export.network.factors import UnsupportedError
from export.network.operators import FileForm
from export.network.tflite_graph import Pads
from export.network.tflite_operator import TFLiteOperator


def reshape(op: TFLiteOperator) -> None:
    """RESHAPE: the file gives the shape that it writes."""
    if len(op.inputs) > 1:
        op.constant(1)
    _reshaped(op)


def expand_dims(op: TFLiteOperator) -> None:
    """EXPAND_DIMS: one more axis of length 1."""
    axes, shape = op.constant(1).ravel().tolist(), op.shape()
    if len(axes) != 1 or not -len(shape) - 1 <= axes[0] <= len(shape):
        raise UnsupportedError(f" at the axes {axes} of {shape}", "one axis in or behind the shape")
    shape.insert(axes[0] % (len(shape) + 1), 1)
    op.require_shape(*shape)
    _reshaped(op)


def squeeze(op: TFLiteOperator) -> None:
    """SQUEEZE: some axes of length 1 fewer, or all of those."""
    shape, given = op.shape(), op.options["squeezeDims"]
    if any(not -len(shape) <= axis < len(shape) or shape[axis] != 1 for axis in given):
        raise UnsupportedError(f" of the axes {given} of {shape}", "axes of length 1")
    axes = {axis % len(shape) for axis in given} or {axis for axis, n in enumerate(shape) if n == 1}
    op.require_shape(*(n for axis, n in enumerate(shape) if axis not in axes))
    _reshaped(op)


def transpose(op: TFLiteOperator) -> None:
    """TRANSPOSE: the same axes in another order."""
    shape, axes = op.shape(), op.constant(1).ravel().tolist()
    if sorted(axes) != list(range(len(shape))):
        raise UnsupportedError(f" to the axes {axes} of {shape}", "each axis once")
    order = op.order().transposed(axes)
    op.require_shape(*order.shape)
    op.require_scale()
    op.keep_view(order)


def pad(op: TFLiteOperator) -> None:
    """PAD of zeros along time, which is a convolution's that reads it; PADV2 names the zero itself."""
    shape, table = op.shape(), op.constant(1)
    if len(op.inputs) > 2:
        _require_zero(op)
    if table.shape != (len(shape), 2) or table.min() < 0:
        raise UnsupportedError(f" by {table.tolist()} of {shape}", "a row of zeros before and after for each axis")
    op.require_scale()
    op.require_shape(*(size + int(before) + int(after) for size, (before, after) in zip(shape, table, strict=True)))
    padded, order = np.flatnonzero(table.any(axis=1)).tolist(), op.order()
    if not padded:
        op.keep_view(order)
        return
    if len(padded) > 1 or not order.outermost(padded[0]):
        raise UnsupportedError(f" of the axes {padded} of {shape}", "a PAD of the axis of time alone")
    (axis,) = padded
    before, after = table[axis].tolist()
    longer = order.longer(axis, before + after)
    step = longer.axes[axis][0][1]
    pads = op.file.pads.get(op.inputs[0], Pads(0, 0, op.inputs[0]))
    op.keep_view(longer, Pads(pads.before + before * step, pads.after + after * step, pads.reads, pads.operators))


def _require_zero(op: TFLiteOperator) -> None:
    """Raises UnsupportedError unless the value around is a zero in the input's scale."""
    value, affine, tensor = op.constant(2, "INT8"), op.affine(), op.file.contents.tensors[op.inputs[2]]
    scales, zero_points = tensor.scales.tolist(), tensor.zero_points.tolist()
    if value.size > 1 or value != affine.zero_point or (scales, zero_points) != ([affine.scale], [affine.zero_point]):
        raise UnsupportedError(" of another value than zero", "a PAD of zeros")


def _reshaped(op: TFLiteOperator) -> None:
    op.require_scale()
    shape = op.file.shape(op.output)
    if math.prod(shape) != math.prod(op.shape()):
        raise UnsupportedError(f" from {op.shape()} to {shape}", "a shape of as many values")
    order = op.order().reshaped(shape)
    if order is None:
        raise UnsupportedError(
            f" from {op.shape()} to {shape} behind a TRANSPOSE that moves values",
            "one that a FULLY_CONNECTED or a MEAN over time reads, or time before channels all through",
        )
    op.keep_view(order)


VIEWS = {
    "RESHAPE": FileForm(reshape, "ReshapeOptions", 1, (1, 2), bare=True),
    "EXPAND_DIMS": FileForm(expand_dims, "ExpandDimsOptions", 1, (2, 2), bare=True),
    "SQUEEZE": FileForm(squeeze, "SqueezeOptions", 1),
    "TRANSPOSE": FileForm(transpose, "TransposeOptions", 2, (2, 2), bare=True),
    "PAD": FileForm(pad, "PadOptions", 2, (2, 2), bare=True),
    "PADV2": FileForm(pad, "PadV2Options", 2, (3, 3), bare=True),
}
