"""Operators of .tflite files that write the values of their input in another shape: no layer becomes of them."""

import math

from export.network.factors import UnsupportedError
from export.network.operators import FileForm
from export.network.tflite_operator import TFLiteOperator


def reshape(op: TFLiteOperator) -> None:
    """RESHAPE: the file gives the shape that it writes."""
    if len(op.inputs) > 1:
        op.constant(1)
    _require_view(op)


def expand_dims(op: TFLiteOperator) -> None:
    """EXPAND_DIMS: one more axis of length 1."""
    axes, shape = op.constant(1).ravel().tolist(), op.shape()
    if len(axes) != 1 or not -len(shape) - 1 <= axes[0] <= len(shape):
        raise UnsupportedError(f" at the axes {axes} of {shape}", "one axis in or behind the shape")
    shape.insert(axes[0] % (len(shape) + 1), 1)
    op.require_shape(*shape)
    _require_view(op)


def squeeze(op: TFLiteOperator) -> None:
    """SQUEEZE: some axes of length 1 fewer, or all of those."""
    shape, given = op.shape(), op.options["squeezeDims"]
    if any(not -len(shape) <= axis < len(shape) or shape[axis] != 1 for axis in given):
        raise UnsupportedError(f" of the axes {given} of {shape}", "axes of length 1")
    axes = {axis % len(shape) for axis in given} or {axis for axis, n in enumerate(shape) if n == 1}
    op.require_shape(*(n for axis, n in enumerate(shape) if axis not in axes))
    _require_view(op)


def _require_view(op: TFLiteOperator) -> None:
    if op.result != op.affine():
        raise UnsupportedError(" that changes the scale", "one with its input's scale and zero point")
    shape = op.file.shape(op.output)
    if math.prod(shape) != math.prod(op.shape()):
        raise UnsupportedError(f" from {op.shape()} to {shape}", "a shape of as many values")


VIEWS = {
    "RESHAPE": FileForm(reshape, "ReshapeOptions", 1, (1, 2), bare=True),
    "EXPAND_DIMS": FileForm(expand_dims, "ExpandDimsOptions", 1, (2, 2), bare=True),
    "SQUEEZE": FileForm(squeeze, "SqueezeOptions", 1),
}
