"""Another rate, against the signal itself: a sine is the same sine, a constant the same constant."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from export.recorded.rate import ratio_of, resampled
from scl.artifacts import InputError

RATIOS = [Fraction(2), Fraction(1, 5), Fraction(25, 26), Fraction(26, 25), Fraction(997, 513), Fraction(1, 10)]


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_sine_at_another_rate(ratio):
    """Below 0.7 of the slower rate's Nyquist frequency, behind the edges."""
    n = 4000
    f = 0.35 * min(1.0, float(ratio))  # cycles per input sample
    y = resampled(np.sin(2 * np.pi * f * np.arange(n))[None], ratio)[0]
    at = np.arange(len(y)) / float(ratio)
    inside = (at > 400) & (at < n - 400)
    assert inside.sum() > 200
    assert y[inside] == pytest.approx(np.sin(2 * np.pi * f * at[inside]), abs=4e-3)


@pytest.mark.parametrize("ratio", RATIOS)
def test_gravity_does_not_ripple(ratio):
    """A level that is not that of the ends, so that no padding removes it."""
    x = np.zeros(3000)
    x[700:2300] = 9.80665
    y = resampled(x[None], ratio)[0]
    middle = y[int(len(y) * 0.45) : int(len(y) * 0.55)]
    assert middle == pytest.approx(np.full(len(middle), 9.80665), abs=1e-4)


@pytest.mark.parametrize("ratio", [Fraction(1, 5), Fraction(1, 10)])
def test_what_the_slower_rate_cannot_hold_is_removed(ratio):
    f = 0.7 * float(ratio)  # 1.4 of the new Nyquist frequency
    y = resampled(np.sin(2 * np.pi * f * np.arange(4000))[None], ratio)[0]
    assert np.abs(y[50:-50]).max() < 3e-3


def test_the_same_rate_changes_nothing():
    x = np.random.default_rng(0).normal(size=(2, 50))
    assert resampled(x, Fraction(1)) is x


@pytest.mark.parametrize(
    ("rate", "wanted", "ratio"),
    [(50, 100, 2), (100, 20, 1 / 5), (100.4, 100, 1), (99.6, 100, 1), (104, 100, 25 / 26), (99, 100, 100 / 99)],
)
def test_the_ratio_of_two_rates(rate, wanted, ratio):
    assert float(ratio_of(Path("a.csv"), rate, wanted)) == pytest.approx(ratio, rel=1e-12)


@pytest.mark.parametrize("rate", [3.9, 10_001])
def test_a_rate_that_is_probably_a_wrong_unit(rate):
    with pytest.raises(InputError, match=r"a.csv: is a recording of .* expected one of 4 to 10000 Hz; check the unit"):
        ratio_of(Path("a.csv"), rate, 100)
