"""Integer arithmetic of heartbeats, as firmware/src/frontend/integer_math.c does it: the same integers everywhere.

Fractions are Q12: an integer is so many 4096ths.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

Integers = TypeVar("Integers", int, "np.ndarray[Any, np.dtype[np.int64]]")

ONE = 4096  # 1 in Q12
FRACTION_BITS = 12
MANTISSA_BITS = 31


def quotient(a: Integers, b: Integers | int) -> Integers:
    """a / b rounded to the nearest integer, halves up; b > 0.

    Examples:
        >>> quotient(5, 2), quotient(-5, 2), quotient(-6, 4), quotient(7, 3)
        (3, -2, -1, 2)
    """
    whole, rest = a // b, a % b
    return whole + (rest >= b - rest)


def isqrt(x: np.ndarray) -> np.ndarray:
    """The floor of the square root of integers 0..2^62, int64 of the same shape.

    Examples:
        >>> isqrt(np.array([0, 15, 16, 2**62 - 1])).tolist()
        [0, 3, 4, 2147483647]
    """
    x = np.asarray(x, np.int64)
    root = np.sqrt(x.astype(np.float64)).astype(np.int64)  # off by one at most, since x was rounded to 53 bits
    root -= root * root > x
    return root + ((root + 1) * (root + 1) <= x)


def log2_q12(x: np.ndarray) -> np.ndarray:
    """log2 of integers 1..2^32-1 in Q12, int64 of the same shape; too small by less than 1.01 steps.

    The whole part is the place of the leading bit. The mantissa, Q31 in [1, 2), gives a bit of the fraction each time
    that it is squared: 1 where the square reaches 2, and it is halved then.

    Examples:
        >>> log2_q12(np.array([1, 2, 3, 1000])).tolist()  # 0, 1, 1.585 and 9.966 times 4096
        [0, 4096, 6492, 40819]
    """
    mantissa = np.array(x, np.uint64)
    whole = np.full(mantissa.shape, MANTISSA_BITS, np.int64)
    for step in (16, 8, 4, 2, 1):
        low = mantissa < np.uint64(1 << (MANTISSA_BITS + 1 - step))
        mantissa = np.where(low, mantissa << np.uint64(step), mantissa)
        whole -= step * low
    fraction = np.zeros_like(whole)
    for _ in range(FRACTION_BITS):
        mantissa = mantissa * mantissa >> np.uint64(MANTISSA_BITS)
        carry = mantissa >> np.uint64(MANTISSA_BITS + 1)
        mantissa = mantissa >> carry
        fraction = fraction * 2 + carry.astype(np.int64)
    return whole * ONE + fraction


def twice_median(values: Sequence[int]) -> int:
    """Twice the median of one or more integers.

    Examples:
        >>> twice_median([5, 1, 2]), twice_median([4, 1, 2, 9])
        (4, 6)
    """
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]


def quantile_9(values: Sequence[int]) -> int:
    """The .9 quantile of one or more integers: the least of them that is larger than or equal to nine tenths of them,
    and a tenth.

    Examples:
        >>> quantile_9(range(10)), quantile_9(range(9)), quantile_9([7])
        (9, 8, 7)
    """
    return sorted(values)[9 * len(values) // 10]
