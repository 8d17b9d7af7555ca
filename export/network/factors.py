"""By which integers kernels change scales, and which scales they cannot change.

Derived as TFLite Micro derives them when it prepares a kernel: ratios and products of scales are float64, as in the
pinned wheel (tests/firmware/test_rules.py establishes each rule there).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from export.network.integers import Affine, Rescale, quantize_multiplier
from export.network.pointwise import Add, Elementwise, Maximum, Minimum, Multiply, PRelu, Subtract

INT32 = 2**31 - 1
MOST_SHIFT = 30  # to the left: 2^31 is no int32
ADD_HEADROOM = 20  # bits, of the kernel
SOFTMAX_BITS = 5  # integer bits of a scaled difference
PROBABILITIES = Affine(np.float32(1 / 256), -128)


class UnsupportedError(Exception):
    """What an operator asks for, and the nearest form that there is."""

    def __init__(self, asked: str, nearest: str) -> None:
        super().__init__(asked)
        self.nearest = nearest


def fixed(factor: float) -> tuple[int, int]:
    """A factor as multiplier and shift, as kernels carry it out. Raises UnsupportedError if it is too large."""
    multiplier, shift = quantize_multiplier(factor)
    if shift > MOST_SHIFT:
        raise UnsupportedError(f" that multiplies by {factor:g}", f"an output of larger steps: below 2^{MOST_SHIFT}")
    return multiplier, shift


def require_room(largest: float) -> None:
    """Raises UnsupportedError if sums of that size overflow the kernels' 32 bits."""
    if largest > INT32:
        raise UnsupportedError(
            f" whose sums may reach {largest:,.0f}, which overflows 32 bits",
            "weights, a bias and an output's scale as full integer quantization chooses them",
        )


def of_mean(source: Affine, result: Affine, length: int) -> Rescale:
    """Of a mean over `length` samples."""
    multiplier, shift = fixed(float(source.scale) / float(result.scale))
    # The length comes off the multiplier, whose bits it may use up to its own highest.
    bits = min(length.bit_length() - 1, 32, 31 + shift)
    require_room(255.0 * length * 2.0 ** max(shift - bits, 0))
    return rescale([((multiplier << bits) // length, shift - bits)])


def of_sum(source: Affine, result: Affine, length: int) -> Rescale:
    """Of a sum over `length` samples."""
    return rescale([_room(float(source.scale) / float(result.scale), 255.0 * length)])


def of_addition(first: Affine, second: Affine, result: Affine) -> Rescale:
    """Of a sum or a difference of two tensors: of the first, the second and the result."""
    scales = float(first.scale), float(second.scale)
    twice = 2 * max(scales)
    factors = [quantize_multiplier(scale / twice) for scale in scales]
    factors.append(quantize_multiplier(twice / (2**ADD_HEADROOM * float(result.scale))))
    if factors[-1][1] > 0:  # TFLite Micro ends the program on it
        raise UnsupportedError(
            f" from steps of {twice / 2:g} to steps of {result.scale:g}",
            "an output in steps over 2^-19 of its inputs'",
        )
    return rescale(factors)


def of_product(first: Affine, second: Affine, result: Affine) -> Rescale:
    """Of a product of two tensors."""
    return rescale([_room(float(first.scale) * float(second.scale) / float(result.scale), 255.0 * 255)])


def _room(factor: float, largest: float) -> tuple[int, int]:
    """A factor of integers as large as `largest`."""
    multiplier, shift = fixed(factor)
    require_room(largest * 2.0 ** max(shift, 0))
    return multiplier, shift


def none() -> Rescale:
    """Of a layer that changes no scale."""
    return of_table(np.empty(0, np.int8))


def of_prelu(source: Affine, slopes: Affine, result: Affine) -> Rescale:
    """Of a value from 0 on, and of one below 0 times its slope."""
    ratio = float(source.scale) / float(result.scale)
    below = float(source.scale) * float(slopes.scale) / float(result.scale)
    return rescale([_room(ratio, 255.0), _room(below, 255.0 * 255)])


ELEMENTWISE: dict[type[Elementwise], Callable[[Affine, Affine, Affine], Rescale]] = {
    Add: of_addition,
    Subtract: of_addition,
    Multiply: of_product,
    Maximum: lambda first, second, result: none(),
    Minimum: lambda first, second, result: none(),
    PRelu: of_prelu,
}  # of the first, the second and the result


def of_softmax(source: Affine, beta: float = 1.0) -> Rescale:
    """Of a softmax: of a difference to the largest input, with the least difference that counts."""
    factor = beta * float(source.scale) * 2 ** (31 - SOFTMAX_BITS)
    if not 1 < factor < math.inf:  # TFLite Micro ends the program on it
        raise UnsupportedError(
            f" with beta {beta:g} of an input in steps of {source.scale:g}",
            f"beta times step over 2^-{31 - SOFTMAX_BITS}, such as beta 1 and a representative data set of real "
            "recordings; or the logits themselves",
        )
    multiplier, shift = quantize_multiplier(min(factor, 2**31 - 1.0))
    least = -math.floor((2**SOFTMAX_BITS - 1) * 2 ** (31 - SOFTMAX_BITS) / 2**shift)
    return rescale([(multiplier, shift)], least)


def of_table(entries: np.ndarray) -> Rescale:
    """Of a function of one value: its table int8 (256,) and nothing else."""
    return Rescale(np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int32), entries)


def rescale(factors: Sequence[tuple[int, int]], bias: int = 0) -> Rescale:
    """Multipliers and shifts of a layer without weights, and the one other integer that its kernel reads."""
    multiplier, shift = zip(*factors, strict=True)
    return Rescale(np.array(multiplier, np.int32), np.array(shift, np.int8), np.array([bias], np.int32))
