"""The integer arithmetic of heartbeats in C, against Python's and numpy's."""

import ctypes
import math

import numpy as np

from scl.frontend.integer_math import log2_q12

RNG = np.random.default_rng(0)


def test_roots(engine):
    engine.scl_isqrt64.restype = ctypes.c_uint32
    roots = [*range(70), *RNG.integers(0, 2**32, 300).tolist(), 2**32 - 1]
    for x in [max(root * root + offset, 0) for root in roots for offset in (-1, 0, 1)] + [2**64 - 1]:
        assert engine.scl_isqrt64(ctypes.c_uint64(x)) == math.isqrt(x)


def test_logarithms(engine):
    x = np.concatenate(
        [np.arange(1, 3000), 2 ** np.arange(32), 2 ** np.arange(1, 33) - 1, RNG.integers(1, 2**32, 3000)]
    )
    found = [engine.scl_log2_q12(ctypes.c_uint32(value)) for value in x.tolist()]
    assert found == log2_q12(x).tolist()


def test_quotients(engine):
    engine.scl_quotient.restype = ctypes.c_int64
    pairs = [(a, b) for a in range(-20, 21) for b in range(1, 9)]
    pairs += np.stack([RNG.integers(-(2**62), 2**62, 300), RNG.integers(1, 2**61, 300)], axis=1).tolist()
    for a, b in pairs:
        assert engine.scl_quotient(ctypes.c_int64(a), ctypes.c_int64(b)) == (2 * a + b) // (2 * b)


def test_sorting_and_the_median(engine):
    for count in (1, 2, 3, 31, 32):
        values = RNG.integers(0, 60, count).astype(np.uint16)
        held = (ctypes.c_uint16 * count)(*values.tolist())
        engine.scl_sort(held, count)
        assert list(held) == np.sort(values).tolist()
        assert engine.scl_twice_median(held, count) == 2 * np.median(values)
