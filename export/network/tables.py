"""Functions of one int8 value as tables of all 256, as TFLite Micro's kernels compute them.

A kernel that reads one value and writes one is a table, whatever its arithmetic; the engine looks it up. Each entry is
what the pinned wheel gives for that input (tests/firmware/test_tables.py has it run all of them): ratios of scales are
float64, sigmoid and tanh are gemmlowp's, and a hard swish is computed in 16 bits.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from export.network import fixed_point
from export.network.curves import VALUE, Curve
from export.network.factors import INT32, MOST_SHIFT, PROBABILITIES, UnsupportedError, fixed, require_room
from export.network.integers import Affine, quantize_multiplier
from export.network.pointwise import LOOKUP, Table

VALUES = np.arange(-128, 128)
SIGMOID_BITS = 4  # integer bits of a scaled input
TANGENTS = Affine(np.float32(1 / 128), 0)
MOST_LIMIT = 2**30  # of a ReLU6, in steps: TFLite Micro refuses what does not fit into 32 bits
RELUISH = 3 / 2**15  # scale at which a hard swish adds 3 and ends at 6
INT16 = 2**15 - 1

Entries = Callable[[Affine, Affine, float], np.ndarray]  # of source, result and slope: integers of any size (256,)


@dataclass(frozen=True)
class Function:
    """A function of one value.

    Args:
        real: of floats and the slope.
        entries: what TFLite Micro computes for -128 to 127, before it is clamped to int8. It raises UnsupportedError
            for scales that it cannot bring together.
        result: scale and zero point of its output, where TFLite fixes them.
        keeps_scale: whether its output has its input's instead.
    """

    real: Callable[[np.ndarray, float], np.ndarray]
    entries: Entries
    result: Affine | None = None
    keeps_scale: bool = False

    def result_of(self, source: Affine) -> Affine | None:
        """Scale and zero point of its output; None if they are free."""
        return source if self.keeps_scale else self.result


def table(function: str, source: Affine, result: Affine, slope: float = 0.0) -> np.ndarray:
    """What a function makes of the values -128 to 127: int8 (256,).

    Args:
        function: one of FUNCTIONS.
        slope: below 0, of a LEAKY_RELU.

    Raises:
        UnsupportedError: the kernel cannot bring these scales together.
    """
    described = FUNCTIONS[function]
    expected = described.result_of(source)
    if expected not in (None, result):
        raise UnsupportedError(
            f" whose output has the scale {result.scale:g} and the zero point {result.zero_point}",
            f"an output of scale {expected.scale:g} and zero point {expected.zero_point}",
        )
    values: np.ndarray = np.clip(described.entries(source, result, slope), -128, 127).astype(np.int8)
    return values


def entries_of(layer: Table, source: Affine, result: Affine) -> np.ndarray:
    """What a table makes of the values -128 to 127: int8 (256,). Where a LOOKUP's function has no value it is 0.

    Raises UnsupportedError as `table` does.
    """
    if layer.function != LOOKUP:
        return table(layer.function, source, result, layer.slope)
    if layer.curve is None:
        raise ValueError(f"{layer.name}: its entries are known, its function is not")
    real = layer.curve(source.dequantize(VALUES).astype(np.float64))
    return result.quantize(np.nan_to_num(real, nan=0.0))


def result_of(layer: Table, source: Affine) -> Affine | None:
    """Scale and zero point of a table's output; None if they are free."""
    return None if layer.function == LOOKUP else FUNCTIONS[layer.function].result_of(source)


def real(layer: Table, x: np.ndarray) -> np.ndarray:
    """A table's function of floats."""
    if layer.curve is not None:
        return layer.curve(x)
    return FUNCTIONS[layer.function].real(x, layer.slope)


def curve_of(layer: Table) -> Curve | None:
    """A table's function as one of ONNX's operators; None if a file has its entries alone."""
    if layer.function == "LEAKY_RELU":
        return Curve("LeakyRelu", (VALUE,), {"alpha": layer.slope})
    return CURVES.get(layer.function, layer.curve)


def six(affine: Affine) -> int:
    """Where a ReLU6 ends: 6 / scale, a float32 quotient, rounded half away from zero."""
    with np.errstate(over="ignore"):
        steps = float(np.float32(6) / affine.scale) + 0.5
    if steps >= MOST_LIMIT:
        raise UnsupportedError(f" with a ReLU6 in steps of {affine.scale:g}", "an output of larger steps")
    return min(127, affine.zero_point + math.floor(steps))


def _rescaled(source: Affine, result: Affine, slope: float = 1.0) -> np.ndarray:
    multiplier, shift = fixed(float(source.scale) * slope / float(result.scale))
    require_room(255.0 * 2.0 ** max(shift, 0))
    entries: np.ndarray = fixed_point.requantize(VALUES - source.zero_point, multiplier, shift) + result.zero_point
    return entries


def _quantize(source: Affine, result: Affine, slope: float) -> np.ndarray:
    return _rescaled(source, result)


def _relu(source: Affine, result: Affine, slope: float) -> np.ndarray:
    entries: np.ndarray = np.maximum(_rescaled(source, result), result.zero_point)
    return entries


