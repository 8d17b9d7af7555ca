"""Blocks at one rate: where they end, against a slow version, and what would alias."""

import numpy as np
import pytest

from train.data.resample import average, resample, segments


def test_segments_end_at_gaps() -> None:
    t = np.array([0.0, 0.1, 0.2, 5.0, 5.1, 9.0])
    assert [(s.start, s.stop) for s in segments(t, 1.0)] == [(0, 3), (3, 5), (5, 6)]


def test_resample_equals_a_slow_version() -> None:
    rng = np.random.default_rng(0)
    t = np.cumsum(np.concatenate([np.full(30, 0.05), np.full(60, 0.01), np.full(30, 0.049)]))
    x = rng.normal(size=(len(t), 2))
    means = np.array([[x[np.abs(t - at) < 0.025 - 1e-12, c].mean() for c in range(2)] for at in t])
    got = resample(t, x, 20.0)
    for k in range(got.shape[1]):
        at = t[0] + k * 0.05
        expected = [np.interp(at, t, means[:, c]) for c in range(2)]
        assert got[:, k] == pytest.approx(expected, abs=1e-5)
    assert got.shape[1] == int((t[-1] - t[0]) / 0.05 + 1e-6) + 1


def test_resample_removes_what_would_alias() -> None:
    """19 Hz sampled at 100 Hz would appear at 1 Hz after taking every fifth sample; the box filter holds it down."""
    t = np.arange(1000) / 100
    x = np.sin(2 * np.pi * 19 * t)[:, None]
    assert np.abs(x[::5]).max() > 0.9
    assert np.abs(resample(t, x, 20.0)[:, 5:-5]).max() < 0.15
    slow = np.sin(2 * np.pi * 0.5 * t)[:, None]
    assert np.abs(resample(t, slow, 20.0)[0] - slow[::5, 0])[5:-5].max() < 0.01


def test_average_equals_a_slow_version() -> None:
    """The mean of a hundred thousand points of the straight lines."""
    rng = np.random.default_rng(0)
    t = np.cumsum(rng.uniform(0.005, 0.015, 400)) + 1000
    x = rng.normal(size=(len(t), 2))
    got = average(t, x, 40.0)
    assert got.shape == (2, int((t[-1] - t[0]) * 40.0 + 1e-6) + 1)
    for k in range(0, got.shape[1], 7):
        at = t[0] + k / 40
        half = min(0.0125, at - t[0], t[-1] - at)
        points = np.linspace(at - half, at + half, 100_001)
        expected = [np.trapezoid(np.interp(points, t, x[:, c])) / 100_000 for c in range(2)]
        assert got[:, k] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_average_of_a_sine_is_the_sine_times_its_attenuation(ratio: int) -> None:
    """Of a box, sin(pi f T) / (pi f T), in phase and the same at every sample: rounding of times moves none across."""
    t = np.arange(4000) / 100
    x = np.sin(2 * np.pi * 3.0 * t)[:, None]
    rate_hz = 100 / ratio
    got = average(t, x, rate_hz)[0, 5:-5]
    grid = (5 + np.arange(len(got))) / rate_hz
    expected = np.sinc(3.0 / rate_hz) * np.sin(2 * np.pi * 3.0 * grid)
    # Straight lines between samples are low by (pi f dt)^2 / 6 on average.
    np.testing.assert_allclose(got, expected, atol=0.004)


def test_average_of_a_line_is_the_line_up_to_its_ends() -> None:
    t = np.arange(101) / 100
    assert average(t, 3 * t[:, None] + 1, 25.0)[0] == pytest.approx(3 * np.arange(26) / 25 + 1, abs=1e-6)
