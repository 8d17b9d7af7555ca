"""How each operator of a .tflite file becomes a layer: one function for each, which also derives its integers.

They follow TFLite Micro's own preparation of each kernel, as the pinned wheel does it.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from export.network import factors, tables
from export.network.factors import PROBABILITIES, UnsupportedError
from export.network.layers import AveragePool, Concat, Conv, Depthwise, Layer, MaxPool, Mean, Pool, Sum, Tensor
from export.network.order import Order
from export.network.pointwise import Elementwise, Extreme, PRelu, Softmax, Subtract, Table
from export.network.sliding import Slide, slide
from export.network.tflite_operator import MOST, MOST_STEP, TFLiteOperator
from export.network.tflite_schema import FUSED, schema

MOST_SHARES = 2**12 - 1  # of a softmax, whose kernel adds them up in 12 integer bits

T = TypeVar("T", bound=Layer)


def conv(op: TFLiteOperator) -> Conv | Depthwise:
    """CONV_2D over one axis, and over each of several columns where it reads one at a time."""
    weights, scales = op.weights(axis=0)
    out, height, width, channels = weights.shape
    way = slide(op, (height, width))
    if channels != way.channels:
        raise UnsupportedError(f" in groups of {channels} of {way.channels} channels", "one group, or a depthwise")
    if way.each and channels == 1:
        return _depthwise_of_columns(op, way, weights.reshape(out, -1).T, scales)
    weights = weights.reshape(out, way.kernel, -1)
    op.keep_integers(weights, scales)
    floats = _no_floats(weights, out)
    if not way.each:
        padding = way.padded(way.row.channels)
        layer = Conv(op.name, way.row, *floats, way.stride, way.same, dilation=way.dilation, padding=padding)
        return _fits(op, layer, way.shape(layer.result.length, out))
    if way.stride > 1:
        raise UnsupportedError(
            f" with a stride over each of {way.columns} columns of {channels} channels",
            "a stride of 1 there and a MAX_POOL_2D behind it, or a kernel over all columns",
        )
    apart = way.columns * way.dilation
    before, after = way.padded(channels)
    added = (way.kernel - 1) * way.dilation if way.same else 0
    padding = before + added // 2 * way.columns, after + (added - added // 2) * way.columns
    layer = Conv(op.name, way.every, *floats, dilation=apart, padding=padding)
    return _fits(op, layer, way.shape(layer.result.length // way.columns, out))


def depthwise(op: TFLiteOperator) -> Depthwise:
    """DEPTHWISE_CONV_2D over one axis, and over each of several columns."""
    weights, scales = op.weights(axis=3)
    batch, height, width, out = weights.shape
    if not op.has_bias:
        raise UnsupportedError(" without a bias, on which TFLite Micro itself ends", "one with a bias, of zeros")
    way = slide(op, (height, width))
    multiplicity = op.option("depthMultiplier")
    if batch != 1 or out != multiplicity * way.channels:
        raise UnsupportedError(
            f" with weights {list(weights.shape)} for {way.channels} channels, {multiplicity} from each",
            "weights of the shape (1, 1, kernel, all channels)",
        )
    weights = weights.reshape(-1, out)
    if not way.wide:
        return _depthwise_of_columns(op, way, weights, scales)
    if way.dilation > 1:
        raise UnsupportedError(f" with dilation over {way.columns} columns", "one without, or a CONV_2D")
    op.keep_integers(weights, scales)
    stride, padding = way.stride * way.columns, way.padded(way.channels)
    layer = Depthwise(op.name, way.every, *_no_floats(weights, out), stride, padding=padding)
    return _fits(op, layer, way.shape(layer.result.length, out))


def _depthwise_of_columns(op: TFLiteOperator, way: Slide, weights: np.ndarray, scales: np.ndarray) -> Depthwise:
    """The same weights (kernel, out) over each column: a depthwise convolution of all columns' channels."""
    out = weights.shape[1]
    if way.columns * out > MOST:
        raise UnsupportedError(f" of {out} channels over each of {way.columns} columns", f"at most {MOST} in all")
    weights = np.tile(weights, way.columns)
    op.keep_integers(weights, scales, repeat=way.columns)
    floats, padding = _no_floats(weights, weights.shape[1]), way.padded(way.row.channels)
    layer = Depthwise(op.name, way.row, *floats, way.stride, way.same, dilation=way.dilation, padding=padding)
    return _fits(op, layer, way.shape(layer.result.length, out))


