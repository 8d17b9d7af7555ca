"""Small .tflite files of every operator, and the damaged ones that once ended the program or a traceback came of, with
what is said of them now.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from export.network import tables
from tests.firmware.random_models import Model


class Net(Model):
    """A net in the making, over 20 samples of 3 channels."""

    def __init__(self) -> None:
        super().__init__(1)
        self.input([1, 1, 20, 3], 0.05, 3)

    def constants(self, shape: list[int], axis: int, bias: bool = True) -> tuple[int, int]:
        """Weights with a scale for each output channel, and their bias."""
        out = shape[axis]
        w = self.tensor(
            shape, self.s.TensorType.INT8, [0.01] * out, [0] * out, self.rng.integers(-127, 128, shape, np.int8)
        )
        self.graph.tensors[w].quantization.quantizedDimension = axis
        scales = np.full(out, np.float32(0.01)) * self.scale_of(self.at)
        values = self.rng.integers(-500, 500, out).astype(np.int32)
        return w, self.tensor([out], self.s.TensorType.INT32, scales, [0] * out, values)

    def sliding(self, options: Any) -> Any:
        options.padding, options.strideH, options.strideW = self.s.Padding.SAME, 1, 1
        return options

    def conv(self, channels: int, out: int, scale: float) -> None:
        options = self.sliding(self.s.Conv2DOptionsT())
        options.dilationHFactor = options.dilationWFactor = 1
        w, b = self.constants([out, 1, 3, channels], 0)
        self.operator("CONV_2D", [self.at, w, b], self.activation([1, 1, 20, out], scale, 5), options)

    def depthwise(self, channels: int) -> None:
        options = self.sliding(self.s.DepthwiseConv2DOptionsT())
        options.dilationHFactor, options.dilationWFactor, options.depthMultiplier = 1, 2, 1
        options.fusedActivationFunction = self.s.ActivationFunctionType.RELU6
        w, b = self.constants([1, 1, 3, channels], 3)
        self.operator("DEPTHWISE_CONV_2D", [self.at, w, b], self.activation([1, 1, 20, channels], 0.03, -128), options)

    def pool(self, kind: str, length: int) -> None:
        options = self.sliding(self.s.Pool2DOptionsT())
        options.filterHeight, options.filterWidth, options.strideW = 1, 2, 2
        self.operator(kind, [self.at], self.like([1, 1, length // 2, 4]), options)

    def dense(self, channels: int, out: int) -> None:
        w, b = self.constants([out, channels], 0)
        self.operator(
            "FULLY_CONNECTED", [self.at, w, b], self.activation([1, out], 0.07, 0), self.s.FullyConnectedOptionsT()
        )

    def add(self, other: int) -> None:
        options = self.s.AddOptionsT()
        options.fusedActivationFunction = self.s.ActivationFunctionType.RELU
        shape = list(self.graph.tensors[self.at].shape)
        self.operator("ADD", [other, self.at], self.activation(shape, 0.1, -20), options)

    def mean(self, axes: list[int], shape: list[int], kind: str = "MEAN") -> None:
        options = self.s.ReducerOptionsT()
        options.keepDims = len(shape) > 2
        axis = self.tensor([len(axes)], self.s.TensorType.INT32, [], [], np.array(axes, np.int32))
        result = self.like(shape) if kind == "REDUCE_MAX" else self.activation(shape, 0.05, 1)
        self.operator(kind, [self.at, axis], result, options)

    def softmax(self, channels: int) -> None:
        options = self.s.SoftmaxOptionsT()
        options.beta = 1.0
        self.operator("SOFTMAX", [self.at], self.activation([1, channels], 1 / 256, -128), options)


class SmallNet(Net):
    """A residual convolution, its mean and a softmax: operators 0 to 3."""

    def __init__(self) -> None:
        super().__init__()
        self.conv(3, 3, 0.06)
        self.add(self.graph.inputs[0])
        self.mean([1, 2], [1, 3])
        self.softmax(3)


class EveryOperator(Net):
    """A net of all operators and views."""

    def __init__(self) -> None:
        super().__init__()
        types = self.s.TensorType
        self.graph.tensors[0].shape, self.graph.tensors[0].type = [1, 3, 20], types.FLOAT32
        self.operator("QUANTIZE", [self.at], self.like([1, 3, 20]), self.s.QuantizeOptionsT())
        axes = self.tensor([3], types.INT32, [], [], np.array([0, 2, 1], np.int32))
        self.operator("TRANSPOSE", [self.at, axes], self.like([1, 20, 3]), self.s.TransposeOptionsT())
        axis = self.tensor([], self.s.TensorType.INT32, [], [], np.array(1, np.int32))
        self.operator("EXPAND_DIMS", [self.at, axis], self.like([1, 1, 20, 3]), self.s.ExpandDimsOptionsT())
        self.conv(3, 4, 0.06)
        zeros = self.tensor([4, 2], types.INT32, [], [], np.array([[0, 0], [0, 0], [2, 0], [0, 0]], np.int32))
        self.operator("PAD", [self.at, zeros], self.like([1, 1, 22, 4]), self.s.PadOptionsT())
        self.conv(4, 4, 0.05)
        self.graph.operators[-1].builtinOptions.padding = self.s.Padding.VALID
        zero = self.tensor(
            [], types.INT8, self.scale_of(self.at), self.zero_point_of(self.at), np.int8(self.zero_point_of(self.at))
        )
        self.operator("PADV2", [self.at, zeros, zero], self.like([1, 1, 22, 4]), self.s.PadV2OptionsT())
        self.conv(4, 4, 0.05)
        self.graph.operators[-1].builtinOptions.padding = self.s.Padding.VALID
        before = self.at
        self.conv(4, 4, 0.08)
        self.add(before)
        for kind in sorted(tables.FUNCTIONS):
            self.function(kind, [1, 1, 20, 4])
        self.looked_up([1, 1, 20, 4])
        self.joined()
        self.parts()
        self.depthwise(4)
        self.pool("MAX_POOL_2D", 20)
        self.pool("AVERAGE_POOL_2D", 10)
        at, shape = self.at, self.flattened()
        self.operator(
            "RESHAPE",
            [at, shape],
            self.activation([1, 5, 4], self.scale_of(at), self.zero_point_of(at)),
            self.s.ReshapeOptionsT(),
        )
        for kind in ("MEAN", "SUM", "REDUCE_MAX"):
            self.mean([1], [1, 1, 4], kind)
        squeeze = self.s.SqueezeOptionsT()
        squeeze.squeezeDims = [1]
        self.operator("SQUEEZE", [self.at], self.like([1, 4]), squeeze)
        self.dense(4, 3)
        self.softmax(3)
        self.operator("DEQUANTIZE", [self.at], self.tensor([1, 3], types.FLOAT32, [], []), self.s.DequantizeOptionsT())

    def joined(self) -> None:
        """Two tensors joined value by value, one of them a constant sample, and two side by side."""
        shape, int8 = [1, 1, 20, 4], self.s.TensorType.INT8
        values = self.rng.integers(-128, 128, 4).astype(np.int8)
        constant = self.tensor([1, 1, 4], int8, 0.02, 3, values)
        self.operator("PRELU", [self.at, constant], self.activation(shape, 0.1, -4), None)
        for kind in ("SUB", "MUL"):
            options = getattr(self.s, f"{kind.title()}OptionsT")()
            constant = self.tensor([4], int8, 0.05, 3, values)
            self.operator(kind, [self.at, constant], self.activation(shape, 0.1, 1), options)
        before = self.at
        for kind in ("MAXIMUM", "MINIMUM"):
            constant = self.tensor([4], int8, self.scale_of(self.at), self.zero_point_of(self.at), values)
            self.operator(kind, [self.at, constant], self.like(shape), self.s.MaximumMinimumOptionsT())
        side = self.s.ConcatenationOptionsT()
        side.axis = 3
        self.operator("CONCATENATION", [self.at, before], self.like([1, 1, 20, 8]), side)
        self.conv(8, 4, 0.08)

    def parts(self) -> None:
        """Two halves joined in the other order, and the last 20 of 24 samples that are too many by then."""
        side = self.s.ConcatenationOptionsT()
        side.axis = 3
        for kind in ("SPLIT", "SPLIT_V"):
            self.operator("CONCATENATION", self.split(3, [2, 2], kind)[::-1], self.like([1, 1, 20, 4]), side)
        along = self.s.ConcatenationOptionsT()
        along.axis = 2
        self.operator("CONCATENATION", [self.at, self.at], self.like([1, 1, 40, 4]), along)
        self.slice_of([0, 0, 9, 0], [-1, 1, 24, 4], [1, 1, 24, 4])
        self.strided_slice([(0, 1, 1), (0, 1, 1), (-20, 0, 1), (0, 4, 1)], [1, 1, 20, 4], endMask=4)

    def looked_up(self, shape: list[int]) -> None:
        """Entries by the value: CAST, ADD and GATHER."""
        types, cast = self.s.TensorType, self.s.CastOptionsT()
        cast.inDataType, cast.outDataType = types.INT8, types.INT32
        self.operator("CAST", [self.at], self.tensor(shape, types.INT32, [], []), cast)
        half = self.tensor([1], types.INT32, [], [], np.array([128], np.int32))
        self.operator("ADD", [self.at, half], self.tensor(shape, types.INT32, [], []), self.s.AddOptionsT())
        entries = self.tensor([256], types.INT8, 0.04, 2, self.rng.integers(-128, 128, 256).astype(np.int8))
        self.operator("GATHER", [entries, self.at], self.activation(shape, 0.04, 2), self.s.GatherOptionsT())

    def flattened(self) -> int:
        """The shape (1, 5, 4), computed of that of a tensor (1, 1, 5, 4) in all ways there are."""

        def numbers(*values: int) -> int:
            return self.tensor([len(values)], self.s.TensorType.INT32, [], [], np.array(values, np.int32))

        def computed(kind: str, inputs: list[int], shape: list[int], **options: int) -> int:
            held = getattr(self.s, f"{kind.title().replace('_', '')}OptionsT")()
            for name, value in options.items():
                setattr(held, name, value)
            self.operator(kind, inputs, self.tensor(shape, self.s.TensorType.INT32, [], []), held)
            return self.at

        shape = computed("SHAPE", [self.at], [4], outType=self.s.TensorType.INT32)
        bounds = numbers(1), numbers(2), numbers(1)
        first = computed("STRIDED_SLICE", [shape, *bounds], [], shrinkAxisMask=1)
        packed = computed("PACK", [first], [1], valuesCount=1)
        rest = computed("GATHER", [shape, numbers(2, 3)], [2])
        return computed("CONCATENATION", [packed, rest], [3])


Change = Callable[[Model], None]


def _operator(index: int, **options: float) -> Change:
    """Other options of an operator."""

    def change(model: Model) -> None:
        for name, value in options.items():
            setattr(model.graph.operators[index].builtinOptions, name, value)

    return change


def _tensor(operator: int, place: int | None, **values: Any) -> Change:
    """Other fields of an operator's input, or of its output (place None), or of that tensor's quantization."""

    def change(model: Model) -> None:
        op = model.graph.operators[operator]
        tensor = model.graph.tensors[op.outputs[0] if place is None else op.inputs[place]]
        for name, value in values.items():
            setattr(tensor if hasattr(tensor, name) else tensor.quantization, name, value)

    return change


def _graph(**values: Any) -> Change:
    return lambda model: [setattr(model.graph, name, value) for name, value in values.items()] and None


def _version(value: int) -> Change:
    return lambda model: setattr(model.model, "version", value)


def scaled(step: float) -> Change:
    """All steps of the small net but the probabilities', so that the softmax reads steps of `step`: what a data set of
    tiny values gives.
    """

    def change(model: Model) -> None:
        tensors, ops = model.graph.tensors, model.graph.operators
        held = [tensors[index] for index in (ops[0].inputs[0], ops[0].inputs[2], *(op.outputs[0] for op in ops[:3]))]
        factor = step / held[-1].quantization.scale[0]
        for tensor in held:
            tensor.quantization.scale = [scale * factor for scale in tensor.quantization.scale]
        held[-1].quantization.scale = [step]

    return change


def _code(index: int, **values: Any) -> Change:
    return lambda model: [setattr(model.model.operatorCodes[index], *item) for item in values.items()] and None


def _bias(kind: str, values: int) -> Change:
    """A bias of another type or size, with all bytes that it needs."""

    def change(model: Model) -> None:
        tensor = model.graph.tensors[model.graph.operators[0].inputs[2]]
        tensor.type, tensor.shape = getattr(model.s.TensorType, kind), [values]
        model.model.buffers[tensor.buffer].data = np.zeros(values * {"INT8": 1, "INT32": 4}[kind], np.uint8)

    return change


STEPS = "operator 3 is SOFTMAX with beta {} of an input in steps of {}; .* beta times step over 2\\^-26"
NAMED: dict[str, tuple[Change, str]] = {
    "softmax of tiny steps": (scaled(1e-8), STEPS.format("1", "1e-08")),
    "softmax at the limit": (scaled(2.0**-26), STEPS.format("1", "1.49012e-08")),
    **{
        f"softmax with beta {beta}": (_operator(3, beta=beta), STEPS.format(beta, "0.05"))
        for beta in (0, -1, math.nan, math.inf)
    },
    "addition to tiny steps": (
        _tensor(1, None, scale=[0.06 * 2.0**-20]),
        "operator 1 is ADD from steps of 0.06 to steps of .*; .* an output in steps over 2\\^-19 of its inputs'",
    ),
    "dilation 0": (_operator(0, dilationWFactor=0), "CONV_2D with dilationWFactor 0; .* 1 to 32767"),
    "stride 0": (_operator(0, strideW=0), "CONV_2D with strideW 0; .* 1 to 32767"),
    "stride 0 of the other axis": (_operator(0, strideH=0), "CONV_2D with strideH 0; .* 1 to 32767"),
    **{
        f"buffer of {what}": (_tensor(0, place, buffer=9999), "is damaged: tensor . lies in buffer 9999 of 9; write or")
        for what, place in (("an input", 0), ("weights", 1), ("a bias", 2), ("an output", None))
    },
    **{
        f"no {what}": (_graph(**{what: None}), f"is damaged: .* has no {what}; write or copy it again")
        for what in ("inputs", "outputs", "operators", "tensors")
    },
    "no zero point": (_tensor(0, 0, zeroPoint=None), "is damaged: .* has 1 scales and 0 zero points"),
    "no zero points of weights": (_tensor(0, 1, zeroPoint=None), "is damaged: .* has 3 scales and 0 zero points"),
    "no scale": (_tensor(0, 0, scale=None), "tensor 0 .* has the scales .*, expected one above 0"),
    "an infinite scale": (_tensor(0, 0, scale=[math.inf]), "tensor 0 .* has the scales .inf., expected one above 0"),
    "an infinite scale of weights": (_tensor(0, 1, scale=[math.inf] * 3), "with a weight scale of inf; .* finite"),
    "a zero point of 300": (_tensor(0, 0, zeroPoint=[300]), "has the zero point 300, expected -128 to 127"),
    "one bias": (_bias("INT32", 1), "with a bias of 1 values of int32 for 3 channels; .* int32 for each channel"),
    "a bias of int8": (_bias("INT8", 3), "with a bias of 3 values of int8 for 3 channels; .* int32 for each channel"),
    **{
        f"schema version {version}": (_version(version), f"is of schema version {version}, expected 3; convert the m")
        for version in (0, 1, 2, 4, 99)
    },
    **{
        f"operator version {version}": (
            _code(0, version=version),
            f"operator 0 is CONV_2D of version {version}; .* version 1 to 3",
        )
        for version in (0, 4, 99)
    },
    "an input that does not fit": (_tensor(0, 0, shape=[1, 1, 5, 3]), "CONV_2D that writes .* where .* was expected"),
    "an input of 4 GB": (_tensor(0, 0, shape=[1, 1, 2**30, 4]), "is damaged: tensor 0 .* has the shape"),
}


def named(name: str) -> bytes:
    """The damaged file of that name."""
    model = SmallNet()
    NAMED[name][0](model)
    return model.bytes()
