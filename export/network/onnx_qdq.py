"""QuantizeLinear and DequantizeLinear of ONNX: which scales and integers the file has, kept as they are.

uint8 is int8 with another zero point: the same steps of the same values.
"""

import numpy as np

from export.network.factors import UnsupportedError
from export.network.integers import Affine
from export.network.onnx_operator import Integers, OnnxOperator
from export.network.pointwise import Table

INT8 = "int8 or uint8, one scale for a tensor of activations"


def quantize(op: OnnxOperator) -> None:
    """QuantizeLinear: of an activation it says the scale; a constant becomes integers."""
    if op.constant(0) is not None:
        values, scale, zero = op.fixed(0, "value"), *_scale(op)
        low, high = (0, 255) if zero.dtype == np.uint8 else (-128, 127)
        steps = np.rint(values / _along(op, scale, values.ndim)) + _along(op, zero.astype(np.int64), values.ndim)
        op.graph.constants[op.node.outputs[0]] = np.clip(steps, low, high).astype(zero.dtype)
        return
    affine, view = _affine(op), op.view()
    name = view.tensor.name
    if op.graph.affines.get(name, affine) == affine:
        op.graph.affines[name] = affine
        op.alias(view)
        return
    layer = Table(op.fresh(), view.tensor, "QUANTIZE")
    op.graph.affines[layer.name] = affine
    op.write(layer, view.positions)


def dequantize(op: OnnxOperator) -> None:
    """DequantizeLinear: integers of a constant are kept beside its values."""
    values = op.constant(0)
    if values is None:
        affine, view = _affine(op), op.view()
        held = op.graph.affines.get(view.tensor.name)
        if held != affine:
            raise UnsupportedError(" with another scale than was quantized with", "a pair of one scale")
        op.alias(view)
        return
    scale, zero = _scale(op)
    axis = op.axis(op.attribute("axis", 1), values.ndim) if scale.size > 1 else 0
    steps = values.astype(np.int64) - _along(op, zero.astype(np.int64), values.ndim)
    name = op.node.outputs[0]
    op.graph.constants[name] = (steps * _along(op, scale.astype(np.float64), values.ndim)).astype(np.float32)
    if zero.any() or np.abs(steps).max(initial=0) > (2**31 - 1 if values.dtype == np.int32 else 128):
        raise UnsupportedError(" with asymmetric weights", "symmetric ones: quantize_static(..., WeightSymmetric=True)")
    op.graph.integers[name] = Integers(steps, scale.ravel().astype(np.float32), axis)


def _scale(op: OnnxOperator) -> tuple[np.ndarray, np.ndarray]:
    """Scales and zero points; without any, the latter are uint8 zeros."""
    scale = op.fixed(1, "scale")
    zero = op.fixed(2, "zero point") if op.has(2) else np.zeros(scale.shape, np.uint8)
    scale, zero = scale.ravel(), zero.ravel()
    if zero.size != scale.size or not np.isfinite(scale).all() or (scale <= 0).any():
        raise UnsupportedError(" with scales that are not above 0, or as many as zero points", INT8)
    return scale, zero


def _affine(op: OnnxOperator) -> Affine:
    scale, zero = _scale(op)
    if scale.size != 1 or zero.dtype not in (np.int8, np.uint8):
        raise UnsupportedError(f" with {scale.size} scales and zero points of {zero.dtype}", INT8)
    shift = 128 if zero.dtype == np.uint8 else 0
    return Affine(np.float32(scale.ravel()[0]), int(zero.ravel()[0]) - shift)


def _along(op: OnnxOperator, values: np.ndarray, axes: int) -> np.ndarray:
    """One number for all, or one for each place along the operator's axis."""
    if values.size == 1:
        return values.reshape([1] * axes)
    shape = [1] * axes
    shape[op.axis(op.attribute("axis", 1), axes)] = values.size
    return values.reshape(shape)


QDQ = {"QuantizeLinear": quantize, "DequantizeLinear": dequantize}
