"""How each layer is spelled in a .tflite file: its operator's code, constants and options.

Every function takes the writer that collects the file's parts, the operator, whose inputs are the layer's activations
by now, and the layer; it gives the operator the rest.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from export.network.layers import SIX, AveragePool, Concat, Conv, Depthwise, Layer, MaxPool, Mean, Pool, Sum
from export.network.operators import operator_of, tflite_operators
from export.network.pointwise import (
    LOOKUP,
    Add,
    Elementwise,
    Maximum,
    Minimum,
    Multiply,
    PRelu,
    Softmax,
    Subtract,
    Table,
)
from export.network.slices import Slice

if TYPE_CHECKING:
    from export.writers.tflite import TFLiteWriter

TABLE_VERSIONS = {"LOGISTIC": 2, "TANH": 2, "RELU": 2, "RELU6": 2}  # the first that knows int8


def _conv(writer: "TFLiteWriter", op: Any, layer: Conv) -> None:
    """CONV_2D of height 1."""
    writer.describe(op, "CONV_2D", "Conv2DOptions", version=3)
    weights = writer.network.convs[layer.name].weights[:, None]
    _add_constants(writer, op, layer, weights, axis=0)
    _slide(writer, op.builtinOptions, layer)
    op.builtinOptions.dilationHFactor, op.builtinOptions.dilationWFactor = 1, layer.dilation


def _depthwise(writer: "TFLiteWriter", op: Any, layer: Depthwise) -> None:
    """DEPTHWISE_CONV_2D of height 1."""
    writer.describe(op, "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", version=3)
    weights = writer.network.convs[layer.name].weights[None, None]
    _add_constants(writer, op, layer, weights, axis=3)
    _slide(writer, op.builtinOptions, layer)
    op.builtinOptions.depthMultiplier = layer.channels // layer.source.channels
    op.builtinOptions.dilationHFactor, op.builtinOptions.dilationWFactor = 1, layer.dilation


def _add_constants(writer: "TFLiteWriter", op: Any, layer: Layer, weights: np.ndarray, axis: int) -> None:
    conv = writer.network.convs[layer.name]
    zeros = [0] * len(conv.bias)
    op.inputs += [
        writer.add_tensor(f"{layer.name}/weights", weights.shape, "INT8", conv.weight_scales, zeros, weights, axis),
        writer.add_tensor(f"{layer.name}/bias", conv.bias.shape, "INT32", conv.bias_scales, zeros, conv.bias),
    ]


def _average_pool(writer: "TFLiteWriter", op: Any, layer: AveragePool) -> None:
    """AVERAGE_POOL_2D of height 1."""
    _pool(writer, op, layer, "AVERAGE_POOL_2D")


def _max_pool(writer: "TFLiteWriter", op: Any, layer: MaxPool) -> None:
    """MAX_POOL_2D of height 1."""
    _pool(writer, op, layer, "MAX_POOL_2D")


def _pool(writer: "TFLiteWriter", op: Any, layer: Pool, code: str) -> None:
    writer.describe(op, code, "Pool2DOptions", version=2)
    op.builtinOptions.filterHeight, op.builtinOptions.filterWidth = 1, layer.kernel
    _slide(writer, op.builtinOptions, layer)


def _mean(writer: "TFLiteWriter", op: Any, layer: Mean) -> None:
    """MEAN over height and width."""
    _reduce(writer, op, layer, "MEAN", version=2)


def _sum(writer: "TFLiteWriter", op: Any, layer: Sum) -> None:
    """SUM over height and width."""
    _reduce(writer, op, layer, "SUM", version=2)


def _reduce(writer: "TFLiteWriter", op: Any, layer: Pool, code: str, version: int) -> None:
    writer.describe(op, code, "ReducerOptions", version)
    axes = np.array([1, 2], np.int32)
    op.inputs.append(writer.add_tensor(f"{layer.name}/axes", axes.shape, "INT32", [], [], axes))
    op.builtinOptions.keepDims = True


def _concat(writer: "TFLiteWriter", op: Any, layer: Concat) -> None:
    """CONCATENATION along width or channels."""
    writer.describe(op, "CONCATENATION", "ConcatenationOptions", version=2)
    op.builtinOptions.axis = 2 if layer.along_time else 3


def _slice(writer: "TFLiteWriter", op: Any, layer: Slice) -> None:
    """STRIDED_SLICE along width and channels."""
    writer.describe(op, "STRIDED_SLICE", "StridedSliceOptions", version=2)
    ends = [1, 1, layer.start + (layer.length - 1) * layer.stride + 1, layer.first + layer.channels]
    bounds = {"begin": [0, 0, layer.start, layer.first], "end": ends, "strides": [1, 1, layer.stride, 1]}
    for name, values in bounds.items():
        op.inputs.append(writer.add_tensor(f"{layer.name}/{name}", [4], "INT32", [], [], np.array(values, np.int32)))


def _elementwise(writer: "TFLiteWriter", op: Any, layer: Elementwise) -> None:
    """The operator of the layer's class, with its constant if it has one."""
    ((code, form),) = operator_of(layer).forms.items()
    writer.describe(op, code, form.options, version=1 if code == "PRELU" else 2)
    if layer.values is not None:
        affine, name = writer.network.activations[layer.second.name], layer.second.name
        shape, values = [1, 1, layer.second.length, layer.channels], writer.network.rescales[layer.name].constants
        op.inputs.append(writer.add_tensor(name, shape, "INT8", [affine.scale], [affine.zero_point], values))
    if operator_of(layer).activation:
        _activate(writer, op.builtinOptions, layer)


