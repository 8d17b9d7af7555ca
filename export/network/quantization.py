"""The deployed network in integers, by TensorFlow Lite's 8-bit quantization specification.

- Activations: int8 with one scale and zero point per tensor, from a range that includes 0; pooling keeps its input's.
- Weights: int8 in [-127, 127], symmetric, one scale per output channel. Biases: int32 of scale input * weights.
  A kernel's weights are rounded up or down such that their sum keeps: the sum meets what is constant in the input
  (gravity, most of all), and rounding each weight to its nearest lets their errors add up there.
- Requantization: input scale * weight scale / output scale as a Q31 multiplier and a power of two.

Scales are float32, as files hold them; what is derived from them is computed in float64, as TFLite does.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from export.network.layers import AveragePool, Conv, Depthwise, MaxPool, Network
from scl.artifacts import InputError

BIAS_LIMIT = 2**30  # leaves an int32 accumulator as much again for its products


@dataclass(frozen=True)
class Affine:
    """value = scale * (q - zero_point), q in [-128, 127]."""

    scale: np.float32
    zero_point: int

    def quantize(self, x: np.ndarray) -> np.ndarray:
        """Float array -> int8 array of the same shape, rounded half to even and clamped."""
        q = np.rint(np.asarray(x, np.float64) / float(self.scale)) + self.zero_point
        return np.clip(q, -128, 127).astype(np.int8)

    def dequantize(self, q: np.ndarray) -> np.ndarray:
        """Integer array -> float32 array of the same shape."""
        return ((q.astype(np.int32) - self.zero_point) * self.scale).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Int8Conv:
    """The integers of one convolution."""

    weights: np.ndarray  # int8 (out, kernel, in); of a depthwise one (kernel, out)
    weight_scales: np.ndarray  # float32 (out,)
    bias: np.ndarray  # int32 (out,)
    bias_scales: np.ndarray  # float32 (out,), input scale * weight scale
    multiplier: np.ndarray  # int32 (out,), Q31
    shift: np.ndarray  # int8 (out,), positive: left


@dataclass(frozen=True, eq=False)
class Rescale:
    """The integers of a layer without weights: factors as multipliers and shifts, and what else its kernel asks for."""

    multiplier: np.ndarray  # int32 (n,), Q31
    shift: np.ndarray  # int8 (n,), positive: left
    bias: np.ndarray  # int32 (m,)


@dataclass(frozen=True, eq=False)
class Int8Network:
    """A network with one table of scales and zero points, and the integers of each layer, by name.

    Args:
        network: its shapes.
        activations: of every tensor.
        convs: of every convolution, depthwise or not.
        rescales: of every mean, addition and softmax.
        clamps: least and largest value of layers that end elsewhere than `limits` would say.
    """

    network: Network
    activations: dict[str, Affine]
    convs: dict[str, Int8Conv]
    rescales: Mapping[str, Rescale] = field(default_factory=dict)
    clamps: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def limits(self, name: str) -> tuple[int, int]:
        """Least and largest value that layer `name` may write: a fused ReLU ends at the zero point."""
        if name in self.clamps:
            return self.clamps[name]
        layer = next(layer for layer in self.network.layers if layer.name == name)
        relu = isinstance(layer, Conv | Depthwise) and layer.relu
        return (self.activations[name].zero_point if relu else -128), 127


def quantize(network: Network, ranges: Mapping[str, Sequence[float]], keep_sums: bool = True) -> Int8Network:
    """Quantizes a network by the activation ranges {tensor name: (low, high)}.

    Without `keep_sums` every weight is rounded to its nearest integer, as TensorFlow's converter does.

    Raises:
        InputError: a tensor has no range or its range is empty or does not include 0.
        TypeError: a layer is none of those that encoders are made of.
    """
    activations = {"input": affine("input", ranges)}
    convs = {}
    for layer in network.layers:
        source = activations[layer.source.name]
        if isinstance(layer, Conv):
            activations[layer.name] = affine(layer.name, ranges)
            rounded = round_keeping_sums if keep_sums else round_nearest
            convs[layer.name] = _quantize_conv(layer, source, activations[layer.name], rounded)
        elif isinstance(layer, Depthwise):
            # One channel in, one kernel each: a convolution's rule, with the axes in another order.
            activations[layer.name] = affine(layer.name, ranges)
            rounded = round_keeping_sums if keep_sums else round_nearest
            conv = _quantize_conv(_as_conv(layer), source, activations[layer.name], rounded)
            convs[layer.name] = replace(conv, weights=np.ascontiguousarray(conv.weights[..., 0].T))
        elif isinstance(layer, AveragePool | MaxPool):
            activations[layer.name] = source
        else:
            raise TypeError(f"{layer.name} is a {type(layer).__name__}, which no encoder holds")
    return Int8Network(network, activations, convs)


def affine(name: str, ranges: Mapping[str, Sequence[float]]) -> Affine:
    """Scale and zero point of tensor `name`; 0 falls on an integer exactly, so the range moves by up to half a step."""
    if name not in ranges:
        raise InputError(
            f"ranges: no range for tensor {name}, only for {', '.join(ranges)}; run calibration.ranges again"
        )
    low, high = (float(end) for end in ranges[name])
    if not (math.isfinite(high - low) and low <= 0 <= high and low < high):
        raise InputError(
            f"ranges: tensor {name} has the range {low:g} to {high:g}, expected one that includes 0 and is not empty; "
            "run calibration.ranges again"
        )
    scale = (high - low) / 255
    return Affine(np.float32(scale), int(min(max(math.floor(-128 - low / scale + 0.5), -128), 127)))


def quantize_multiplier(scale: float) -> tuple[int, int]:
    """(multiplier, shift) with scale = multiplier / 2^31 * 2^shift, multiplier in [2^30, 2^31): TFLite's rule."""
    fraction, shift = math.frexp(scale)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def round_nearest(x: np.ndarray) -> np.ndarray:
    """Nearest integers, half away from zero, as TFLite rounds weights and biases."""
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def round_keeping_sums(x: np.ndarray) -> np.ndarray:
    """Rounds weights (out, kernel, in) up or down such that the sum over each kernel is that of x, rounded.

    Of a kernel's weights those with the largest fractions go up. A kernel of one sample is rounded to the nearest.
    """
    down = np.floor(x)
    ups = round_nearest(x.sum(axis=1, keepdims=True)) - down.sum(axis=1, keepdims=True)
    rank = (down - x).argsort(axis=1, kind="stable").argsort(axis=1)
    return down + (rank < ups)


