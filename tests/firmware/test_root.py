"""The square root of cores without one, against the processor's, which IEEE 754 requires to be correctly rounded."""

import ctypes

import numpy as np
import pytest


@pytest.fixture
def root(engine):
    function = engine.scl_integer_root
    function.argtypes, function.restype = [ctypes.c_float], ctypes.c_float
    return lambda values: np.array([function(value) for value in values], np.float32)


def test_every_exponent(root):
    """Denormal numbers too: the least and the largest of each, squares with their neighbours, and random ones."""
    rng = np.random.default_rng(0)
    fractions = np.concatenate([[0, 1, 2, 2**22, 2**23 - 2, 2**23 - 1], rng.integers(0, 2**23, 150)])
    bits = (np.arange(255)[:, None] << 23 | fractions).astype(np.uint32).ravel()
    roots = rng.integers(2**11, 2**12, 5000).astype(np.float32)
    squares = (roots * roots).view(np.uint32)
    values = np.concatenate([bits, squares, squares - 1, squares + 1]).view(np.float32)
    np.testing.assert_array_equal(root(values).view(np.uint32), np.sqrt(values).view(np.uint32))


def test_what_is_no_positive_number(root):
    zeros = np.array([0.0, -0.0, np.inf], np.float32)
    np.testing.assert_array_equal(root(zeros).view(np.uint32), zeros.view(np.uint32))
    assert np.isnan(root(np.array([np.nan, -1.0, -np.inf, -1e-45], np.float32))).all()
