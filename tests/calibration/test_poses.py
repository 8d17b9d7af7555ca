"""What is told of a capture before anything is solved: too few poses, rails, clipped axes, a wrong range."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.poses import accelerometer, find_poses
from scl.artifacts import InputError
from scl.artifacts.capture import Capture
from scl.frontend.sensor import G, Sensor
from tests.calibration.simulated import CHANNELS, MG, PERFECT, SENSOR, by_hand, recording, unit

FILE = Path("still.csv")


def found(counts: np.ndarray, sensor: Sensor = SENSOR):
    return find_poses(FILE, Capture(sensor.name, sensor.rate_hz, CHANNELS, counts), sensor)[0]


def recorded(poses: int = 18, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return recording(rng, PERFECT, by_hand(rng)[:poses])


def test_means_times_and_noise():
    rng = np.random.default_rng(0)
    truth, up = unit(rng), by_hand(rng)
    poses = found(recording(rng, truth, up))
    assert len(poses) == 18 and poses.name(2) == f"the pose at {poses.start_s[2]:.1f} s"
    np.testing.assert_allclose(poses.start_s, 4.5 * np.arange(18), atol=0.4)
    np.testing.assert_allclose(poses.means, up * G @ truth[0].T + truth[1], atol=2.5 * MG)
    # 2 mg over some 280 samples, and the floor.
    np.testing.assert_allclose(poses.noise / MG, np.hypot(0.5, 2 / np.sqrt(280)), rtol=0.05)
    assert len(poses.only(np.arange(18) < 3)) == 3


def test_too_few_poses_are_listed():
    with pytest.raises(InputError, match=r"still.csv: has 3 still stretches of 1 s or more \(at 0.1, 4.6, 9.1 s\), "):
        found(recorded(3))
    with pytest.raises(InputError, match="expected 12 or more; capture more .* --append, without --position"):
        found(recorded(11))
    found(recorded(12))
    with pytest.raises(InputError, match="has 0 still stretches of 1 s or more, expected 12"):
        found(np.zeros((10, 6), np.int16))


def test_slow_turns_are_told_apart_from_too_few():
    counts = recorded(12)
    drift = np.zeros(len(counts))
    drift[900:1200] = np.linspace(0, 600, 300)
    counts[:, 0] += drift.astype(np.int16)
    with pytest.raises(
        InputError, match=r"has 11 still stretches .*, and 1 in which the device turned slowly \(at 9.1"
    ):
        found(counts)


@pytest.mark.parametrize(("axis", "rail"), [(0, -32768), (1, 32767), (2, 32767)])
def test_saturated_counts_name_pose_and_axis(axis, rail):
    counts = recorded()
    counts[450 * 4 + 130, axis] = rail  # a single count is a shake, which ends the stretch
    found(counts)
    counts[450 * 4 : 450 * 4 + 300, axis] = rail
    with pytest.raises(InputError, match=rf"the pose at 18\.\d s holds saturated counts on axis {'xyz'[axis]}; choose"):
        found(counts)


def test_rails_of_the_sensor_file_are_minded():
    """A converter of 13 bits that ends at +-1 g, nearly."""
    narrow = replace(SENSOR.parts[0], count_range=(-8100, 8100))
    with pytest.raises(InputError, match="holds saturated counts on axis"):
        found(recorded(), Sensor("bmi270", 100.0, (narrow, SENSOR.parts[1])))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_axis_that_is_clipped_below_its_rail(axis):
    counts = recorded()
    counts[:, axis] = counts[:, axis].clip(-32768, 4000)
    with pytest.raises(InputError, match=rf"axis {'xyz'[axis]} stands at 4000 counts in \d poses that differ \(the"):
        found(counts)


def test_an_axis_that_is_stuck():
    counts = recorded()
    counts[:, 1] = 17
    with pytest.raises(InputError, match="axis y stands at 17 counts in 18 poses that differ .* clipped or stuck"):
        found(counts)


def test_a_coarse_sensor_without_noise_is_not_called_clipped():
    """64 counts a g: all axes stand still at rest."""
    coarse = replace(SENSOR.parts[0], unit_per_count=G / 64)
    sensor = Sensor("bmi270", 100.0, (coarse, SENSOR.parts[1]))
    assert len(
        found(recording(np.random.default_rng(0), PERFECT, by_hand(np.random.default_rng(0)), sensor=sensor), sensor)
    )


def test_another_range_than_the_file_says():
    counts = recorded()
    counts[:, :3] //= 2
    with pytest.raises(
        InputError, match=r"the poses measure 0.50 g, expected 1 g within 20%; was the sensor set to \+-4"
    ):
        found(counts)


def test_a_sensor_without_an_accelerometer():
    with pytest.raises(InputError, match="sensor mine: has no accelerometer of 3 axes to calibrate by gravity"):
        accelerometer(Sensor("mine", 100.0, SENSOR.parts[1:]))
