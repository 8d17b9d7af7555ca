"""Shapes in integers against numpy's floating point, up to the rounding of a step, and at the rails."""

import numpy as np
import pytest

from scl.frontend import beat_shape as shape

RNG = np.random.default_rng(3)
ROWS = RNG.integers(-2000, 2000, (40, 58))
OTHERS = ROWS * 100 + RNG.integers(-200_000, 200_000, ROWS.shape)


def test_correlation():
    exact = [np.corrcoef(a, b)[0, 1] for a, b in zip(ROWS, OTHERS, strict=True)]
    assert np.abs(shape.correlation(ROWS, OTHERS) / 4096 - exact).max() < 0.6 / 4096  # the roots are floored


def test_one_pair_as_many():
    from scl.frontend.beat_template import _correlation

    assert [_correlation(a, b) for a, b in zip(ROWS, OTHERS, strict=True)] == shape.correlation(ROWS, OTHERS).tolist()


def test_spread():
    exact = 58 * ROWS.std(axis=1)
    assert (shape.spread(ROWS) == np.floor(exact + 1e-6)).all()


def test_difference():
    exact = np.abs((ROWS - OTHERS) - (ROWS - OTHERS).mean(axis=1, keepdims=True)).mean(axis=1) * 58**2
    np.testing.assert_allclose(shape.difference(ROWS, OTHERS), exact, rtol=1e-12)


def test_extent_and_steepness():
    assert shape.extent(ROWS).tolist() == np.ptp(ROWS, axis=1).tolist()
    for row, steep, foot, steepest in zip(
        ROWS, shape.steep(ROWS, 25), shape.steep(ROWS, 12), shape.steepest(ROWS), strict=True
    ):
        steps = [abs(int(b) - int(a)) for a, b in zip(row, row[1:], strict=False)]
        assert steepest == max(steps)
        assert steep == sum(step > max(steps) / 4 for step in steps)
        assert foot == sum(25 * step > 3 * max(steps) for step in steps)
    assert shape.steep(np.zeros((1, 9), np.int64), 25).tolist() == [0]


def test_a_moved_qrs_is_itself():
    cuts = RNG.integers(-2000, 2000, (7, 83))
    usual = 256 * np.stack([np.roll(cut, 2 * k - 6) for k, cut in enumerate(cuts)])
    assert shape.best_correlation(cuts, usual).tolist() == [4096] * 7


def test_level():
    cuts = RNG.integers(-2000, 2000, (7, 83))
    exact = 80 * (cuts[:, 66:76].mean(axis=1) - cuts[:, 30:38].mean(axis=1))
    np.testing.assert_allclose(shape.level(cuts), exact, atol=1e-6)


@pytest.mark.parametrize("n", [32, 38, 58])
def test_nothing_overflows_at_the_rails(n):
    """The largest spread there can be: half of the samples on either rail, the template's in 256ths."""
    rails = 32767 * np.where(np.arange(n) % 2, 1, -1)[None]
    assert shape.correlation(rails, 256 * rails).tolist() == [4096]
    assert shape.correlation(rails, -256 * rails).tolist() == [-4096]
    assert shape.spread(256 * rails).tolist() == [n * 32767 * 256]
    assert shape.difference(256 * rails, -256 * rails).tolist() == [n * n * 2 * 32767 * 256]


def test_a_constant_row_correlates_with_nothing():
    assert shape.correlation(ROWS[:1], np.full((1, 58), 9)).tolist() == [0]
