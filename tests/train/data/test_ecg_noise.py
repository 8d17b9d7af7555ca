"""Generated noise: spectra by Welch's method, and the two kinds of copies against slow, obvious versions."""

import numpy as np
import pytest
from scipy.signal import welch

from train.data.ecg_noise import KINDS, generated

RATE_HZ, SAMPLES = 360.0, 302_400


def noise(kind: str, samples: int = SAMPLES, seed: int = 0) -> np.ndarray:
    return generated(kind, samples, RATE_HZ, np.random.default_rng(seed))


def share(kind: str, low: float, high: float) -> float:
    """Of the power, what lies between two frequencies."""
    hz, power = welch(noise(kind), RATE_HZ, nperseg=16384)
    return float(power[(hz >= low) & (hz <= high)].sum() / power.sum())


def test_the_spectra_are_what_the_docstring_says() -> None:
    assert share("em", 0.5, 12) > 0.95
    assert share("ma", 19, 180) > 0.99 and share("ma", 20, 100) == pytest.approx(0.5, abs=0.02)
    assert share("bw", 0.02, 0.55) > 0.99 and share("bw", 0.12, 0.33) > 0.5
    assert share("swing", 0.02, 0.45) > 0.98
    assert share("step", 0, 1) > 0.85  # a decay of 1.5 s has its corner at 0.1 Hz


def test_steps_are_forgotten_one_by_one() -> None:
    """The same draws, and a level that falls from sample to sample."""
    rng = np.random.default_rng(5)
    heights, when = rng.standard_normal(2000), rng.random(2000) < 2 / RATE_HZ
    level, expected = 0.0, []
    for height, here in zip(heights, when, strict=True):
        level = level * np.exp(-1 / (1.5 * RATE_HZ)) + height * here
        expected.append(level)
    assert when.any() and noise("step", 2000, 5) == pytest.approx(np.array(expected), abs=1e-12)


def test_a_swing_has_height_one_and_drifts_within_its_rates() -> None:
    swing = noise("swing")
    assert np.abs(swing).max() == pytest.approx(1, abs=1e-4)
    rises = np.flatnonzero((swing[:-1] < 0) & (swing[1:] >= 0))
    hz = RATE_HZ / np.diff(rises)
    assert 0.05 < hz.min() < 0.09 and 0.36 < hz.max() < 0.41


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides(kind: str) -> None:
    once, again, other = (noise(kind, 7200, seed) for seed in (1, 1, 2))
    assert np.array_equal(once, again) and not np.array_equal(once, other) and once.shape == (7200,)


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="'hum', expected one of em, ma, bw, step, swing"):
        noise("hum")
