"""How each operator of a .tflite file becomes a layer: one function for each, which also derives its integers.

They follow TFLite Micro's own preparation of each kernel, as the pinned wheel does it.
"""

import math
from typing import TypeVar

import numpy as np

from export.network import factors, tables
from export.network.factors import PROBABILITIES, UnsupportedError
from export.network.layers import AveragePool, Conv, Depthwise, Layer, MaxPool, Mean, Pool, Tensor
from export.network.pointwise import Add, Softmax, Table
from export.network.tflite_operator import MOST_STEP, TFLiteOperator

MOST_SHARES = 2**12 - 1  # of a softmax, whose kernel adds them up in 12 integer bits

T = TypeVar("T", bound=Layer)


def conv(op: TFLiteOperator) -> Conv:
    """CONV_2D over one axis."""
    weights, scales = op.weights(axis=0)
    out, height, width, channels = weights.shape
    axis = op.axis((height, width))
    stride, dilation = op.steps(axis)
    source = op.source()
    if channels != source.channels:
        raise UnsupportedError(f" in groups of {channels} of {source.channels} channels", "one group, or a depthwise")
    weights = weights.reshape(out, -1, channels)
    op.keep_integers(weights, scales)
    layer = Conv(op.name, source, *_no_floats(weights, out), stride, op.same, dilation=dilation)
    return _over_time(op, layer, axis)


def depthwise(op: TFLiteOperator) -> Depthwise:
    """DEPTHWISE_CONV_2D over one axis."""
    weights, scales = op.weights(axis=3)
    batch, height, width, out = weights.shape
    if not op.has_bias:
        raise UnsupportedError(" without a bias, on which TFLite Micro itself ends", "one with a bias, of zeros")
    axis = op.axis((height, width))
    stride, dilation = op.steps(axis)
    source, multiplicity = op.source(), op.option("depthMultiplier")
    if batch != 1 or out != multiplicity * source.channels:
        raise UnsupportedError(
            f" with weights {list(weights.shape)} for {source.channels} channels, {multiplicity} from each",
            "weights of the shape (1, 1, kernel, all channels)",
        )
    weights = weights.reshape(-1, out)
    op.keep_integers(weights, scales)
    layer = Depthwise(op.name, source, *_no_floats(weights, out), stride, op.same, dilation=dilation)
    return _over_time(op, layer, axis)


def dense(op: TFLiteOperator) -> Conv:
    """FULLY_CONNECTED: a convolution over a single sample."""
    weights, scales = op.weights(axis=0, axes=2)
    out, width = weights.shape
    source = Tensor(op.file.names[op.inputs[0]], 1, math.prod(op.shape()))
    if width != source.channels:
        raise UnsupportedError(f" of {source.channels} values with weights for {width}", "a batch of one")
    if op.options["weightsFormat"]:
        raise UnsupportedError(" with shuffled weights", "weights in the default format")
    op.require_shape(*[1] * max(len(op.file.shape(op.output)) - 1, 0), out)
    weights = weights[:, None]
    op.keep_integers(weights, scales)
    return Conv(op.name, source, *_no_floats(weights, out))


def _no_floats(weights: np.ndarray, out: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias of a layer that is known by its integers."""
    return np.zeros(weights.shape, np.float32), np.zeros(out, np.float32)


def _over_time(op: TFLiteOperator, layer: T, axis: int) -> T:
    """The layer of an operator that slides along an axis, 0 for the height. Raises UnsupportedError if it does not fit
    into its input, or writes another shape than the file says.
    """
    result, pads = layer.result, layer.pads
    if result.length < 1 or max(pads) > MOST_STEP:
        raise UnsupportedError(f" of a kernel that spans {layer.span} samples over {layer.source}", "a shorter one")
    shape = (1, result.length, 1, result.channels) if axis == 0 else (1, 1, result.length, result.channels)
    op.require_shape(*shape)
    return layer


def average_pool(op: TFLiteOperator) -> Pool:
    return _pool(op, AveragePool)


def max_pool(op: TFLiteOperator) -> Pool:
    return _pool(op, MaxPool)


def _pool(op: TFLiteOperator, kind: type[Pool]) -> Pool:
    filters, strides = op.pair("filterHeight", "filterWidth"), op.pair("strideH", "strideW")
    axis = op.axis(filters)
    if op.affine() != op.result:
        raise UnsupportedError(" that changes the scale", "a pool with its input's scale and zero point")
    return _over_time(op, kind(op.name, op.source(), filters[axis], strides[axis], op.same), axis)


def mean(op: TFLiteOperator) -> Mean:
    """MEAN over all axes but the channels'."""
    shape, source, given = op.shape(), op.source(), op.constant(1).ravel().tolist()
    axes = {axis % len(shape) for axis in given}
    kept = math.prod(n for axis, n in enumerate(shape) if axis not in axes)
    inside = all(-len(shape) <= axis < len(shape) for axis in given)
    if not inside or len(shape) - 1 in axes or kept != source.channels:
        raise UnsupportedError(f" over axes {sorted(given)} of {shape}", "a mean over all of time")
    if op.options["keepDims"]:
        op.require_shape(*(1 if axis in axes else n for axis, n in enumerate(shape)))
    else:
        op.require_shape(*(n for axis, n in enumerate(shape) if axis not in axes))
    op.file.rescales[op.name] = factors.of_mean(op.affine(), op.result, source.length)
    return Mean(op.name, source, source.length, source.length)


def add(op: TFLiteOperator) -> Add:
    """ADD of two tensors that operators wrote."""
    first, second = op.inputs
    if second not in op.file.names or first not in op.file.names:
        raise UnsupportedError(" of a constant", "a bias of the operator before it")
    if op.shape(0) != op.shape(1):
        raise UnsupportedError(" of two shapes (broadcast)", "an ADD of two tensors of one shape")
    op.require_shape(*op.shape())
    op.file.rescales[op.name] = factors.of_addition(op.affine(0), op.affine(1), op.result)
    return Add(op.name, op.source(0), op.source(1))


def softmax(op: TFLiteOperator) -> Softmax:
    """SOFTMAX over the last axis."""
    if op.result != PROBABILITIES:
        raise UnsupportedError(" with another output than probabilities", "an output of scale 1/256, zero point -128")
    source = op.source()
    op.require_shape(*op.shape())
    op.file.rescales[op.name] = factors.of_softmax(op.affine(), float(op.options["beta"]))
    if source.channels > MOST_SHARES:
        raise UnsupportedError(f" over {source.channels} channels", f"at most {MOST_SHARES}")
    return Softmax(op.name, source)


def table(op: TFLiteOperator) -> Table:
    """A function of one value, by the operator's name."""
    op.require_shape(*op.shape())
    slope = float(op.options.get("alpha", 0.0))
    op.file.rescales[op.name] = factors.of_table(tables.table(op.kind, op.affine(), op.result, slope))
    return Table(op.name, op.source(), op.kind, slope)
