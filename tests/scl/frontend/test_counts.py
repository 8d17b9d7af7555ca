"""Replay against closed forms: exact counts, exact tones, and back through the front end."""

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.frontend.chain import FrontEnd
from scl.frontend.counts import replay
from scl.frontend.sensor import Part, Sensor, load_sensor
from scl.frontend.spec import FrontEndSpec
from tests.scl.frontend.designs import front_end_spec

SHIPPED = {"bmi270": 100.0, "lsm6ds3": 104.0, "lsm9ds1": 119.0}


def info(sensor: Sensor, window: int = 200) -> FrontEndSpec:
    return front_end_spec(sensor, window, 20.0, 0.1)


def one_axis(unit: float) -> Sensor:
    return Sensor("one", 20.0, (Part("accelerometer", 1, unit, (0.0,), ((1.0,),), "m/s^2", ""),))


def test_counts_come_back_exactly():
    """SI = alignment (count * unit - bias), so replay has to find the very counts."""
    rng = np.random.default_rng(0)
    parts = []
    for kind in ("accelerometer", "gyroscope"):
        alignment = np.eye(3) + rng.normal(0, 0.02, (3, 3))
        parts.append(Part(kind, 3, 0.0012, tuple(rng.normal(0, 0.2, 3)), tuple(map(tuple, alignment)), "", ""))
    counts = rng.integers(-30000, 30000, (4, 50, 6)).astype(np.int16)
    si = np.empty((4, 6, 50))
    for i, part in enumerate(parts):
        measured = counts[:, :, 3 * i : 3 * i + 3] * part.unit_per_count - np.array(part.bias)
        si[:, 3 * i : 3 * i + 3] = np.einsum("ij,ntj->nit", np.array(part.alignment), measured)
    found, saturated = replay(si, info(Sensor("random", 20.0, tuple(parts)), 50))
    np.testing.assert_array_equal(found, counts)
    np.testing.assert_array_equal(saturated, 0)


def test_rounds_half_to_even_saturates_and_counts_it():
    values = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 32767.4, 32767.6, 40000, -32768.4, -32769])
    found, saturated = replay(np.stack([values, np.zeros(10)])[:, None], info(one_axis(1.0), 10))
    assert found[0, :, 0].tolist() == [0, 2, 2, 0, -2, 32767, 32767, 32767, -32768, -32768]
    assert saturated.tolist() == [3, 0] and found.dtype == np.int16


def test_a_clipped_vector_may_turn_into_any_axis():
    """Three axes clipped at 2 g turn into one of 34 m/s^2: the default sensor's 4 g hold it, 2 g would not."""
    longest = np.sqrt(3) * 2 * 9.80665
    x = np.zeros((1, 6, 200))
    x[0, 0] = longest
    counts, saturated = replay(x, info(load_sensor("replay-imu")))
    assert saturated.tolist() == [0]
    assert (counts[0, :, 0] == round(longest / 9.80665 * 8192)).all()


@pytest.mark.parametrize(("name", "rate_hz"), SHIPPED.items())
def test_a_tone_is_what_the_faster_sensor_would_have_counted(name, rate_hz):
    """Sample i of the sensor is taken (i - warmup_samples) / rate after the window's first one."""
    frontend = info(load_sensor(name))
    unit = frontend.sensor.parts[0].unit_per_count
    hz = 1.7
    x = np.zeros((1, 6, 200))
    x[0, 0] = 9 * np.sin(2 * np.pi * hz * np.arange(200) / 20)
    counts, _ = replay(x, frontend)
    assert counts.shape == (1, frontend.raw_samples, 6)
    t = (np.arange(frontend.raw_samples) - frontend.warmup_samples) / rate_hz
    inside = (t > 1) & (t < 9)
    assert inside.sum() > 7 * rate_hz
    expected = 9 * np.sin(2 * np.pi * hz * t) / unit
    assert np.abs(counts[0, :, 0] - expected)[inside].max() < 0.003 * 9 / unit


@pytest.mark.parametrize("name", SHIPPED)
def test_the_front_end_gives_the_window_back(name):
    """Up to the filters' ripple and half a count, sample for sample: the delay is accounted for."""
    rng = np.random.default_rng(1)
    t = np.arange(200) / 20
    tones = 4 * np.sin(2 * np.pi * rng.uniform(0.2, 6, (3, 6, 5, 1)) * t + rng.uniform(0, 6, (3, 6, 5, 1)))
    x = tones.sum(axis=2) * np.hanning(200) + rng.normal(0, 3, (3, 6, 1))
    frontend = info(load_sensor(name))
    counts, saturated = replay(x, frontend)
    end = FrontEnd.from_spec(frontend)
    back = end.signals(counts)[:, -200:].transpose(0, 2, 1)
    assert saturated.sum() == 0
    assert np.abs(back - x).max() < 0.005 * np.abs(x).max()


@pytest.mark.parametrize("name", SHIPPED)
def test_rest_stays_rest(name):
    """No transient at either end: a constant window gives a constant input."""
    x = np.tile(np.array([3.0, -5.0, 7.5, 0.1, 0.2, -0.3])[None, :, None], (1, 1, 200))
    frontend = info(load_sensor(name))
    counts, _ = replay(x, frontend)
    assert np.ptp(counts, axis=1).max() == 0
    assert np.ptp(FrontEnd.from_spec(frontend).quantized_windows(counts), axis=1).max() == 0


def test_damaged_windows_are_refused():
    x = np.zeros((4, 6, 200))
    x[2, 1, 7] = np.nan
    with pytest.raises(InputError, match="1 of 4 windows.*window 2"):
        replay(x, info(load_sensor("replay-imu")))
