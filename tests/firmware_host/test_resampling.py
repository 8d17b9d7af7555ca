"""Another rate with numpy alone, against scipy's polyphase filter and closed forms."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.signal import resample_poly

from firmware_host.resampling import at_rate

RATES = [(250.0, 360.0), (128.0, 360.0), (500.0, 360.0), (1000.0, 360.0), (257.0, 360.0), (360.0, 250.0)]


@pytest.mark.parametrize(("rate", "wanted"), RATES)
def test_it_is_scipys_filter_on_what_is_left_of_a_line(rate: float, wanted: float) -> None:
    x = np.cumsum(np.random.default_rng(0).normal(size=3001))
    line = np.linspace(x[0], x[-1], len(x))
    ratio = Fraction(wanted / rate).limit_denominator(1000)
    due = resample_poly(x - line, ratio.numerator, ratio.denominator)
    found = at_rate(x, rate, wanted)
    assert len(found) == len(due) == -(-len(x) * ratio.numerator // ratio.denominator)
    straight = x[0] + (x[-1] - x[0]) * np.arange(len(due)) * rate / wanted / (len(x) - 1)
    assert found == pytest.approx(due + straight, abs=1e-9)


@pytest.mark.parametrize(("rate", "wanted"), RATES)
def test_a_line_stays_a_line_and_a_slow_wave_itself(rate: float, wanted: float) -> None:
    t, later = np.arange(2000) / rate, np.arange(-(-2000 * int(wanted) // int(rate))) / wanted
    assert at_rate(3 - 2 * t, rate, wanted) == pytest.approx(3 - 2 * later, abs=1e-9)
    wave = at_rate(np.sin(2 * np.pi * 5 * t), rate, wanted)
    middle = slice(len(later) // 10, -len(later) // 10)
    assert wave[middle] == pytest.approx(np.sin(2 * np.pi * 5 * later)[middle], abs=2e-3)


def test_equal_rates_change_nothing() -> None:
    x = np.arange(5.0)
    assert at_rate(x, 360, 360) is x and at_rate(x[:1], 250, 360).tolist() == [0.0]