def dense(op: TFLiteOperator) -> Conv:
    """FULLY_CONNECTED: a convolution over a single sample, or of length 1 over every sample."""
    weights, scales = op.weights(axis=0, axes=2)
    (out, width), shape, order = weights.shape, op.shape(), op.order()
    samples = math.prod(shape) // width
    if samples * width != math.prod(shape) or samples > 1 and shape[-1] != width:
        raise UnsupportedError(f" over {shape} with weights for {width} values", "one that reads all, or each sample's")
    if op.options["weightsFormat"]:
        raise UnsupportedError(" with shuffled weights", "weights in the default format")
    if samples == 1 and not order.plain:  # a sum does not ask for the order of its parts
        moved = np.empty_like(weights)
        moved[:, order.indices()] = weights
        weights = moved
    source = op.source() if samples > 1 else op.flat()
    held = op.file.shape(op.output)
    if math.prod(held) != samples * out or held[-1:] != [out]:
        op.require_shape(*[1] * max(len(held) - 2, 0), samples, out)
    weights = weights[:, None]
    op.keep_integers(weights, scales)
    return Conv(op.name, Tensor(source.name, samples, width), *_no_floats(weights, out))


def _no_floats(weights: np.ndarray, out: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias of a layer that is known by its integers."""
    return np.zeros(weights.shape, np.float32), np.zeros(out, np.float32)


def _fits(op: TFLiteOperator, layer: T, shape: tuple[int, ...]) -> T:
    """The layer of an operator that slides over time. Raises UnsupportedError if it does not fit into its input, or
    writes another shape than the file says.
    """
    if layer.result.length < 1 or max(*layer.pads, layer.stride, layer.dilation, layer.kernel) > MOST_STEP:
        raise UnsupportedError(f" of a kernel that spans {layer.span} samples over {layer.source}", "a shorter one")
    if max(layer.padding) >= layer.span:
        raise UnsupportedError(
            f" of a kernel that spans {layer.span} samples behind a PAD of {max(layer.padding)}",
            "a PAD shorter than the kernel's span",
        )
    op.require_shape(*shape)
    return layer


def average_pool(op: TFLiteOperator) -> Pool:
    return _pool(op, AveragePool)


def max_pool(op: TFLiteOperator) -> Pool:
    return _pool(op, MaxPool)


def _pool(op: TFLiteOperator, kind: type[Pool]) -> Pool:
    way = slide(op, op.pair("filterHeight", "filterWidth"), dilated=False)
    if op.affine() != op.result:
        raise UnsupportedError(" that changes the scale", "a pool with its input's scale and zero point")
    if any(way.padding):
        raise UnsupportedError(" behind a PAD", "a PAD that a convolution reads")
    if way.wide:
        layer = kind(op.name, way.every, way.kernel * way.columns, way.stride * way.columns)
        return _fits(op, layer, way.shape(layer.result.length, way.channels))
    layer = kind(op.name, way.row, way.kernel, way.stride, way.same)
    return _fits(op, layer, way.shape(layer.result.length, way.channels))


def mean(op: TFLiteOperator) -> Mean:
    """MEAN over all axes but the channels', wherever a TRANSPOSE has put those."""
    source = _reduced(op)
    op.file.rescales[op.name] = factors.of_mean(op.affine(), op.result, source.length)
    return Mean(op.name, source, source.length, source.length)


def total(op: TFLiteOperator) -> Sum:
    """SUM over those axes."""
    source = _reduced(op)
    op.file.rescales[op.name] = factors.of_sum(op.affine(), op.result, source.length)
    return Sum(op.name, source, source.length, source.length)


def largest(op: TFLiteOperator) -> MaxPool:
    """REDUCE_MAX over those axes: a max pool of all samples."""
    source = _reduced(op)
    if op.affine() != op.result:  # TFLite Micro ends the program on it
        raise UnsupportedError(" that changes the scale", "one with its input's scale and zero point")
    return MaxPool(op.name, source, source.length, source.length)


def _reduced(op: TFLiteOperator) -> Tensor:
    """What an operator over all axes but the channels' reads."""
    shape, given = op.shape(), op.constant(1).ravel().tolist()
    elsewhere = UnsupportedError(f" over axes {sorted(given)} of {shape}", "one over all of time")
    if not all(-len(shape) <= axis < len(shape) for axis in given):
        raise elsewhere
    axes = {axis % len(shape) for axis in given}
    order, name = op.order(), op.flat().name
    kept = [(axis, size) for axis, size in enumerate(shape) if axis not in axes]
    channels = math.prod(size for _, size in kept)
    if any(step < channels for axis in axes for _, step in order.axes[axis]):
        raise elsewhere
    if op.options["keepDims"]:
        op.require_shape(*(1 if axis in axes else n for axis, n in enumerate(shape)))
        left = Order(tuple(() if axis in axes else parts for axis, parts in enumerate(order.axes)))
    else:
        op.require_shape(*(size for _, size in kept))
        left = Order(tuple(order.axes[axis] for axis, _ in kept))
    if not left.plain:
        op.file.orders[op.output] = left
    return Tensor(name, math.prod(shape) // channels, channels)


def concat(op: TFLiteOperator) -> Concat:
    """CONCATENATION along channels, or along time where no axis before it has more than one index."""
    shapes = [op.shape(place) for place in range(len(op.inputs))]
    axes = len(shapes[0])
    axis = int(op.options["axis"]) + (axes if op.options["axis"] < 0 else 0)
    first = shapes[0]
    if not 0 <= axis < axes or any(s[:axis] + s[axis + 1 :] != first[:axis] + first[axis + 1 :] for s in shapes):
        raise UnsupportedError(f" of {shapes} along axis {axis}", "tensors that differ along that axis only")
    along_time = axis < axes - 1
    if along_time and math.prod(first[:axis]) != 1:
        raise UnsupportedError(f" along axis {axis} of {first}", "one along time or channels")
    if op.options[FUSED] != schema().ActivationFunctionType.NONE:  # TFLite Micro ends on it
        raise UnsupportedError(" with a fused activation", "none, and a RELU behind it")
    if any(op.affine(place) != op.result for place in range(len(op.inputs))):
        raise UnsupportedError(" of tensors of several scales", "one of tensors with one scale and zero point")
    op.require_shape(*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :])
    op.file.rescales[op.name] = factors.none()
    return Concat(op.name, tuple(op.source(place) for place in range(len(op.inputs))), along_time)


def elementwise(kind: type[Elementwise]) -> Callable[[TFLiteOperator], Elementwise]:
    """The reader of an operator of two tensors, whose layer is of that class.

    One of them may be a constant or a single sample: the second, or either where their order does not matter.
    """

    def read(op: TFLiteOperator) -> Elementwise:
        op = _larger_first(op, kind)
        source, held = op.source(), op.shape(1)
        constant = op.inputs[1] not in op.file.names
        if kind is PRelu and not constant:
            raise UnsupportedError(" with computed slopes", "constant ones")
        size, width = math.prod(held), source.channels
        one_sample = size == width and held[-1:] == [width] or constant and size == 1
        equal = [n for n in op.shape() if n > 1] == [n for n in held if n > 1]
        shape = np.broadcast_shapes(tuple(op.shape()), tuple(held)) if one_sample or equal else ()
        if math.prod(shape) != source.size:
            raise UnsupportedError(
                f" of {op.shape(0)} and {held}", "two of one shape, or beside one of them a sample of as many channels"
            )
        op.require_shape(*shape)
        length = 1 if one_sample else source.length
        second = Tensor(f"{op.name}/second" if constant else op.source(1).name, length, width)
        affine = op.file.affine(op.inputs[1], constant)
        rescale = factors.ELEMENTWISE[kind](op.affine(), affine, op.result)
        if issubclass(kind, Extreme) and not op.affine() == affine == op.result:
            raise UnsupportedError(" of tensors of several scales", "one of tensors with one scale and zero point")
        values = None
        if constant:
            integers = np.resize(op.constant(1, "INT8"), (length, width))
            values = affine.dequantize(integers)
            rescale = replace(rescale, constants=integers.ravel())
            op.file.activations[second.name] = affine
        op.file.rescales[op.name] = rescale
        return kind(op.name, source, second, values=values)

    return read


def _larger_first(op: TFLiteOperator, kind: type[Elementwise]) -> TFLiteOperator:
    """With its inputs in the other order if the second is the larger one, or the only one that is no constant."""
    first, second = (index in op.file.names for index in op.inputs)
    if first and (not second or math.prod(op.shape(0)) >= math.prod(op.shape(1))):
        return op
    if kind in (Subtract, PRelu):
        raise UnsupportedError(" from a constant or a single sample", "one that takes those from the other")
    return replace(op, inputs=op.inputs[::-1])


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