def _as_conv(layer: Depthwise) -> Conv:
    weights = layer.weights.T[..., None]
    return Conv(layer.name, layer.source, weights, layer.bias, layer.stride, layer.same, layer.relu, layer.dilation)


def _quantize_conv(
    layer: Conv, source: Affine, result: Affine, rounded: Callable[[np.ndarray], np.ndarray]
) -> Int8Conv:
    # Weights near zero beside a bias that is not would need a bias beyond int32: the bias then sets the scale.
    largest = np.abs(layer.weights).max(axis=(1, 2)).astype(np.float64)
    needed = np.abs(layer.bias.astype(np.float64)) / (float(source.scale) * BIAS_LIMIT)
    scales = np.maximum(largest / 127, needed)
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    weights = np.clip(rounded(layer.weights / scales.astype(np.float64)[:, None, None]), -127, 127).astype(np.int8)
    bias_scales = source.scale * scales
    bias = round_nearest(layer.bias / bias_scales.astype(np.float64)).astype(np.int32)
    effective = float(source.scale) * scales.astype(np.float64) / float(result.scale)
    multiplier, shift = zip(*map(quantize_multiplier, effective), strict=True)
    return Int8Conv(weights, scales, bias, bias_scales, np.array(multiplier, np.int32), np.array(shift, np.int8))
