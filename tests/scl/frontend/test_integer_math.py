"""Integer arithmetic against the standard library's: exact fractions, roots, logarithms and order statistics."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scl.frontend.integer_math import isqrt, log2_q12, quantile_9, quotient, twice_median

integers = st.lists(st.integers(36, 540), min_size=1, max_size=64)


@given(st.integers(-(2**62), 2**62), st.integers(1, 2**61))
def test_a_quotient_is_rounded_half_up(a, b):
    expected = math.floor(Fraction(a, b) + Fraction(1, 2))
    assert quotient(a, b) == expected
    assert quotient(np.array([a]), np.array([b])).tolist() == [expected]


@given(st.integers(0, 2**31 - 1), st.integers(-2, 2))
def test_roots_near_squares(root, offset):
    x = max(root * root + offset, 0)
    assert isqrt(np.array([x])).tolist() == [math.isqrt(x)]


@given(st.integers(1, 2**32 - 1))
def test_a_logarithm_is_floored_within_a_hundredth_of_a_step(x):
    exact = 4096 * math.log2(x)
    (value,) = log2_q12(np.array([x])).tolist()
    assert exact - 1.01 < value <= exact + 1e-9


def test_logarithms_of_powers_are_exact():
    assert log2_q12(2 ** np.arange(32)).tolist() == [4096 * k for k in range(32)]


@given(integers)
def test_a_median_is_numpys(values):
    assert twice_median(values) == 2 * np.median(values)


@given(integers)
def test_a_quantile_leaves_a_tenth_above(values):
    """By counting: at most a tenth of the values exceed it, and at least a tenth do not fall short of it."""
    quantile = quantile_9(values)
    assert quantile in values
    assert 10 * sum(v > quantile for v in values) <= len(values)
    assert 10 * sum(v >= quantile for v in values) >= len(values)
