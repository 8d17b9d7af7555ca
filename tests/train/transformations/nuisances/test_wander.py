import numpy as np

from tests.train.transformations.nuisances.signals import RATE_HZ, applied, cuts
from train.transformations.nuisances.wander import BREATH_HZ


def test_a_sine_of_the_amplitude_at_a_breaths_frequency() -> None:
    x = cuts(50, 2000, 1)
    wander = (applied("ecg-wander", x, 0.5, samples=2000) - x)[:, 0].numpy()
    assert np.allclose(np.abs(wander).max(axis=1), 0.5, atol=1e-3)
    # A sine obeys y[t + 1] + y[t - 1] = 2 cos(w) y[t].
    cosine = ((wander[:, 2:] + wander[:, :-2]) * wander[:, 1:-1]).sum(axis=1) / (2 * (wander[:, 1:-1] ** 2).sum(axis=1))
    hz = np.arccos(cosine) * RATE_HZ / (2 * np.pi)
    assert BREATH_HZ[0] <= hz.min() < 0.2 and 0.35 < hz.max() <= BREATH_HZ[1]
    assert np.allclose(wander[:, 2:] + wander[:, :-2], 2 * cosine[:, None] * wander[:, 1:-1], atol=1e-9)
