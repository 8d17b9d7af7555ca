"""Still stretches are found where the simulated device lay still, at any rate, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.still import find, nominal
from scl.frontend.sensor import Sensor
from tests.calibration.simulated import MG, PERFECT, SENSOR, Noise, anywhere, by_hand, recording, to_counts, unit

STILL_S, TURN_S = 3.0, 1.5


@pytest.mark.parametrize("rate_hz", [20, 26, 52, 100, 104, 416, 1600])
@pytest.mark.parametrize("sample_mg", [0.3, 2.0, 8.0])
def test_every_pose_is_found_and_nothing_of_the_turns(rate_hz, sample_mg):
    rng = np.random.default_rng(rate_hz)
    sensor = replace(SENSOR, rate_hz=float(rate_hz))
    counts = recording(rng, unit(rng), by_hand(rng), sensor=sensor, noise=Noise(sample_mg))
    found = find(counts, sensor)
    assert len(found.slices) == 18 and not found.moved
    for pose, part in enumerate(found.slices):
        begin = pose * (round(STILL_S * rate_hz) + round(TURN_S * rate_hz)) / rate_hz
        # A window may reach a few samples into a turn, of which a quarter of it is cut off.
        assert begin - 0.05 <= part.start / rate_hz <= begin + 0.4
        assert begin + STILL_S - 0.4 <= part.stop / rate_hz <= begin + STILL_S + 0.05


def test_parts_that_follow_each_other_without_a_turn_are_poses_of_their_own():
    """As a file of six parts, or of parts that were appended: the join is a step."""
    rng = np.random.default_rng(0)
    parts = [recording(rng, PERFECT, up[None]) for up in anywhere(rng, 14)]
    found = find(np.concatenate(parts), SENSOR)
    assert len(found.slices) == 14
    assert all(part.start - 300 * i >= 0 and part.stop <= 300 * (i + 1) + 1 for i, part in enumerate(found.slices))


def still_with(rng: np.random.Generator, samples: int, acceleration=0.0, rate=0.0) -> np.ndarray:
    up = np.array([0, 0, 9.8]) + acceleration + rng.normal(0, 2 * MG, (samples, 3))
    return to_counts(up, rate + rng.normal(0, 1e-3, (samples, 3)))


def test_a_device_that_is_never_moved_is_one_stretch():
    (part,) = find(still_with(np.random.default_rng(0), 3000), SENSOR).slices
    assert part.start < 30 and part.stop > 2970


def test_a_slow_turn_is_named_and_left_out():
    """Two degrees a second: too slow for a window's spread, but gravity drifts."""
    rng = np.random.default_rng(0)
    angle = np.zeros(1500)
    angle[500:1000] = np.radians(2) * np.arange(500) / 100
    angle[1000:] = angle[999]
    up = 9.8 * np.column_stack([np.sin(angle), 0 * angle, np.cos(angle)]) - [0, 0, 9.8]
    found = find(still_with(rng, 1500, up), SENSOR)
    assert not found.slices and len(found.moved) == 1


def test_a_shake_and_a_turn_about_the_vertical_end_a_stretch():
    rng = np.random.default_rng(0)
    shaken, turned = np.zeros((1500, 3)), np.zeros((1500, 3))
    shaken[500:520, 0] = 0.3 * 9.8
    turned[1000:1050, 2] = np.linspace(0, 1, 50)
    found = find(still_with(rng, 1500, shaken, turned), SENSOR)
    assert len(found.slices) == 3
    assert not any(part.start < middle < part.stop for part in found.slices for middle in (510, 1030))


def test_a_hand_or_a_vehicle_is_not_still():
    rng = np.random.default_rng(0)
    shaking = 0.1 * 9.8 * np.sin(np.arange(1500)[:, None] * [0.3, 0.2, 0.4])
    assert find(still_with(rng, 1500, shaking), SENSOR) == find(still_with(rng, 60), SENSOR)
    assert not find(still_with(rng, 1500, shaking), SENSOR).slices


def test_a_sensor_without_noise_and_a_sensor_of_one_kind():
    coarse = np.tile(np.array([0, 0, 8192, 3, 0, 0], np.int16), (500, 1))
    assert len(find(coarse, SENSOR).slices) == 1
    for part in SENSOR.parts:
        assert len(find(coarse[:, SENSOR.slices[part.kind]], Sensor("one", 100.0, (part,))).slices) == 1
    assert not find(coarse[:5], SENSOR).slices and not find(coarse[:0], SENSOR).slices


def test_nominal_is_what_the_sensor_file_says():
    part = replace(
        SENSOR.parts[0], bias=(1.0, 2.0, 3.0), alignment=((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 2.0))
    )
    counts = np.array([[100, -200, 300]])
    x, y, z = counts[0] * part.unit_per_count
    np.testing.assert_allclose(nominal(counts, part), [[y - 2, 1 - x, 2 * (z - 3)]])
