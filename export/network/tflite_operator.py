"""One operator of a .tflite file as its reader sees it: what it reads and holds, checked, and where its integers go.

Products and ratios of scales are float64, as in the pinned wheel; only the quotient of a fused ReLU6's limit is
float32 (tests/firmware/test_rules.py establishes each rule there).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from export.network.integers import Affine, Int8Conv, Rescale, quantize_multiplier
from export.network.layers import Layer, Tensor
from export.network.tflite_file import schema
from scl.artifacts import InputError

INT8_INPUT = "an int8 input and output: converter.inference_input_type = converter.inference_output_type = tf.int8"


class UnsupportedError(Exception):
    """What an operator asks for, and the nearest form that there is."""

    def __init__(self, asked: str, nearest: str) -> None:
        super().__init__(asked)
        self.nearest = nearest


def effective_scales(source: np.float32, weights: np.ndarray, result: np.float32) -> np.ndarray:
    """What an accumulator is multiplied by, float64 (out,), of the scales of input, weights float32 (out,) and output.

    One rule for dense layers and convolutions, with one scale of weights or with one for each channel.
    """
    scales: np.ndarray = float(source) * weights.astype(np.float64) / float(result)
    return scales


@dataclass
class TFLiteGraph:
    """A file's only graph, and what has been read of it.

    Args:
        model: the file's contents, by the format's schema.
        where: names the file in errors.
        names: of the network's tensor that lies in a file's tensor, by the file's index.
        tensors: index in the file, by name.
        operators: index in the file of the operator that is a layer, by name.
    """

    model: Any
    where: str
    names: dict[int, str] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    activations: dict[str, Affine] = field(default_factory=dict)
    convs: dict[str, Int8Conv] = field(default_factory=dict)
    rescales: dict[str, Rescale] = field(default_factory=dict)
    clamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    tensors: dict[str, int] = field(default_factory=dict)
    operators: dict[str, int] = field(default_factory=dict)

    @property
    def graph(self) -> Any:
        return self.model.subgraphs[0]

    def name(self, index: int, name: str) -> None:
        """Calls the file's tensor `index` by a name."""
        self.names[index] = name
        self.activations[name] = self.affine(index)
        self.tensors[name] = index

    def shape(self, index: int) -> list[int]:
        return [int(n) for n in self.graph.tensors[index].shape]

    def affine(self, index: int) -> Affine:
        """Scale and zero point of an activation."""
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


