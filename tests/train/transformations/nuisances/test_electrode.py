import math

import numpy as np

from tests.train.transformations.nuisances.signals import RATE_HZ, applied, cuts


def test_red_noise_of_the_deviation_whose_memory_is_the_corners() -> None:
    x = cuts(300, 300, 1)
    moved = (applied("ecg-electrode", x, 0.2, samples=300) - x)[:, 0].numpy()
    assert np.allclose(moved.std(axis=0).mean(), 0.2, rtol=0.03)
    for lag in (1, 5):
        correlation = (moved[:, lag:] * moved[:, :-lag]).mean() / (moved**2).mean()
        assert abs(correlation - math.exp(-2 * math.pi * lag / RATE_HZ)) < 0.03