def _relu6(source: Affine, result: Affine, slope: float) -> np.ndarray:
    clipped: np.ndarray = np.clip(VALUES, source.zero_point, six(source))
    return clipped


def _leaky_relu(source: Affine, result: Affine, slope: float) -> np.ndarray:
    if not math.isfinite(slope):
        raise UnsupportedError(f" with a slope of {slope:g}", "a finite slope")
    below = _rescaled(source, result, float(np.float32(slope)))
    return np.where(source.zero_point > VALUES, below, _rescaled(source, result))


def _logistic(source: Affine, result: Affine, slope: float) -> np.ndarray:
    return _saturating(source, fixed_point.logistic, 8) + result.zero_point


def _tanh(source: Affine, result: Affine, slope: float) -> np.ndarray:
    return _saturating(source, fixed_point.tanh, 7)


def _saturating(source: Affine, function: Callable[[np.ndarray], np.ndarray], bits: int) -> np.ndarray:
    """A function of Q4 with results of Q0, of which so many bits are kept; from 15 on it has reached its ends."""
    factor = float(source.scale) * 2 ** (31 - SIGMOID_BITS)
    multiplier, shift = quantize_multiplier(factor) if math.isfinite(factor) else (0, MOST_SHIFT + 1)
    if not 0 <= shift <= MOST_SHIFT:  # TFLite Micro shifts by it
        raise UnsupportedError(f" of an input in steps of {source.scale:g}", "steps between 2^-27 and 8")
    radius = math.floor((2**SIGMOID_BITS - 1) * 2 ** (31 - SIGMOID_BITS) / 2**shift)
    x = VALUES - source.zero_point
    values = fixed_point.divide_by_power(function(fixed_point.requantize(x, multiplier, shift)), 31 - bits)
    return np.where(x <= -radius, -INT32, np.where(x >= radius, INT32, values))


def _hard_swish(source: Affine, result: Affine, slope: float) -> np.ndarray:
    """x * relu6(x + 3) / 6: both factors as 16 bits of a fraction, 7 of them below the input's own."""
    hires = float(source.scale) / 128
    (multiplier, shift), (steep, steps) = (quantize_multiplier(hires / s) for s in (float(result.scale), RELUISH))
    if not -15 <= shift <= 0 or not -15 <= steps <= MOST_SHIFT:  # TFLite Micro ends the program on it, or wraps
        raise UnsupportedError(
            f" from steps of {source.scale:g} to steps of {result.scale:g}",
            "an output in steps of 1/128 to 256 of its input's, and those of 2^-22 to 2^23",
        )
    x = (VALUES - source.zero_point).astype(np.int64) * 128
    preshift = _multiply_high16(x, _high16(multiplier))
    share = _saturated16(x << max(steps - 1, 0))
    share = _multiply_high16(share, _high16(steep))
    share = _saturated16(share << 1) if steps > 0 else fixed_point.divide_by_power(share, -steps)
    product = ((share + 2**15) >> 1) * preshift
    halved = np.sign(product) * (np.abs(product) >> 15)
    return fixed_point.divide_by_power(halved, -shift) + result.zero_point


def _high16(multiplier: int) -> int:
    """A multiplier's upper 16 bits, rounded."""
    return min((multiplier + 2**15) >> 16, INT16)


def _multiply_high16(a: np.ndarray, b: int) -> np.ndarray:
    """a * b / 2^15, rounded half up."""
    product: np.ndarray = (a * b + 2**14) >> 15
    return product


def _saturated16(x: np.ndarray) -> np.ndarray:
    saturated: np.ndarray = np.clip(x, -INT16 - 1, INT16)
    return saturated


def _sigmoid(x: np.ndarray, slope: float) -> np.ndarray:
    values: np.ndarray = 0.5 * (1 + np.tanh(x / 2))
    return values


FUNCTIONS = {
    "LOGISTIC": Function(_sigmoid, _logistic, PROBABILITIES),
    "TANH": Function(lambda x, slope: np.tanh(x), _tanh, TANGENTS),
    "HARD_SWISH": Function(lambda x, slope: x * np.clip(x + 3, 0, 6) / 6, _hard_swish),
    "LEAKY_RELU": Function(lambda x, slope: np.where(x < 0, np.float32(slope) * x, x), _leaky_relu),
    "RELU": Function(lambda x, slope: np.maximum(x, 0), _relu),
    "RELU6": Function(lambda x, slope: np.clip(x, 0, 6), _relu6, keeps_scale=True),
    "QUANTIZE": Function(lambda x, slope: x, _quantize),
}
CURVES = {
    "LOGISTIC": Curve("Sigmoid", (VALUE,)),
    "TANH": Curve("Tanh", (VALUE,)),
    "HARD_SWISH": Curve("Mul", (VALUE, Curve("HardSigmoid", (VALUE,), {"alpha": 1 / 6, "beta": 0.5}))),
    "RELU": Curve("Relu", (VALUE,)),
    "RELU6": Curve("Clip", (VALUE, 0.0, 6.0)),
    "QUANTIZE": VALUE,
}