def _softmax(writer: "TFLiteWriter", op: Any, layer: Softmax) -> None:
    """SOFTMAX over the last axis."""
    writer.describe(op, "SOFTMAX", "SoftmaxOptions", version=2)
    op.builtinOptions.beta = 1.0


def _table(writer: "TFLiteWriter", op: Any, layer: Table) -> None:
    """The operator of the function's name; a LOOKUP is three."""
    if layer.function == LOOKUP:
        _lookup(writer, op, layer)
        return
    form = tflite_operators()[layer.function].forms[layer.function]
    writer.describe(op, layer.function, form.options, version=TABLE_VERSIONS.get(layer.function, 1))
    if layer.function == "LEAKY_RELU":
        op.builtinOptions.alpha = layer.slope


def _lookup(writer: "TFLiteWriter", op: Any, layer: Table) -> None:
    """GATHER from 256 entries, behind the CAST to int32 and the ADD of 128 that make places of the input's values."""
    shape, affine = [1, 1, layer.source.length, layer.channels], writer.network.activations[layer.name]
    places, added = (
        writer.add_tensor(f"{layer.name}/{name}", shape, "INT32", [], []) for name in ("integers", "places")
    )
    half = writer.add_tensor(f"{layer.name}/half", [1], "INT32", [], [], np.array([128], np.int32))
    cast, add = writer.schema.OperatorT(), writer.schema.OperatorT()
    writer.describe(cast, "CAST", "CastOptions", version=1)
    types = writer.schema.TensorType
    cast.builtinOptions.inDataType, cast.builtinOptions.outDataType = types.INT8, types.INT32
    cast.inputs, cast.outputs = op.inputs, [places]
    writer.describe(add, "ADD", "AddOptions", version=2)
    add.inputs, add.outputs = [places, half], [added]
    writer.graph.operators += [cast, add]
    writer.describe(op, "GATHER", "GatherOptions", version=2)
    entries = writer.network.rescales[layer.name].constants
    held = writer.add_tensor(
        f"{layer.name}/entries", entries.shape, "INT8", [affine.scale], [affine.zero_point], entries
    )
    op.inputs = [held, added]


def _slide(writer: "TFLiteWriter", options: Any, layer: Layer) -> None:
    """Stride, padding and activation of a layer that slides."""
    options.strideH, options.strideW = 1, layer.stride
    options.padding = writer.schema.Padding.SAME if layer.same else writer.schema.Padding.VALID
    _activate(writer, options, layer)


def _activate(writer: "TFLiteWriter", options: Any, layer: Layer) -> None:
    kinds = writer.schema.ActivationFunctionType
    relu = kinds.RELU6 if layer.ceiling == SIX else kinds.RELU
    options.fusedActivationFunction = relu if layer.relu else kinds.NONE


EMITTERS: dict[type[Layer], Callable[["TFLiteWriter", Any, Any], None]] = {
    Conv: _conv,
    Depthwise: _depthwise,
    AveragePool: _average_pool,
    MaxPool: _max_pool,
    Mean: _mean,
    Sum: _sum,
    Concat: _concat,
    Slice: _slice,
    **dict.fromkeys((Add, Subtract, Multiply, Maximum, Minimum, PRelu), _elementwise),
    Softmax: _softmax,
    Table: _table,
}