@dataclass(frozen=True)
class TFLiteOperator:
    """One operator.

    Args:
        file: the graph that it stands in.
        name: of the layer that it becomes.
        inputs: the file's indices of tensors; -1 stands for one that is left out.
        output: likewise.
        options: by the format's schema.
    """

    file: TFLiteGraph
    name: str
    inputs: Sequence[int]
    output: int
    options: Any

    def source(self, place: int = 0) -> Tensor:
        """An input as (length, channels): the last axis is the channels'."""
        shape = self.shape(place)
        return Tensor(self.file.names[self.inputs[place]], math.prod(shape[:-1]), shape[-1])

    def shape(self, place: int = 0) -> list[int]:
        """An input's shape in the file."""
        return self.file.shape(self.inputs[place])

    def scale(self, place: int = 0) -> float:
        """An input's scale."""
        return float(self.file.affine(self.inputs[place]).scale)

    @property
    def affine(self) -> Affine:
        """Of its first input."""
        return self.file.affine(self.inputs[0])

    @property
    def result(self) -> Affine:
        """Of its output."""
        return self.file.affine(self.output)

    def axis(self, kernel: tuple[int, int]) -> int:
        """0 if time is the height, 1 if it is the width."""
        shape = self.shape()
        if len(shape) != 4 or shape[0] != 1 or 1 not in shape[1:3]:
            raise UnsupportedError(f" over {shape}", "a 4-D input (1, 1, time, channels)")
        axis = 1 if shape[1] == 1 and kernel[0] == 1 else 0
        if shape[2 - axis] != 1 or kernel[1 - axis] != 1:
            raise UnsupportedError(f" of a kernel {kernel} over {shape}", "a kernel as long as time only")
        return axis

    def steps(self, axis: int) -> tuple[int, int]:
        """Stride and dilation."""
        options = self.options
        stride, dilation = (options.strideH, options.strideW), (options.dilationHFactor, options.dilationWFactor)
        return int(stride[axis]), int(dilation[axis])

    @property
    def same(self) -> bool:
        """Whether its padding is SAME."""
        return bool(self.options.padding == schema().Padding.SAME)

    def constant(self, place: int) -> np.ndarray:
        """An input that the file holds, int8 or int32."""
        index = self.inputs[place]
        tensor = self.file.graph.tensors[index]
        kinds = {"INT8": np.int8, "INT32": np.int32}
        kind = next((t for name, t in kinds.items() if tensor.type == getattr(schema().TensorType, name)), None)
        contents = self.file.model.buffers[tensor.buffer].data
        if kind is None or contents is None or len(contents) == 0:
            raise UnsupportedError(f" whose tensor {index} is no constant of 8 or 32 bits", "constant int8 weights")
        return np.frombuffer(bytes(contents), np.dtype(kind).newbyteorder("<")).astype(kind).reshape(tensor.shape)

    @property
    def has_bias(self) -> bool:
        return len(self.inputs) > 2 and self.inputs[2] >= 0

    def weights(self, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Weights int8 in the file's order, and their scales float32: one, or one for each channel along `axis`."""
        weights, quantization = self.constant(1), self.file.graph.tensors[self.inputs[1]].quantization
        scales = np.array(quantization.scale, np.float32)
        if weights.dtype != np.int8 or any(quantization.zeroPoint):
            raise UnsupportedError(" with asymmetric weights", "int8 weights with zero points of 0")
        unusable = scales[~(np.isfinite(scales) & (scales >= 0))]
        if unusable.size:
            raise UnsupportedError(f" with a weight scale of {unusable[0]:g}", "finite scales, none of them negative")
        if scales.size not in (1, weights.shape[axis]):
            raise UnsupportedError(
                f" with {scales.size} weight scales", "one scale for each output channel, or for all"
            )
        return weights, scales

    def keep_integers(self, weights: np.ndarray, scales: np.ndarray) -> None:
        """Derives the integers of a layer with weights (out, kernel, in), or depthwise (kernel, out)."""
        out = weights.shape[-1] if weights.ndim == 2 else weights.shape[0]
        bias = self.constant(2) if self.has_bias else np.zeros(out, np.int32)
        source, result = self.affine.scale, self.result.scale
        scales = np.broadcast_to(scales, (out,))
        fixed = [quantize_multiplier(float(factor)) for factor in effective_scales(source, scales, result)]
        multiplier, shift = (np.array(values) for values in zip(*fixed, strict=True))
        self.file.convs[self.name] = Int8Conv(
            weights, scales, bias.ravel(), source * scales, multiplier.astype(np.int32), shift.astype(np.int8)
        )

    def keep_rescale(self, fixed: Sequence[tuple[int, int]], bias: int = 0) -> None:
        """Keeps the (multiplier, shift) of a layer without weights, and the one other integer that its kernel reads."""
        multiplier, shift = zip(*fixed, strict=True)
        self.file.rescales[self.name] = Rescale(
            np.array(multiplier, np.int32), np.array(shift, np.int8), np.array([bias], np.int32)
        )

    def clamp(self) -> tuple[int, int]:
        """Least and largest value under a fused activation."""
        kinds, affine, activation = schema().ActivationFunctionType, self.result, self.options.fusedActivationFunction
        if activation == kinds.NONE:
            return -128, 127
        if activation not in (kinds.RELU, kinds.RELU6):
            raise UnsupportedError(" with a fused activation", "a fused ReLU or ReLU6, or none")
        if activation == kinds.RELU:
            return affine.zero_point, 127
        return affine.zero_point, min(127, affine.zero_point + math.floor(float(np.float32(6) / affine.scale) + 0.5))
