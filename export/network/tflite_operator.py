"""One operator of a .tflite file as its reader sees it: what it reads and holds, checked, and where its integers go.

Products and ratios of scales are float64, as in the pinned wheel; only the quotient of a fused ReLU6's limit is
float32 (tests/firmware/test_rules.py establishes each rule there).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from export.network import factors
from export.network.factors import UnsupportedError
from export.network.integers import Affine, Int8Conv
from export.network.layers import Tensor
from export.network.order import Order
from export.network.pointwise import LOOKUP
from export.network.tables import FUNCTIONS, six
from export.network.tflite_file import constant
from export.network.tflite_graph import Pads, TFLiteGraph
from export.network.tflite_schema import FUSED, schema

# What computes each value from those in its place.
BY_VALUE = {*FUNCTIONS, LOOKUP, "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"}
CHANNELS_LAST = "time before channels where operators but MEAN and FULLY_CONNECTED read, as (1, 1, time, channels)"
MOST = 2**16 - 1  # samples and channels: the engine counts them in 16 bits
MOST_STEP = 2**15 - 1  # samples of a stride, a dilation or padding: TFLite Micro counts them in 16 bits with a sign
MOST_BIAS_APART = 0.02  # steps of the output


def effective_scales(source: np.float32, weights: np.ndarray, result: np.float32) -> np.ndarray:
    """What an accumulator is multiplied by, float64 (out,), of the scales of input, weights float32 (out,) and output.

    One rule for dense layers and convolutions, with one scale of weights or with one for each channel.
    """
    scales: np.ndarray = float(source) * weights.astype(np.float64) / float(result)
    return scales


@dataclass(frozen=True)
class TFLiteOperator:
    """One operator.

    Args:
        file: the graph that it stands in.
        index: its own in the file.
        name: of the layer that it becomes.
        kind: of the schema's BuiltinOperator.
        inputs: the file's indices of tensors; -1 stands for one that is left out.
        output: likewise.
        options: by the format's schema.
    """

    file: TFLiteGraph
    index: int
    name: str
    kind: str
    inputs: Sequence[int]
    output: int
    options: Mapping[str, Any]

    def source(self, place: int = 0) -> Tensor:
        """An input as (length, channels): the last axis is the channels', and no values have been moved."""
        shape, index = self.shape(place), self.inputs[place]
        if index not in self.file.names:
            raise UnsupportedError(f" of the constant {index}", "one of two tensors that operators wrote")
        if not shape:
            raise UnsupportedError(" of a single value without an axis", "an input with an axis of channels")
        if index in self.file.pads:
            raise UnsupportedError(" behind a PAD", "a PAD that a convolution reads")
        if not self.file.order(index).plain:
            return self._moved(index)
        return Tensor(self.file.names[index], math.prod(shape[:-1]), shape[-1])

    def _moved(self, index: int) -> Tensor:
        """An input whose values a TRANSPOSE has moved, as it is before that: what goes value by value may have it."""
        file, order = self.file, self.file.order(index)
        activations = [other for other in self.inputs if other in file.names]
        if self.kind not in BY_VALUE or any(file.order(other) != order for other in activations):
            raise UnsupportedError(f" over {file.shape(index)} behind a TRANSPOSE that moves values", CHANNELS_LAST)
        file.orders[self.output] = order
        written = {layer.name: layer.result for layer in file.layers}
        return written.get(file.names[index]) or Tensor(file.names[index], 1, math.prod(file.shape(index)))

    def flat(self) -> Tensor:
        """The first input as one sample of all its values, whose order the reader looks after."""
        index = self.inputs[0]
        if index not in self.file.names or index in self.file.pads:
            self.source()  # says why not
        return Tensor(self.file.names[index], 1, math.prod(self.shape()))

    def reading(self, *inputs: int) -> "TFLiteOperator":
        """The same with other inputs."""
        return replace(self, inputs=inputs)

    def order(self, place: int = 0) -> Order:
        """In which an input holds the network's values."""
        return self.file.order(self.inputs[place])

    def shape(self, place: int = 0) -> list[int]:
        """An input's shape in the file."""
        return self.file.shape(self.inputs[place])

    def affine(self, place: int = 0) -> Affine:
        """Scale and zero point of an input."""
        return self.file.affine(self.inputs[place])

    @property
    def result(self) -> Affine:
        """Of its output."""
        return self.file.affine(self.output)

    def option(self, name: str) -> int:
        """One of its options, in the kernels' range."""
        value = int(self.options[name])
        if not 1 <= value <= MOST_STEP:
            raise UnsupportedError(f" with {name} {value}", f"1 to {MOST_STEP}")
        return value

    def pair(self, height: str, width: str) -> tuple[int, int]:
        """Two options that belong to the two axes."""
        return self.option(height), self.option(width)

    @property
    def same(self) -> bool:
        """Whether its padding is SAME."""
        kinds = schema().Padding
        if self.options["padding"] not in (kinds.SAME, kinds.VALID):
            raise UnsupportedError(f" with the padding {self.options['padding']}", "SAME or VALID")
        return bool(self.options["padding"] == kinds.SAME)

    def constant(self, place: int, kind: str = "INT32") -> np.ndarray:
        """An input that the file holds, of the schema's type `kind`, INT8 or INT32."""
        index = self.inputs[place]
        if kind == "INT32" and index in self.file.values:
            return self.file.values[index]
        tensor = self.file.contents.tensors[index]  # -1 is checked below
        if index < 0 or tensor.kind != kind or tensor.contents is None:
            nearest = "constant int8 weights" if kind == "INT8" else "one that the file holds or computes of shapes"
            raise UnsupportedError(f" whose tensor {index} is no constant of {kind.lower()}", nearest)
        return constant(tensor, {"INT8": np.int8, "INT32": np.int32}[kind])

    @property
    def has_bias(self) -> bool:
        return len(self.inputs) > 2 and self.inputs[2] >= 0

    def weights(self, axis: int, axes: int = 4) -> tuple[np.ndarray, np.ndarray]:
        """Weights int8 in the file's order, and their scales float32: one, or one for each channel along `axis`."""
        weights, tensor = self.constant(1, "INT8"), self.file.contents.tensors[self.inputs[1]]
        if weights.ndim != axes or max(weights.shape) > MOST:
            raise UnsupportedError(
                f" with weights of the shape {list(weights.shape)}", f"{axes} axes of {MOST} at most"
            )
        scales = tensor.scales
        if tensor.zero_points.any():
            raise UnsupportedError(" with asymmetric weights", "int8 weights with zero points of 0")
        unusable = scales[~(np.isfinite(scales) & (scales >= 0))]
        if unusable.size:
            raise UnsupportedError(f" with a weight scale of {unusable[0]:g}", "finite scales, none of them negative")
        if scales.size not in (1, weights.shape[axis]) or (scales.size > 1 and tensor.axis != axis):
            raise UnsupportedError(
                f" with {scales.size} weight scales along axis {tensor.axis}",
                f"one scale for each output channel (axis {axis}), or for all",
            )
        return weights, scales

    def bias(self, out: int) -> np.ndarray:
        """The bias int32 (out,); zeros where it has none."""
        types = schema().TensorType
        if self.options.get("quantizedBiasType", 0) not in (types.FLOAT32, types.INT32):  # the first is the default
            raise UnsupportedError(f" with a bias of type {self.options['quantizedBiasType']}", "one of int32")
        if not self.has_bias:
            return np.zeros(out, np.int32)
        tensor = self.file.contents.tensors[self.inputs[2]]
        if tensor.kind != "INT32" or tensor.contents is None or tensor.size != out:
            held = f"{tensor.size} values of {tensor.kind.lower() or 'no known kind'}"
            raise UnsupportedError(f" with a bias of {held} for {out} channels", "a constant int32 for each channel")
        return constant(tensor, np.int32).ravel()

    def keep_integers(self, weights: np.ndarray, scales: np.ndarray, repeat: int = 1) -> None:
        """Derives the integers of a layer with weights (out, kernel, in), or depthwise (kernel, out), where the file's
        output channels come `repeat` times.
        """
        out = (weights.shape[-1] if weights.ndim == 2 else weights.shape[0]) // repeat
        bias, source, result = self.bias(out), self.affine(), self.result
        self._require_bias_scale(source.scale, scales, result.scale)
        scales, bias = np.tile(np.broadcast_to(scales, (out,)), repeat), np.tile(bias, repeat)
        scaled = effective_scales(source.scale, scales, result.scale)
        pairs = [factors.fixed(float(factor)) for factor in scaled]
        multiplier, shift = (np.array(values) for values in zip(*pairs, strict=True))
        taps = np.abs(weights.astype(np.int64)).sum(axis=0 if weights.ndim == 2 else (1, 2))
        largest = np.abs(bias.astype(np.int64)) + taps * max(127 - source.zero_point, 128 + source.zero_point)
        factors.require_room(np.ldexp(largest.astype(np.float64), np.maximum(shift, 0)).max())
        with np.errstate(over="ignore"):  # only writers of other files read them
            bias_scales = source.scale * scales
        self.file.convs[self.name] = Int8Conv(
            weights, scales, bias, bias_scales, multiplier.astype(np.int32), shift.astype(np.int8)
        )

    def _require_bias_scale(self, source: np.float32, weights: np.ndarray, result: np.float32) -> None:
        """TFLite Micro's own condition: the first bias counts in steps of input times weights, or nearly so."""
        tensor = self.file.contents.tensors[self.inputs[2]] if self.has_bias else None
        if tensor is None:
            return
        bias = float(tensor.scales[0]) if tensor.scales.size else 0.0
        apart = abs(float(source) * float(weights[0]) - bias) / float(result)
        if not apart <= MOST_BIAS_APART:
            raise UnsupportedError(f" with a bias of the scale {bias:g}", "the scale of the input times the weights'")

    def require_scale(self) -> None:
        """Raises UnsupportedError unless its output is of its input's type, scale and zero point."""
        first, second = (self.file.contents.tensors[index] for index in (self.inputs[0], self.output))
        if first.kind != second.kind or first.kind == "INT8" and self.affine() != self.result:
            raise UnsupportedError(" that changes the scale", "one with its input's scale and zero point")

    def keep_view(self, order: Order, pads: Pads | None = None) -> None:
        """Keeps its output as a view of its first input, with the input's zeros around it unless `pads` are others."""
        source, result, file = self.inputs[0], self.output, self.file
        file.names[result] = file.names[source]
        if not order.plain:
            file.orders[result] = order
        pads = pads or file.pads.get(source)
        if pads:
            file.pads[result] = replace(pads, operators=(*pads.operators, self.index))
        if source in file.ends:
            file.ends[result] = file.ends[source]

    def require_shape(self, *shape: int) -> None:
        """Raises UnsupportedError unless its output has that shape in the file."""
        held = self.file.shape(self.output)
        if held != list(shape):
            raise UnsupportedError(f" that writes {held} where {list(shape)} was expected", "an output of that shape")

    def clamp(self) -> tuple[int, int]:
        """Least and largest value under a fused activation."""
        kinds, affine, activation = schema().ActivationFunctionType, self.result, self.options.get(FUSED, 0)
        if activation == kinds.NONE:
            return -128, 127
        if activation not in (kinds.RELU, kinds.RELU6):
            raise UnsupportedError(" with a fused activation", "a fused ReLU or ReLU6, or none")
        if activation == kinds.RELU:
            return affine.zero_point, 127
        return affine.zero_point, six(affine)
