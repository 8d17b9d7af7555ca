"""How a window is turned: counts, quaternions, and what an export makes of the same turn."""

import math
from dataclasses import replace

import numpy as np

from scl.frontend.counts import from_counts, replay, to_counts, turned
from scl.transforms import random_rotations, rotate, rotation_matrices
from tests.firmware_host.monitoring.parts import ODD
from tests.scl.frontend.designs import front_end_spec


def slowly_turned(counts, rotation, sensor):
    """One sample, one sensor and one axis after the other, in Python's own float64."""
    out = counts.tolist()
    for part, rows in zip(sensor.parts, sensor.slices.values(), strict=True):
        if part.axes != 3:
            continue
        undo = np.linalg.inv(np.array(part.alignment)).tolist()
        for t in range(len(counts)):
            off = [float(counts[t, rows][j]) * part.unit_per_count - part.bias[j] for j in range(3)]
            si = [sum(part.alignment[i][j] * off[j] for j in range(3)) for i in range(3)]
            new = [sum(float(rotation[i][j]) * si[j] for j in range(3)) for i in range(3)]
            for i in range(3):
                value = (sum(undo[i][j] * new[j] for j in range(3)) + part.bias[i]) / part.unit_per_count
                out[t][rows.start + i] = min(32767, max(-32768, round(value)))
    return out


def test_turning_equals_a_slow_rotation_and_saturates():
    rng = np.random.default_rng(1)
    counts = rng.integers(-32768, 32768, (40, 7)).astype(np.int16)
    saturated = False
    for rotation in random_rotations(5, rng):
        found = turned(counts, rotation, ODD)
        assert found.dtype == np.int16 and found.tolist() == slowly_turned(counts, rotation, ODD)
        assert np.array_equal(found[:, 3], counts[:, 3])  # one axis is not turned
        saturated |= (found == 32767).any() and (found == -32768).any()
    assert saturated
    np.testing.assert_array_equal(turned(counts, np.eye(3), ODD), counts)


def test_si_units_and_counts_undo_each_other():
    counts = np.random.default_rng(2).integers(-32768, 32768, (3, 30, 7)).astype(np.int16)
    x = from_counts(counts, ODD)
    assert x.shape == (3, 7, 30) and x.dtype == np.float64
    back, saturated = to_counts(x, ODD)
    np.testing.assert_array_equal(back, counts)
    assert not saturated.any()


def test_a_turned_window_is_the_copy_that_an_export_makes_but_for_its_first_rounding():
    """export turns the recording itself, which the counts hold to half a count of each axis."""
    spec = front_end_spec(replace(ODD.select(["accelerometer", "gyroscope"]), rate_hz=20.0), 50, 20.0)
    rng = np.random.default_rng(3)
    windows, rotations = rng.normal(0, 5, (4, 6, 50)), random_rotations(4, rng)
    plain, exported = replay(windows, spec)[0], replay(rotate(windows, rotations), spec)[0]
    for counts, rotation, copy in zip(plain, rotations, exported, strict=True):
        assert np.abs(turned(counts, rotation, spec.sensor).astype(int) - copy).max() <= 2


def test_quaternions_turn_as_rotations_about_their_axis():
    a = math.radians(30)
    (matrix,) = rotation_matrices(np.array([[2 * math.cos(a / 2), 0, 0, 2 * math.sin(a / 2)]]))
    expected = [[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]]
    np.testing.assert_allclose(matrix, expected, atol=1e-12)
