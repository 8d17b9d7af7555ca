"""Times of movements, against those at which they were put; the smoothing delays all by as much."""

import numpy as np
import pytest

from train.data.imu_copies import marks_of
from train.data.imu_stretches import Stretch

RATE_HZ = 25.0
PUT_S = np.arange(8.013, 100.0, 9.123)  # between samples, each elsewhere


@pytest.mark.parametrize("width_s", [0.15, 0.3])
def test_a_movement_is_found_where_it_was_put_between_samples(width_s):
    times = np.arange(0, 110, 1 / RATE_HZ)
    bumps = 5 * np.exp(-0.5 * ((times[:, None] - PUT_S) / width_s) ** 2).sum(axis=1)
    values = np.stack([bumps, np.zeros_like(bumps), np.full_like(bumps, 9.81)], axis=1).astype(np.float32)
    found = marks_of([Stretch("p1", "walking", times, values)], RATE_HZ).times_s
    found = np.unique(found.round(3))  # of two equal samples at a top each is one
    np.testing.assert_allclose(found - found[0], PUT_S - PUT_S[0], atol=0.005)  # an eighth of a sample
