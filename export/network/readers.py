"""How each operator of a .tflite file becomes a layer: one function for each, which also derives its integers.

They follow TFLite Micro's own preparation of each kernel, as the pinned wheel does it.
"""

import math

import numpy as np

from export.network.integers import Affine, quantize_multiplier
from export.network.layers import Add, AveragePool, Conv, Depthwise, MaxPool, Mean, Pool, Softmax, Tensor
from export.network.tflite_operator import TFLiteOperator, UnsupportedError

ADD_HEADROOM = 20  # bits, of the kernel
SOFTMAX_BITS = 5  # integer bits of a scaled difference
PROBABILITY_SCALE = np.float32(1 / 256)


def conv(op: TFLiteOperator) -> Conv:
    """CONV_2D over one axis."""
    weights, scales = op.weights(axis=0)
    out, height, width, channels = weights.shape
    stride, dilation = op.steps(op.axis((height, width)))
    source = op.source()
    if channels != source.channels:
        raise UnsupportedError(f" in groups of {channels} of {source.channels} channels", "one group, or a depthwise")
    weights = weights.reshape(out, -1, channels)
    op.keep_integers(weights, scales)
    return Conv(op.name, source, *_no_floats(weights, out), stride, op.same, dilation=dilation)


def depthwise(op: TFLiteOperator) -> Depthwise:
    """DEPTHWISE_CONV_2D over one axis."""
    weights, scales = op.weights(axis=3)
    _, height, width, out = weights.shape
    if not op.has_bias:
        raise UnsupportedError(" without a bias, on which TFLite Micro itself ends", "one with a bias, of zeros")
    stride, dilation = op.steps(op.axis((height, width)))
    weights = weights.reshape(-1, out)
    op.keep_integers(weights, scales)
    return Depthwise(op.name, op.source(), *_no_floats(weights, out), stride, op.same, dilation=dilation)


def dense(op: TFLiteOperator) -> Conv:
    """FULLY_CONNECTED: a convolution over a single sample."""
    weights, scales = op.weights(axis=0)
    out, width = weights.shape
    source = Tensor(op.file.names[op.inputs[0]], 1, math.prod(op.shape()))
    if width != source.channels:
        raise UnsupportedError(f" of {source.channels} values with weights for {width}", "a batch of one")
    weights = weights[:, None]
    op.keep_integers(weights, scales)
    return Conv(op.name, source, *_no_floats(weights, out))


def _no_floats(weights: np.ndarray, out: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias of a layer that is known by its integers."""
    return np.zeros(weights.shape, np.float32), np.zeros(out, np.float32)


def average_pool(op: TFLiteOperator) -> Pool:
    return _pool(op, AveragePool)


def max_pool(op: TFLiteOperator) -> Pool:
    return _pool(op, MaxPool)


def _pool(op: TFLiteOperator, kind: type[Pool]) -> Pool:
    options = op.options
    axis = op.axis((options.filterHeight, options.filterWidth))
    kernel, stride = (options.filterHeight, options.filterWidth)[axis], (options.strideH, options.strideW)[axis]
    if op.affine != op.result:
        raise UnsupportedError(" that changes the scale", "a pool with its input's scale and zero point")
    return kind(op.name, op.source(), int(kernel), int(stride), op.same)


def mean(op: TFLiteOperator) -> Mean:
    """MEAN over all axes but the channels'."""
    shape = op.shape()
    axes = {int(axis) % len(shape) for axis in np.atleast_1d(op.constant(1))}
    source = op.source()
    kept = math.prod(n for axis, n in enumerate(shape) if axis not in axes)
    if len(shape) - 1 in axes or kept != source.channels:
        raise UnsupportedError(f" over axes {sorted(axes)} of {shape}", "a mean over all of time")
    multiplier, shift = quantize_multiplier(op.scale() / float(op.result.scale))
    # The length comes off the multiplier, whose bits it may use up to its own highest.
    bits = min(source.length.bit_length() - 1, 32, 31 + shift)
    op.keep_rescale([((multiplier << bits) // source.length, shift - bits)])
    return Mean(op.name, source, source.length, source.length)


def add(op: TFLiteOperator) -> Add:
    """ADD of two tensors that operators wrote."""
    first, second = op.inputs
    if second not in op.file.names or first not in op.file.names:
        raise UnsupportedError(" of a constant", "a bias of the operator before it")
    if op.shape(0) != op.shape(1):
        raise UnsupportedError(" of two shapes (broadcast)", "an ADD of two tensors of one shape")
    twice = 2 * max(op.scale(0), op.scale(1))
    factors = (op.scale(0) / twice, op.scale(1) / twice)
    scale = twice / (2**ADD_HEADROOM * float(op.result.scale))
    op.keep_rescale([quantize_multiplier(factor) for factor in (*factors, scale)])
    return Add(op.name, op.source(0), op.source(1))


def softmax(op: TFLiteOperator) -> Softmax:
    """SOFTMAX over the last axis."""
    if op.result != Affine(PROBABILITY_SCALE, -128):
        raise UnsupportedError(" with another output than probabilities", "an output of scale 1/256, zero point -128")
    factor = min(op.options.beta * op.scale() * 2 ** (31 - SOFTMAX_BITS), 2**31 - 1.0)
    multiplier, shift = quantize_multiplier(factor)
    if shift < 0:
        raise UnsupportedError(f" of steps of {op.scale():g}", "a coarser input")
    least = -math.floor((2**SOFTMAX_BITS - 1) * 2 ** (31 - SOFTMAX_BITS) / 2**shift)
    op.keep_rescale([(multiplier, shift)], bias=least)
    return Softmax(op.name, op.source())
