"""Every operator of the engine, described once: what the planner, the stream, the C, the profile and the reader of
files ask of one.

Another one is a layer class, its entry in OPERATORS, its file form if files hold it, its kernel in firmware/src/engine,
and an emitter for each writer of another format that shall write it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from export.network import factors, lookups, readers, slice_readers, tables
from export.network.integers import Affine, Rescale
from export.network.layers import AveragePool, Concat, Conv, Depthwise, Layer, MaxPool, Mean, Sum
from export.network.pointwise import (
    LOOKUP,
    Add,
    Elementwise,
    Extreme,
    Maximum,
    Minimum,
    Multiply,
    PRelu,
    Softmax,
    Subtract,
    Table,
)
from export.network.slices import Slice
from export.network.tflite_operator import TFLiteOperator

LONGEST_ROW = 512  # bytes of one output channel's weights, at most, for which the narrow kernel gets its scratch
WIDENED = 8  # bytes of scratch for each of them: four windows of 16 bits
SCALE = 16  # bytes of scratch for each channel of a depthwise convolution: its factor and bias, unpacked
CHANNEL_BYTES = 9  # of constants for each output channel: bias and multiplier of 4, shift of 1

TABLE_OPTIONS = {"HARD_SWISH": "HardSwishOptions", "LEAKY_RELU": "LeakyReluOptions", "QUANTIZE": "QuantizeOptions"}

MOST_PARTS = 10  # of a CONCATENATION: TFLite Micro takes no more
MOST_OUTPUTS = 64  # of a SPLIT

OfLayer = Callable[[Any], int]  # of a layer of the operator's class
Reader = Callable[[TFLiteOperator], Layer | None]
Ruler = Callable[[Any, Sequence[Affine]], Affine | None]  # of a layer and its sources
Rescaler = Callable[[Any, Sequence[Affine], Affine], Rescale]  # of a layer, its sources and its result
T = TypeVar("T")


class Search(Enum):
    """Which inputs tell an operator's C from TFLite Micro's, beside constants, extremes and noise (`export.proof`)."""

    SUMS = "sums at borders of rounding: its outputs are step functions of a sum"
    VALUES = "all values of its input"
    PAIRS = "all pairs of values of its two inputs"
    SPREAD = "samples spread over a range below their largest value"
    NONE = "no others: it rounds nothing"


def _nothing(layer: Layer) -> int:
    return 0


def _free(layer: Layer, sources: Sequence[Affine]) -> None:
    return None


def _kept(layer: Layer, sources: Sequence[Affine]) -> Affine:
    return sources[0]


@dataclass(frozen=True)
class FileForm:
    """An operator of .tflite files.

    Args:
        read: makes a layer of it, or checks what becomes none.
        options: what the schema calls its options (`export.network.tflite_schema`); empty if it has none.
        newest: version up to which it means the same of int8; later ones are of other types.
        inputs: how many it has, at least and at most; outputs: likewise.
        bare: whether it may be without options.
    """

    read: Reader
    options: str
    newest: int = 2
    inputs: tuple[int, int] = (1, 1)
    outputs: tuple[int, int] = (1, 1)
    bare: bool = False


@dataclass(frozen=True)
class Operator:
    """One operator.

    Args:
        layer: its class.
        name: for people.
        kernel: the C function; the narrow one has "_narrow" behind it (firmware/src/engine/kernels.h).
        search: how the proof looks for differences.
        slides: whether a stream can keep its columns: an output depends on the inputs under its window alone.
        result: scale and zero point of its output, where the layer or its inputs decide them; None: its own range does.
        rescaler: the integers of one without weights that changes scales.
        alike: whether all that it reads and writes must have one scale and zero point.
        constant_bytes: flash of its constants.
        scratch_bytes: what the narrow kernel asks for; 0 for a layer that is none of its.
        forms: by the names that TFLite files have for it.
        activation: whether in those files a fused activation may end it.
    """

    layer: type[Layer]
    name: str
    kernel: str
    search: Search
    slides: bool = False
    result: Ruler = _free
    rescaler: Rescaler | None = None
    alike: bool = False
    constant_bytes: OfLayer = _nothing
    scratch_bytes: OfLayer = _nothing
    forms: Mapping[str, FileForm] = field(default_factory=dict)
    activation: bool = True


def _weighted_bytes(layer: Conv | Depthwise) -> int:
    return layer.weights.size + CHANNEL_BYTES * layer.channels


def _conv_scratch(layer: Conv) -> int:
    """None where a row of weights is so long that it would cost too much memory."""
    row = layer.kernel * layer.source.channels
    if layer.dilation > 1 or 3 * layer.stride > 7 * layer.kernel or row > LONGEST_ROW:
        return 0
    return WIDENED * -(-row // 4) * 4


def _depthwise_scratch(layer: Depthwise) -> int:
    fits = layer.channels == layer.source.channels and layer.channels % 4 == 0
    return SCALE * layer.channels if fits and layer.dilation == 1 else 0


def _elementwise(kind: type[Elementwise], name: str, options: str) -> Operator:
    """An operator of two tensors."""
    alike = issubclass(kind, Extreme)
    form = FileForm(readers.elementwise(kind), options, 3 if kind is Multiply else 2, (2, 2), bare=not options)
    return Operator(
        *(kind, name, f"scl_{name}", Search.PAIRS),
        result=_kept if alike else _free,
        rescaler=lambda layer, ends, result: factors.ELEMENTWISE[kind](ends[0], ends[1], result),
        alike=alike,
        constant_bytes=lambda layer: 0 if layer.values is None else layer.second.size,
        forms={name.upper(): form},
        activation=not alike and kind is not PRelu,
    )


OPERATORS = (
    Operator(
        *(Conv, "conv", "scl_conv", Search.SUMS),
        slides=True,
        constant_bytes=_weighted_bytes,
        scratch_bytes=_conv_scratch,
        forms={
            "CONV_2D": FileForm(readers.conv, "Conv2DOptions", 3, (2, 3)),
            "FULLY_CONNECTED": FileForm(readers.dense, "FullyConnectedOptions", 6, (2, 3)),
        },
    ),
    Operator(
        *(Depthwise, "depthwise", "scl_depthwise", Search.SUMS),
        slides=True,
        constant_bytes=_weighted_bytes,
        scratch_bytes=_depthwise_scratch,
        forms={"DEPTHWISE_CONV_2D": FileForm(readers.depthwise, "DepthwiseConv2DOptions", 3, (2, 3))},
    ),
    Operator(
        *(AveragePool, "average pool", "scl_average_pool", Search.SUMS),
        slides=True,
        result=_kept,
        forms={"AVERAGE_POOL_2D": FileForm(readers.average_pool, "Pool2DOptions")},
    ),
    Operator(
        *(MaxPool, "max pool", "scl_max_pool", Search.NONE),
        slides=True,
        result=_kept,
        forms={
            "MAX_POOL_2D": FileForm(readers.max_pool, "Pool2DOptions"),
            "REDUCE_MAX": FileForm(readers.largest, "ReducerOptions", 3, (2, 2)),
        },
    ),
    Operator(
        *(Mean, "mean", "scl_mean", Search.SUMS),
        rescaler=lambda layer, sources, result: factors.of_mean(sources[0], result, layer.source.length),
        forms={"MEAN": FileForm(readers.mean, "ReducerOptions", inputs=(2, 2))},
        activation=False,
    ),
    Operator(
        *(Sum, "sum", "scl_mean", Search.SUMS),
        rescaler=lambda layer, sources, result: factors.of_sum(sources[0], result, layer.source.length),
        forms={"SUM": FileForm(readers.total, "ReducerOptions", inputs=(2, 2))},
        activation=False,
    ),
    Operator(
        *(Concat, "concat", "scl_concat", Search.NONE),
        result=_kept,
        rescaler=lambda layer, sources, result: factors.none(),
        alike=True,
        forms={"CONCATENATION": FileForm(readers.concat, "ConcatenationOptions", inputs=(1, MOST_PARTS))},
    ),
    Operator(
        *(Slice, "slice", "scl_slice", Search.NONE),
        result=_kept,
        forms={
            "STRIDED_SLICE": FileForm(slice_readers.strided_slice, "StridedSliceOptions", inputs=(4, 4)),
            "SLICE": FileForm(slice_readers.slice_of, "SliceOptions", inputs=(3, 3), bare=True),
            "SPLIT": FileForm(slice_readers.split, "SplitOptions", inputs=(2, 2), outputs=(1, MOST_OUTPUTS)),
            "SPLIT_V": FileForm(slice_readers.split, "SplitVOptions", inputs=(3, 3), outputs=(1, MOST_OUTPUTS)),
        },
        activation=False,
    ),
    Operator(
        *(Softmax, "softmax", "scl_softmax", Search.SPREAD),
        result=lambda layer, sources: factors.PROBABILITIES,
        rescaler=lambda layer, sources, result: factors.of_softmax(sources[0]),
        forms={"SOFTMAX": FileForm(readers.softmax, "SoftmaxOptions")},
        activation=False,
    ),
    Operator(
        *(Table, "table", "scl_table", Search.VALUES),
        slides=True,
        result=lambda layer, sources: tables.result_of(layer, sources[0]),
        rescaler=lambda layer, sources, result: factors.of_table(tables.entries_of(layer, sources[0], result)),
        constant_bytes=lambda layer: 256,
        forms={
            name: FileForm(readers.table, TABLE_OPTIONS.get(name, ""), bare=name != "LEAKY_RELU")
            for name in tables.FUNCTIONS
        }
        | {LOOKUP: FileForm(lookups.gather, "GatherOptions", 4, (2, 2))},
        activation=False,
    ),
    _elementwise(Add, "add", "AddOptions"),
    _elementwise(Subtract, "sub", "SubOptions"),
    _elementwise(Multiply, "mul", "MulOptions"),
    _elementwise(Maximum, "maximum", "MaximumMinimumOptions"),
    _elementwise(Minimum, "minimum", "MaximumMinimumOptions"),
    _elementwise(PRelu, "prelu", ""),
)


def operator_of(layer: Layer) -> Operator:
    """The operator that a layer is. Raises TypeError if it is none."""
    return of_class({operator.layer: operator for operator in OPERATORS}, layer, "the engine runs")


def tflite_operators() -> dict[str, Operator]:
    """The operators by the names that TFLite files have for them."""
    return {name: operator for operator in OPERATORS for name in operator.forms}


def of_class(table: Mapping[type[Layer], T], layer: Layer, what: str) -> T:
    """A layer's entry in a table by class. Raises TypeError that says `what` the classes of the table are if it has
    none.
    """
    if type(layer) not in table:
        supported = ", ".join(kind.__name__ for kind in table)
        raise TypeError(f"layer {layer.name} is a {type(layer).__name__}; {what} {supported}")
    return table[type(layer)]
