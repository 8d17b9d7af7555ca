"""Blocks at one rate: where they end, against a slow version, and what would alias."""

import numpy as np
import pytest

from train.data.resample import resample, segments


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
