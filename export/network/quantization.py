"""The deployed network in integers, by TensorFlow Lite's 8-bit quantization specification.

- Activations: int8 with one scale and zero point per tensor, from a range that includes 0; pooling keeps its input's,
  softmax and sigmoid have 1/256 and -128, tanh 1/128 and 0.
- Weights: int8 in [-127, 127], symmetric, one scale per output channel. Biases: int32 of scale input * weights.
  A kernel's weights are rounded up or down such that their sum keeps: the sum meets what is constant in the input
  (gravity, most of all), and rounding each weight to its nearest lets their errors add up there.
- Requantization: input scale * weight scale / output scale as a Q31 multiplier and a power of two.

Scales are float32, as files hold them; what is derived from them is computed in float64, as TFLite does.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from export.network.factors import UnsupportedError
from export.network.integers import Affine, Int8Conv, Int8Network, Kept, Rescale, quantize_multiplier
from export.network.layers import SIX, Layer, Network, Weighted
from export.network.operators import Rescaler, operator_of
from export.network.pointwise import Elementwise
from export.network.scales import brought_together
from export.network.tables import six
from scl.artifacts import InputError

BIAS_LIMIT = 2**30  # leaves an int32 accumulator as much again for its products


def quantize(network: Network, ranges: Mapping[str, Sequence[float]], keep_sums: bool = True) -> Int8Network:
    """Quantizes a network by the activation ranges {tensor name: (low, high)}.

    Without `keep_sums` every weight is rounded to its nearest integer, as TensorFlow's converter does.

    Raises:
        InputError: a tensor has no range or its range is empty, does not include 0, or is beyond the kernels.
        TypeError: a layer has neither weights nor a rule for its scale.
    """
    rounded = round_keeping_sums if keep_sums else round_nearest
    together, shared = brought_together(network, ranges)
    return with_scales(together, lambda name: affine(name, shared), rounded)


def with_scales(
    network: Network,
    scale_of: Callable[[str], Affine],
    rounded: Callable[[np.ndarray], np.ndarray],
    kept: Mapping[str, Kept] | None = None,
) -> Int8Network:
    """Quantizes a network whose tensors have the scales `scale_of(name)`, where their layers leave it open.

    Args:
        rounded: of weights in steps.
        kept: integers of layers that have theirs already, by name.
    """
    activations = {"input": scale_of("input")}
    convs, rescales, clamps = {}, {}, {}
    for layer in network.layers:
        operator, name = operator_of(layer), layer.name
        values = layer.values if isinstance(layer, Elementwise) else None
        if values is not None:
            activations[layer.operands[1].name] = (
                activations[layer.source.name] if operator.alike else of_constant(values)
            )
        sources = [activations[operand.name] for operand in layer.operands]
        ruled = operator.result(layer, sources)
        if operator.alike and len(set(sources)) > 1:
            raise InputError(f"layer {name} joins tensors of several scales, expected one; put a QUANTIZE before it")
        result = activations[name] = ruled or scale_of(name)
        if layer.relu and layer.ceiling == SIX:
            clamps[name] = result.zero_point, six(result)
        if isinstance(layer, Weighted):
            held = (kept or {}).get(name)
            convs[name] = _quantize_weights(layer, sources[0], result, rounded, held)
        elif operator.rescaler is not None:
            rescales[name] = _rescaled(layer, operator.rescaler, sources, result)
            if values is not None:
                rescales[name] = replace(rescales[name], constants=sources[1].quantize(values).ravel())
        elif ruled is None:
            raise TypeError(f"layer {name} is a {type(layer).__name__}, of which no rule for its scale is known")
    return Int8Network(network, activations, convs, rescales, clamps)


def _rescaled(layer: Layer, rescaler: Rescaler, sources: Sequence[Affine], result: Affine) -> Rescale:
    try:
        return rescaler(layer, sources, result)
    except UnsupportedError as error:
        raise InputError(
            f"ranges: layer {layer.name} is one{error}, expected {error.nearest}; calibrate with other windows"
        ) from error


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


def of_constant(values: np.ndarray) -> Affine:
    """Scale and zero point of a constant: its range, with 0 in it."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    return affine("constant", {"constant": (low, high if high > low else low + 1.0)})


def round_nearest(x: np.ndarray) -> np.ndarray:
    """Nearest integers, half away from zero, as TFLite rounds weights and biases."""
    rounded: np.ndarray = np.copysign(np.floor(np.abs(x) + 0.5), x)
    return rounded


def round_keeping_sums(x: np.ndarray) -> np.ndarray:
    """Rounds weights (out, kernel, in) up or down such that the sum over each kernel is that of x, rounded.

    Of a kernel's weights those with the largest fractions go up. A kernel of one sample is rounded to the nearest.
    """
    down = np.floor(x)
    ups = round_nearest(x.sum(axis=1, keepdims=True)) - down.sum(axis=1, keepdims=True)
    rank = (down - x).argsort(axis=1, kind="stable").argsort(axis=1)
    rounded: np.ndarray = down + (rank < ups)
    return rounded


def _quantize_weights(
    layer: Weighted,
    source: Affine,
    result: Affine,
    rounded: Callable[[np.ndarray], np.ndarray],
    kept: Kept | None,
) -> Int8Conv:
    kernels = layer.kernels
    scales = _weight_scales(layer, source) if kept is None else kept.weight_scales
    weights = np.clip(rounded(kernels / scales.astype(np.float64)[:, None, None]), -127, 127).astype(np.int8)
    bias_scales = source.scale * scales
    bias = round_nearest(layer.bias / bias_scales.astype(np.float64)).astype(np.int32)
    if kept is not None:
        weights = np.rint(kernels / scales.astype(np.float64)[:, None, None]).astype(np.int8)
        bias = bias if kept.bias is None else kept.bias
    effective = float(source.scale) * scales.astype(np.float64) / float(result.scale)
    multiplier, shift = zip(*map(quantize_multiplier, effective), strict=True)
    fixed = np.array(multiplier, np.int32), np.array(shift, np.int8)
    return Int8Conv(layer.arranged(weights), scales, bias, bias_scales, *fixed)


def _weight_scales(layer: Weighted, source: Affine) -> np.ndarray:
    """One for each output channel, from its largest weight."""
    # Weights near zero beside a bias that is not would need a bias beyond int32: the bias then sets the scale.
    largest = np.abs(layer.kernels).max(axis=(1, 2)).astype(np.float64)
    needed = np.abs(layer.bias.astype(np.float64)) / (float(source.scale) * BIAS_LIMIT)
    scales = np.maximum(largest / 127, needed)
    return np.where(scales > 0, scales, 1).astype(np.float32)
