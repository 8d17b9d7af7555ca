"""gemmlowp's functions of fixed-point numbers, by which TFLite Micro computes sigmoid and tanh of int8, in numpy.

Numbers are int64 arrays that hold int32; "Qm" has m integer bits and 31 - m fractional ones. The same approximations
stand in firmware/src/engine/softmax.c.
"""

import numpy as np

INT32 = 2**31 - 1
EXP_OF_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)  # exp(-2^(i - 2)), Q0
EXP_OF_EIGHTH, THIRD = 1895147668, 715827883  # exp(-1/8) and 1/3, Q0
FIRST_GUESS, SLOPE = 1515870810, -1010580540  # 48 / 17 and -32 / 17, Q2


def multiply_high(a: np.ndarray, b: np.ndarray | int) -> np.ndarray:
    """a * b / 2^31, rounded half up."""
    product: np.ndarray = (a * b + 2**30) >> 31
    return product


def divide_by_power(x: np.ndarray, exponent: int | np.ndarray) -> np.ndarray:
    """x / 2^exponent, rounded half away from zero."""
    quotient: np.ndarray = np.sign(x) * ((np.abs(x) + (1 << exponent >> 1)) >> exponent)
    return quotient


def requantize(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """x * multiplier * 2^(shift - 31): the kernels' two roundings. A left shift that overflows wraps."""
    shifted = (x.astype(np.int64) << max(shift, 0)).astype(np.int32).astype(np.int64)
    return divide_by_power(multiply_high(shifted, multiplier), max(-shift, 0))


def logistic(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-a)) of Q4, as Q0."""
    above = _guess(_exp_of_negative(-np.abs(a), 4)) << 1
    above = np.minimum(above, INT32)
    return np.where(a == 0, 2**30, np.where(a > 0, above, INT32 - above))


def tanh(a: np.ndarray) -> np.ndarray:
    """tanh of Q4, as Q0: (1 - exp(-2 |a|)) / (1 + exp(-2 |a|)), with the sign of a."""
    share = (_guess(_exp_of_negative(-np.abs(a), 5)) - 2**29) << 2
    signed: np.ndarray = np.sign(a) * np.minimum(share, INT32)
    return signed


def _exp_of_negative(a: np.ndarray, bits: int) -> np.ndarray:
    """exp(a) for a <= 0 with so many integer bits, as Q0: of what whole quarters leave, times that of the quarters."""
    quarter = 1 << (31 - bits - 2)
    fraction = (a & (quarter - 1)) - quarter
    quarters = (fraction - a) // quarter
    result = _exp_of_fraction(fraction << bits)
    for power in range(bits + 2):
        result = np.where(quarters >> power & 1, multiply_high(result, EXP_OF_POWERS[power]), result)
    return np.where(a == 0, INT32, result)


def _exp_of_fraction(a: np.ndarray) -> np.ndarray:
    """exp(a) for a in [-1/4, 0), Q0: Taylor's series of order 4 around -1/8."""
    x = a + (1 << 28)
    x2 = multiply_high(x, x)
    x3, x4 = multiply_high(x2, x), multiply_high(x2, x2)
    high = multiply_high(divide_by_power(x4, 2) + x3, THIRD) + x2
    result: np.ndarray = EXP_OF_EIGHTH + multiply_high(x + divide_by_power(high, 1), EXP_OF_EIGHTH)
    return result


def _guess(x: np.ndarray) -> np.ndarray:
    """2 / (1 + x) for x in [0, 1] of Q0, as Q2: Newton's method on half the denominator, three times."""
    half = (x + INT32 + 1) // 2
    guess = FIRST_GUESS + multiply_high(half, SLOPE)
    for _ in range(3):
        guess = guess + (multiply_high(guess, (1 << 29) - multiply_high(half, guess)) << 2)
    return guess
