"""Units by name and by value, against figures that every textbook has."""

import numpy as np
import pytest

from export.recorded.units import Unit, time_unit, unit_of
from scl.frontend.sensor import load_sensor
from scl.units import COUNTS

BMI270, ECG = load_sensor("bmi270"), load_sensor("mitdb").parts[0]
ACCELEROMETER, GYROSCOPE = BMI270.parts


def still(one_g, spread=0.0):
    """300 samples at rest in some direction."""
    rng = np.random.default_rng(0)
    direction = np.array([0.48, -0.6, 0.64])
    return one_g * (direction + rng.normal(0, spread, (300, 3)))


@pytest.mark.parametrize(("one_g", "unit"), [(9.80665, "m/s2"), (1.0, "g"), (1000.0, "mg"), (8192, COUNTS)])
def test_gravity_tells_an_accelerometers_unit(one_g, unit):
    x = still(one_g, 0.05)
    found = unit_of(ACCELEROMETER, ["a", "b", "c"], np.rint(x) if unit == COUNTS else x)
    assert found is not None and found.name == unit


@pytest.mark.parametrize("one_g", [0.1, 3.0, 8192.5, 100])
def test_gravity_that_fits_no_unit(one_g):
    assert unit_of(ACCELEROMETER, [], still(one_g, 0.01) + 0.1) is None


def test_a_name_goes_before_a_value():
    found = unit_of(ACCELEROMETER, ["ax (g)", "ay (g)", "az (g)"], still(9.8))
    assert found == Unit("g", "by name")
    assert unit_of(ACCELEROMETER, ["ax (g)", "ay (mg)", "az (g)"], still(9.8)).name == "m/s2"
    assert unit_of(GYROSCOPE, ["gx_g", "gy_g", "gz_g"], still(1.0)) is None  # no gyroscope measures g


def test_a_gyroscope_is_guessed_only_where_radians_cannot_be():
    assert unit_of(GYROSCOPE, [], still(100.0, 0.1)).name == "deg/s"
    assert unit_of(GYROSCOPE, [], still(5.0)) is None
    assert unit_of(GYROSCOPE, [], np.rint(still(300.0))) is None  # counts, perhaps
    assert unit_of(GYROSCOPE, ["x_rad/s", "y_rad/s", "z_rad/s"], still(5.0)).name == "rad/s"


def test_an_ecg():
    x = np.sin(np.arange(300.0))[:, None]
    assert unit_of(ECG, ["lead"], x).name == "mV"
    assert unit_of(ECG, ["lead"], np.rint(1000 * x)) is None
    assert unit_of(ECG, ["lead"], np.rint(5 * x)) is None  # counts, perhaps
    assert unit_of(ECG, ["lead"], 1000 * x) is None
    assert unit_of(ECG, ["ecg_uV"], 1000 * x).name == "uV"


@pytest.mark.parametrize(
    ("name", "step", "unit"),
    [
        ("timestamp", 20, "ms"),
        ("timestamp", 0.02, "s"),
        ("timestamp", 20_000, "us"),
        ("timestamp", 2e7, "ns"),
        ("time", 1 / 500, "s"),
        ("time", 2, "ms"),
        ("time_us", 20, "us"),
        ("t [s]", 20, "s"),
        ("ns", 5, "ns"),
        ("timestamp", 0.3, None),
        ("timestamp", 0, None),
        ("timestamp", float("nan"), None),
    ],
)
def test_the_unit_of_times(name, step, unit):
    found = time_unit(name, step)
    assert (found and found.name) == unit
