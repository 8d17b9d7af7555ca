"""Units and their spellings, against figures that every textbook has."""

import numpy as np
import pytest

from scl.frontend.sensor import UNITS
from scl.units import (
    COUNTS_OF_G,
    FACTORS,
    NAMES,
    OTHERS,
    QUANTITIES,
    TIMES,
    millivolts_per,
    split,
    time_unit_of,
    unit_of,
)

DEGREE = np.pi / 180
SPELLED = {
    ("m/s^2", "m/s2", "m/s²", "m/s**2", "m / s^2", "ms-2"): 1,
    ("g", "G", " g "): 9.80665,
    ("mg",): 9.80665e-3,
    ("g/64", "1/64 g"): 9.80665 / 64,
    ("dps", "°/s", "deg/s", "Degrees/s"): DEGREE,
    ("rad/s", "rad/sec"): 1,
    ("mdps", "mdeg/s"): DEGREE / 1000,
    ("mV", "millivolts", "MV"): 1,
    ("uV", "\u00b5V", "\u03bcV", "microvolt"): 1e-3,
    ("V", "volts"): 1000,
    ("nV",): 1e-6,
}


@pytest.mark.parametrize(("text", "one_si"), [(text, value) for texts, value in SPELLED.items() for text in texts])
def test_a_unit_in_si(text, one_si):
    assert FACTORS[unit_of(text)] == pytest.approx(one_si, rel=1e-12)


def test_counts_have_no_factor():
    assert unit_of("LSB") == unit_of("counts") == "counts" and "counts" not in FACTORS


@pytest.mark.parametrize("text", ["", "furlong", "s", "m/s", "deg"])
def test_what_is_no_unit(text):
    assert unit_of(text) is None and millivolts_per(text) is None


def test_volts_are_told_from_other_units():
    assert millivolts_per("uV") == 1e-3 and millivolts_per("g") is None


def test_no_two_units_are_spelled_alike():
    spelled = [name for unit in NAMES for name in (unit.lower(), *OTHERS.get(unit, ()))]
    assert sorted({*spelled}) == sorted(spelled) and not {*spelled} & TIMES.keys()
    assert sum(len(units) for units in (*QUANTITIES.values(), COUNTS_OF_G)) == len(FACTORS)


def test_the_units_of_sensor_files_are_the_same():
    for name, (factor, quantity) in UNITS.items():
        assert QUANTITIES[quantity][unit_of(name)] == factor


@pytest.mark.parametrize(
    ("name", "head", "unit"),
    [
        ("Acceleration x (m/s^2)", "Acceleration x", "m/s^2"),
        ("gyro_x_dps", "gyro_x", "dps"),
        ("ecg [uV]", "ecg", "uV"),
        ("acc_x", "acc_x", None),
        ("time_ms", "time", "ms"),
        ("g", "g", None),
        ("Gyroscope z", "Gyroscope z", None),
        ("az_raw", "az", "raw"),
    ],
)
def test_names_with_units(name, head, unit):
    assert split(name) == (head, unit)


def test_times():
    assert [time_unit_of(text) for text in ("Seconds", "msec", "\u00b5s", "ns", "g")] == ["s", "ms", "us", "ns", None]
