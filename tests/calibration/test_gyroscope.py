"""A gyroscope's bias from still stretches: its interval over seeds, drift, and a turn about the vertical."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from calibration.gyroscope import gyroscope_bias
from scl.frontend.sensor import DPS, Sensor
from tests.calibration.simulated import GYROSCOPE, SENSOR, to_counts


def counts(rng: np.random.Generator, samples: int, rate: np.ndarray | float = 0.0, noise: float = 0.01) -> np.ndarray:
    gravity = np.tile([0, 0, 9.8], (samples, 1))
    return to_counts(gravity, GYROSCOPE + rate + rng.normal(0, noise, (samples, 3)))


@pytest.mark.parametrize(
    "stretches", [[slice(0, 3000)], [slice(10 * i * i, 10 * i * i + 20 * i) for i in range(5, 18)]]
)
def test_the_interval_holds_the_truth(stretches):
    """In at least 95 % of 200 captures, as the larger of two intervals is taken; never ten times too wide."""
    inside, size, off = [], [], []
    for seed in range(200):
        found = gyroscope_bias(counts(np.random.default_rng(seed), 3300), SENSOR, stretches)
        inside.append(np.abs(found.bias - GYROSCOPE) < found.uncertainty)
        size.append(found.uncertainty)
        off.append(found.bias - GYROSCOPE)
    assert np.mean(inside) > 0.94
    assert np.median(size) < 6 * np.std(off)


def test_slow_drift_widens_the_interval():
    rng = np.random.default_rng(0)
    drift = np.linspace(-1, 1, 6000)[:, None] * 0.2 * DPS
    steady = gyroscope_bias(counts(rng, 6000), SENSOR, [slice(0, 6000)])
    drifting = gyroscope_bias(counts(rng, 6000, drift), SENSOR, [slice(0, 6000)])
    assert (drifting.uncertainty > 3 * steady.uncertainty).all() and (drifting.uncertainty > 0.1 * DPS).all()


def test_a_turn_about_the_vertical_is_left_out():
    rng = np.random.default_rng(0)
    turning = np.zeros((2000, 3))
    turning[800:1200, 2] = 5 * DPS
    stretches = [slice(start, start + 350) for start in range(0, 2000, 400)]
    found = gyroscope_bias(counts(rng, 2000, turning), SENSOR, stretches)
    assert found.turned == (2,)
    np.testing.assert_allclose(found.bias, GYROSCOPE, atol=0.1 * DPS)


def test_earths_rate_is_far_below_what_the_interval_holds():
    """15 degrees an hour, whole, on one axis: less than a tenth of a count of a +-2000 dps gyroscope."""
    earth = 360 / 86164 * DPS
    assert earth < 0.1 * SENSOR.parts[1].unit_per_count


def test_a_sensor_file_with_bias_and_axes_of_its_own():
    """The bias comes in the sensor file's corrected axes, less what that file subtracts."""
    swap = ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    part = replace(SENSOR.parts[1], bias=(0.01, 0.0, 0.0), alignment=swap)
    sensor = Sensor("mine", 100.0, (SENSOR.parts[0], part))
    found = gyroscope_bias(counts(np.random.default_rng(0), 1000), sensor, [slice(0, 1000)])
    np.testing.assert_allclose(found.bias, np.array(swap) @ (GYROSCOPE - [0.01, 0, 0]), atol=0.002)


def test_no_gyroscope_no_bias():
    assert gyroscope_bias(np.zeros((100, 3)), Sensor("mine", 100.0, SENSOR.parts[:1]), [slice(0, 100)]) is None


def test_stretches_that_differ_against_scipy():
    """Five stretches of one length, each with a mean of its own: Student's interval of five values."""
    steps = np.array([0.1, -0.2, 0.05, 0.3, -0.1])
    rate = np.repeat(steps, 300)[:, None] * DPS
    stretches = [slice(start, start + 300) for start in range(0, 1500, 300)]
    found = gyroscope_bias(counts(np.random.default_rng(0), 1500, rate, noise=0.002), SENSOR, stretches)
    low, high = t.interval(0.95, 4, steps.mean(), steps.std(ddof=1) / np.sqrt(5))
    np.testing.assert_allclose(found.uncertainty / DPS, (high - low) / 2, rtol=0.05)
    np.testing.assert_allclose((found.bias - GYROSCOPE) / DPS, steps.mean(), atol=0.01)
