"""Reads an int8 .tflite file that was made elsewhere into the network that the C engine runs.

Accepted are 1-D networks: one axis of time, of whichever of TFLite's two spatial ones, and the operators of OPERATORS.
Derived integers follow TFLite Micro's own preparation of each kernel, as the pinned wheel does it
(tests/firmware/test_rules.py establishes each rule there): products and ratios of scales are float64, and only the
quotient of a fused ReLU6's limit is float32.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from export.network.layers import Add, AveragePool, Conv, Depthwise, Layer, MaxPool, Mean, Network, Softmax, Tensor
from export.network.quantization import Affine, Int8Conv, Int8Network, Rescale, quantize_multiplier
from export.network.tflite_file import operator_code, schema
from scl.artifacts import InputError

VIEWS = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")  # the same values in another shape
OPERATORS = (
    *("CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "FULLY_CONNECTED", "ADD", "SOFTMAX"),
    *VIEWS,
)
INT8_INPUT = "an int8 input and output: converter.inference_input_type = converter.inference_output_type = tf.int8"
NEAREST = {
    "QUANTIZE": INT8_INPUT,
    "DEQUANTIZE": INT8_INPUT,
    "RELU": "a ReLU fused into the operator before it",
    "RELU6": "a ReLU6 fused into the operator before it",
    "SPACE_TO_BATCH_ND": "CONV_2D with a dilation factor of its own, not one that the converter took apart",
    "PAD": "SAME or VALID padding of the convolution itself",
    "SUB": "ADD, with the sign in the weights before it",
    "CONCATENATION": "ADD of two tensors, or a wider convolution",
    "REDUCE_MAX": "MAX_POOL_2D as long as its input",
    "LOGISTIC": "SOFTMAX, or the logits themselves",
    "CONV_3D": "CONV_2D of height 1",
    "TRANSPOSE_CONV": "CONV_2D",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "dilated CONV_2D over time",
}
ADD_HEADROOM = 20  # bits, of the kernel
SOFTMAX_BITS = 5  # integer bits of a scaled difference
PROBABILITY_SCALE = np.float32(1 / 256)
MOST = 2**16 - 1  # samples or channels: the engine counts them in 16 bits


@dataclass(frozen=True)
class Foreign:
    """A network from a file, and the file's tensor for each of its own.

    Args:
        network: with the last operator's tensor as its only output.
        tensors: index in the file, by name: "input" and every layer.
        operators: index in the file of the operator that is a layer, by name.
    """

    network: Int8Network
    tensors: dict[str, int]
    operators: dict[str, int]


def read(data: bytes, where: str) -> Foreign:
    """The network of a .tflite file's bytes; `where` names the file in errors.

    Raises InputError if the file is none, or uses what the engine lacks; the operator's index is named.
    """
    if data[4:8] != b"TFL3":
        raise InputError(f"{where}: starts with {data[:8]!r}, expected a .tflite file (TFL3 from byte 4 on)")
    try:
        model = schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(data, 0))
    except Exception as error:  # a flatbuffer is read by offsets: a damaged one fails anywhere
        raise InputError(f"{where}: is damaged: {error}; write it again") from error
    return _Reader(model, where).read()


def effective_scales(source: np.float32, weights: np.ndarray, result: np.float32) -> np.ndarray:
    """What an accumulator is multiplied by, float64 (out,), of the scales of input, weights float32 (out,) and output.

    One rule for dense layers and convolutions, with one scale of weights or with one for each channel.
    """
    return float(source) * weights.astype(np.float64) / float(result)


class _UnsupportedError(Exception):
    """What an operator asks for, and the nearest form that there is."""

    def __init__(self, found: str, nearest: str) -> None:
        super().__init__(found)
        self.nearest = nearest


@dataclass
class _Collected:
    layers: list[Layer] = field(default_factory=list)
    activations: dict[str, Affine] = field(default_factory=dict)
    convs: dict[str, Int8Conv] = field(default_factory=dict)
    rescales: dict[str, Rescale] = field(default_factory=dict)
    clamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    tensors: dict[str, int] = field(default_factory=dict)
    operators: dict[str, int] = field(default_factory=dict)


class _Reader:
    def __init__(self, model: Any, where: str) -> None:
        self.model, self.where = model, where
        self.names: dict[int, str] = {}  # of what lies in a file's tensor
        self.found = _Collected()
        self.codes = {code: name for name, code in vars(schema().BuiltinOperator).items() if not name.startswith("_")}

    def read(self) -> Foreign:
        if len(self.model.subgraphs) != 1:
            raise InputError(f"{self.where}: holds {len(self.model.subgraphs)} subgraphs, expected 1")
        self.graph = self.model.subgraphs[0]
        ends = len(self.graph.inputs), len(self.graph.outputs)
        if ends != (1, 1):
            raise InputError(f"{self.where}: has {ends[0]} inputs and {ends[1]} outputs, expected one of each")
        (source,), (result,) = self.graph.inputs, self.graph.outputs
        self._name(source, "input")
        for index, op in enumerate(self.graph.operators):
            kind = "of no known kind"
            try:
                kind = self.codes[operator_code(self.model.operatorCodes[op.opcodeIndex])]
                self._operator(index, kind, op)
            except _UnsupportedError as error:
                raise InputError(
                    f"{self.where}: operator {index} is {kind}{error}; the nearest supported form is {error.nearest}"
                ) from error
            except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
                raise InputError(
                    f"{self.where}: operator {index}, {kind}, does not fit the tensors it names ({error!r}); the file "
                    "is damaged: write it again"
                ) from error
        if not self.found.layers or result not in self.names:
            raise InputError(f"{self.where}: no operator writes its output")
        network = Network(tuple(self.found.layers), outputs=(self.names[result],))
        parts = self.found.activations, self.found.convs, self.found.rescales, self.found.clamps
        return Foreign(Int8Network(network, *parts), self.found.tensors, self.found.operators)

    def _operator(self, index: int, kind: str, op: Any) -> None:
        if kind not in OPERATORS:
            raise _UnsupportedError("", NEAREST.get(kind, f"one of {', '.join(OPERATORS)}"))
        (result,) = op.outputs
        if kind in VIEWS:
            self.names[result] = self.names[op.inputs[0]]
            if self._affine(result) != self.found.activations[self.names[result]]:
                raise _UnsupportedError(" that changes the scale", f"a {kind} with its input's scale and zero point")
            return
        name = f"op{index}_{kind.lower()}"
        options = op.builtinOptions
        readers: dict[str, Callable[..., Layer]] = {
            "CONV_2D": self._conv,
            "DEPTHWISE_CONV_2D": self._depthwise,
            "FULLY_CONNECTED": self._dense,
            "AVERAGE_POOL_2D": self._pool,
            "MAX_POOL_2D": self._pool,
            "MEAN": self._mean,
            "ADD": self._add,
            "SOFTMAX": self._softmax,
        }
        layer = readers[kind](name, op, options)
        self.found.layers.append(layer)
        self.found.operators[name] = index
        expected, found = layer.result.size, math.prod(int(n) for n in self.graph.tensors[result].shape)
        if expected != found:
            raise _UnsupportedError(
                f" that writes {found} values where {expected} were expected", "one axis of time, batches of one"
            )
        if max(layer.result.length, layer.result.channels, layer.source.length, layer.source.channels) > MOST:
            raise _UnsupportedError(f" over {layer.source}", f"at most {MOST} samples and channels")
        if kind not in ("MEAN", "SOFTMAX"):
            self.found.clamps[name] = self._clamp(result, options.fusedActivationFunction)
        self._name(result, name)

    # Each operator ------------------------------------------------------------------------------------------------

    def _conv(self, name: str, op: Any, options: Any) -> Layer:
        weights, scales = self._weights(op.inputs[1], axis=0)
        out, height, width, channels = weights.shape
        axis = self._axis(op.inputs[0], (height, width))
        stride, dilation = self._steps(options, axis)
        source = self._source(op.inputs[0])
        if channels != source.channels:
            raise _UnsupportedError(
                f" in groups of {channels} of {source.channels} channels", "one group, or a depthwise"
            )
        self._integers(name, op, weights.reshape(out, -1, channels), scales)
        return Conv(
            name, source, np.zeros((out, height * width, channels), np.float32), np.zeros(out, np.float32), stride,
            self._same(options), dilation=dilation,
        )  # fmt: skip

    def _depthwise(self, name: str, op: Any, options: Any) -> Layer:
        weights, scales = self._weights(op.inputs[1], axis=3)
        _, height, width, out = weights.shape
        if len(op.inputs) < 3 or op.inputs[2] < 0:
            raise _UnsupportedError(" without a bias, on which TFLite Micro itself ends", "one with a bias, of zeros")
        axis = self._axis(op.inputs[0], (height, width))
        stride, dilation = self._steps(options, axis)
        self._integers(name, op, weights.reshape(-1, out), scales)
        return Depthwise(
            name, self._source(op.inputs[0]), np.zeros((height * width, out), np.float32), np.zeros(out, np.float32),
            stride, self._same(options), dilation=dilation,
        )  # fmt: skip

    def _dense(self, name: str, op: Any, options: Any) -> Layer:
        weights, scales = self._weights(op.inputs[1], axis=0)
        out, width = weights.shape
        held = self.graph.tensors[op.inputs[0]]
        source = Tensor(self.names[op.inputs[0]], 1, int(math.prod(held.shape)))
        if width != source.channels:
            raise _UnsupportedError(f" of {source.channels} values with weights for {width}", "a batch of one")
        self._integers(name, op, weights[:, None], scales)
        return Conv(name, source, np.zeros((out, 1, width), np.float32), np.zeros(out, np.float32))

    def _pool(self, name: str, op: Any, options: Any) -> Layer:
        axis = self._axis(op.inputs[0], (options.filterHeight, options.filterWidth))
        kernel = int((options.filterHeight, options.filterWidth)[axis])
        kind = MaxPool if "max" in name else AveragePool
        if self._affine(op.inputs[0]) != self._affine(op.outputs[0]):
            raise _UnsupportedError(" that changes the scale", "a pool with its input's scale and zero point")
        return kind(
            name, self._source(op.inputs[0]), kernel, int((options.strideH, options.strideW)[axis]), self._same(options)
        )

    def _mean(self, name: str, op: Any, options: Any) -> Layer:
        shape = [int(n) for n in self.graph.tensors[op.inputs[0]].shape]
        axes = {int(axis) % len(shape) for axis in np.atleast_1d(self._constant(op.inputs[1]))}
        source = self._source(op.inputs[0])
        kept = math.prod(n for axis, n in enumerate(shape) if axis not in axes)
        if len(shape) - 1 in axes or kept != source.channels:
            raise _UnsupportedError(f" over axes {sorted(axes)} of {shape}", "a mean over all of time")
        multiplier, shift = quantize_multiplier(self._scale(op.inputs[0]) / self._scale(op.outputs[0]))
        # The length comes off the multiplier, whose bits it may use up to its own highest.
        bits = min(source.length.bit_length() - 1, 32, 31 + shift)
        self._rescale(name, [((multiplier << bits) // source.length, shift - bits)])
        return Mean(name, source, source.length, source.length)

    def _add(self, name: str, op: Any, options: Any) -> Layer:
        first, second = op.inputs
        if second not in self.names or first not in self.names:
            raise _UnsupportedError(" of a constant", "a bias of the operator before it")
        if list(self.graph.tensors[first].shape) != list(self.graph.tensors[second].shape):
            raise _UnsupportedError(" of two shapes (broadcast)", "an ADD of two tensors of one shape")
        twice = 2 * max(self._scale(first), self._scale(second))
        factors = (self._scale(first) / twice, self._scale(second) / twice)
        scale = twice / (2**ADD_HEADROOM * self._scale(op.outputs[0]))
        self._rescale(name, [quantize_multiplier(factor) for factor in (*factors, scale)])
        return Add(name, self._source(first), self._source(second))

    def _softmax(self, name: str, op: Any, options: Any) -> Layer:
        if self._affine(op.outputs[0]) != Affine(PROBABILITY_SCALE, -128):
            raise _UnsupportedError(
                " with another output than probabilities", "an output of scale 1/256, zero point -128"
            )
        factor = min(options.beta * self._scale(op.inputs[0]) * 2 ** (31 - SOFTMAX_BITS), 2**31 - 1.0)
        multiplier, shift = quantize_multiplier(factor)
        if shift < 0:
            raise _UnsupportedError(f" of steps of {self._scale(op.inputs[0]):g}", "a coarser input")
        least = -math.floor((2**SOFTMAX_BITS - 1) * 2 ** (31 - SOFTMAX_BITS) / 2**shift)
        self._rescale(name, [(multiplier, shift)], bias=least)
        return Softmax(name, self._source(op.inputs[0]))

    # What operators share -----------------------------------------------------------------------------------------

    def _name(self, index: int, name: str) -> None:
        self.names[index] = name
        self.found.activations[name] = self._affine(index)
        self.found.tensors[name] = index

    def _affine(self, index: int) -> Affine:
        tensor = self.graph.tensors[index]
        text = tensor.name.decode(errors="replace") if tensor.name else str(index)
        if tensor.type != schema().TensorType.INT8:
            raise InputError(
                f"{self.where}: tensor {index} ({text}) is not int8; the nearest supported is {INT8_INPUT}"
            )
        quantization = tensor.quantization
        scales = [] if quantization is None or quantization.scale is None else list(quantization.scale)
        if len(scales) != 1 or not (math.isfinite(scales[0]) and scales[0] > 0):
            raise InputError(
                f"{self.where}: tensor {index} ({text}) has the scales {scales}, expected one above 0; convert it with "
                "full integer quantization and a representative data set"
            )
        return Affine(np.float32(scales[0]), int(quantization.zeroPoint[0]))

    def _scale(self, index: int) -> float:
        return float(self._affine(index).scale)

    def _source(self, index: int) -> Tensor:
        """What operator inputs hold as (length, channels): the last axis is the channels'."""
        shape = [int(n) for n in self.graph.tensors[index].shape]
        return Tensor(self.names[index], math.prod(shape[:-1]), shape[-1])

    def _axis(self, index: int, kernel: tuple[int, int]) -> int:
        """0 if time is the height, 1 if it is the width."""
        shape = [int(n) for n in self.graph.tensors[index].shape]
        if len(shape) != 4 or shape[0] != 1 or 1 not in shape[1:3]:
            raise _UnsupportedError(f" over {shape}", "a 4-D input (1, 1, time, channels)")
        axis = 1 if shape[1] == 1 and kernel[0] == 1 else 0
        if shape[2 - axis] != 1 or kernel[1 - axis] != 1:
            raise _UnsupportedError(f" of a kernel {kernel} over {shape}", "a kernel as long as time only")
        return axis

    def _steps(self, options: Any, axis: int) -> tuple[int, int]:
        """Stride and dilation."""
        stride, dilation = (options.strideH, options.strideW), (options.dilationHFactor, options.dilationWFactor)
        return int(stride[axis]), int(dilation[axis])

    def _same(self, options: Any) -> bool:
        return bool(options.padding == schema().Padding.SAME)

    def _constant(self, index: int) -> np.ndarray:
        tensor = self.graph.tensors[index]
        kinds = {"INT8": np.int8, "INT32": np.int32}
        kind = next((t for name, t in kinds.items() if tensor.type == getattr(schema().TensorType, name)), None)
        contents = self.model.buffers[tensor.buffer].data
        if kind is None or contents is None or len(contents) == 0:
            raise _UnsupportedError(f" whose tensor {index} is no constant of 8 or 32 bits", "constant int8 weights")
        return np.frombuffer(bytes(contents), np.dtype(kind).newbyteorder("<")).astype(kind).reshape(tensor.shape)

    def _weights(self, index: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
        weights, quantization = self._constant(index), self.graph.tensors[index].quantization
        scales = np.array(quantization.scale, np.float32)
        if weights.dtype != np.int8 or any(quantization.zeroPoint):
            raise _UnsupportedError(" with asymmetric weights", "int8 weights with zero points of 0")
        unusable = scales[~(np.isfinite(scales) & (scales >= 0))]
        if unusable.size:
            raise _UnsupportedError(f" with a weight scale of {unusable[0]:g}", "finite scales, none of them negative")
        if scales.size not in (1, weights.shape[axis]):
            raise _UnsupportedError(
                f" with {scales.size} weight scales", "one scale for each output channel, or for all"
            )
        return weights, scales

    def _integers(self, name: str, op: Any, weights: np.ndarray, scales: np.ndarray) -> None:
        out = weights.shape[-1] if weights.ndim == 2 else weights.shape[0]
        given = len(op.inputs) > 2 and op.inputs[2] >= 0
        bias = self._constant(op.inputs[2]) if given else np.zeros(out, np.int32)
        source, result = self._affine(op.inputs[0]).scale, self._affine(op.outputs[0]).scale
        scales = np.broadcast_to(scales, (out,))
        fixed = [quantize_multiplier(float(factor)) for factor in effective_scales(source, scales, result)]
        multiplier, shift = (np.array(values) for values in zip(*fixed, strict=True))
        self.found.convs[name] = Int8Conv(
            weights, scales, bias.ravel(), source * scales, multiplier.astype(np.int32), shift.astype(np.int8)
        )

    def _rescale(self, name: str, fixed: Sequence[tuple[int, int]], bias: int = 0) -> None:
        multiplier, shift = zip(*fixed, strict=True)
        self.found.rescales[name] = Rescale(
            np.array(multiplier, np.int32), np.array(shift, np.int8), np.array([bias], np.int32)
        )

    def _clamp(self, index: int, activation: Any) -> tuple[int, int]:
        """Least and largest value under a fused activation."""
        kinds, affine = schema().ActivationFunctionType, self._affine(index)
        if activation == kinds.NONE:
            return -128, 127
        if activation not in (kinds.RELU, kinds.RELU6):
            raise _UnsupportedError(" with a fused activation", "a fused ReLU or ReLU6, or none")
        if activation == kinds.RELU:
            return affine.zero_point, 127
        return affine.zero_point, min(127, affine.zero_point + math.floor(float(np.float32(6) / affine.scale) + 0.5))
