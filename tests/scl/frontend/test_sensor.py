"""Sensor files against published sensitivities, and what a bad file gets."""

from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.frontend.resampler import design
from scl.frontend.sensor import Sensor, load_sensor, shipped
from tests.scl.frontend.published import PUBLISHED, PUBLISHED_ECG

GOOD = """
name = "mine"
rate_hz = 50
[[sensors]]
kind = "accelerometer"
axes = 3
unit = "g"
counts_per_unit = 4096
bias = [0.01, 0, -0.02]
[[sensors]]
kind = "gyroscope"
axes = 3
unit = "dps"
counts_per_unit = 16.4
alignment = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_shipped_sensors_are_the_published_ones():
    assert shipped() == sorted([*PUBLISHED, *PUBLISHED_ECG])
    for name, (rate, accelerometer, gyroscope) in PUBLISHED.items():
        sensor = load_sensor(name)
        assert (sensor.name, sensor.rate_hz, sensor.channels) == (name, rate, 6)
        assert [part.kind for part in sensor.parts] == ["accelerometer", "gyroscope"]
        assert [part.si_unit for part in sensor.parts] == ["m/s^2", "rad/s"]
        np.testing.assert_allclose([p.unit_per_count for p in sensor.parts], [accelerometer, gyroscope], rtol=1e-12)
        for part in sensor.parts:
            assert part.bias == (0, 0, 0) and np.array_equal(part.alignment, np.eye(3))
            assert part.count_range == (-32768, 32767) and (part.shift, part.lead_off_s) == (0, 3)
        design(sensor.rate_hz, 20.0)


def test_shipped_ecg_sensors_are_the_published_ones():
    for name, (rate, per_count, zero, rails, shift, lead_off_s) in PUBLISHED_ECG.items():
        sensor = load_sensor(name)
        (part,) = sensor.parts
        assert (sensor.name, sensor.rate_hz, part.kind, part.axes, part.si_unit) == (name, rate, "ecg", 1, "mV")
        assert part.unit_per_count == pytest.approx(per_count, rel=1e-12) and part.bias == (zero,)
        assert (part.count_range, part.shift, part.lead_off_s) == (rails, shift, lead_off_s)
        design(sensor.rate_hz, min(rate, 180.0))


@pytest.mark.parametrize(
    ("name", "count", "millivolts"),
    [
        ("mitdb", 1024, 0),
        ("mitdb", 1224, 1),
        ("mitdb", 0, -5.12),
        ("mitdb", 2047, 5.115),
        ("ad8232", 2048, 0),
        ("ad8232", 0, -16.5),
        ("ad8232", 4095, 16.5 - 33 / 4096),
        ("max30003", 0, 0),
        ("max30003", (1 << 17) - 4 >> 2, 50 * (1 - 2**-15)),
        ("max30003", -(1 << 17) >> 2, -50),
    ],
)
def test_what_an_ecg_count_means(name, count, millivolts):
    """Zero, full scale and the rails, with the driver's shift of what the converter said."""
    (part,) = load_sensor(name).parts
    assert part.count_range[0] <= count <= part.count_range[1]
    assert part.alignment[0][0] * (count * part.unit_per_count - part.bias[0]) == pytest.approx(millivolts, abs=1e-9)


def test_a_file_of_ones_own(tmp_path):
    sensor = load_sensor(write(tmp_path, GOOD))
    accelerometer, gyroscope = sensor.parts
    assert accelerometer.unit_per_count == pytest.approx(9.80665 / 4096)
    assert accelerometer.bias == pytest.approx((0.0980665, 0, -0.196133))
    assert gyroscope.alignment == ((0, 1, 0), (-1, 0, 0), (0, 0, 1))
    assert sensor.slices == {"accelerometer": slice(0, 3), "gyroscope": slice(3, 6)}
    assert sensor.select(["gyroscope"]) == Sensor("mine", 50.0, (gyroscope,))
    with pytest.raises(InputError, match="the model needs lead"):
        sensor.select(["lead"])


def test_rails_shift_and_lead_off_of_ones_own(tmp_path):
    """A count of the driver's is 2^3 of the converter's; the other part keeps the defaults."""
    text = GOOD.replace("axes = 3", "axes = 3\ncount_range = [-4096, 4095.0]\nshift = 3\nlead_off_s = 2", 1)
    accelerometer, gyroscope = load_sensor(write(tmp_path, text)).parts
    assert accelerometer.unit_per_count == pytest.approx(8 * 9.80665 / 4096)
    assert accelerometer.bias == pytest.approx((0.0980665, 0, -0.196133))
    assert (accelerometer.count_range, accelerometer.shift, accelerometer.lead_off_s) == ((-4096, 4095), 3, 2.0)
    assert (gyroscope.count_range, gyroscope.shift, gyroscope.lead_off_s) == ((-32768, 32767), 0, 0.0)


@pytest.mark.parametrize("line", ["shift = 0", "shift = 16", "lead_off_s = 0", "count_range = [-32768, 32767]"])
def test_ends_of_what_is_allowed(tmp_path, line):
    load_sensor(write(tmp_path, GOOD.replace("axes = 3", f"axes = 3\n{line}", 1)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rate_hz = 50", "rate_hz = 50\nodr = 3", "unknown key odr"),
        ("axes = 3\nunit = \"g\"", "axes = 3\nunits = \"g\"", "unknown key units and no unit"),
        ("rate_hz = 50", "", "no rate_hz"),
        ("rate_hz = 50", "rate_hz = 0", "rate_hz is 0"),
        ("rate_hz = 50", "rate_hz = nan", "rate_hz is nan"),
        ("rate_hz = 50", "rate_hz = 1e7", "rate_hz is 10000000.0, expected a number above 0, at most 1e+06"),
        ("name = \"mine\"", "name = \"a/b\"", "name is 'a/b', expected a plain name without / or \\ that"),
        ("name = \"mine\"", "name = \"\"", "name is '', expected a plain name"),
        ("name = \"mine\"", "name = 7", "name is 7, expected a plain name"),
        ("name = \"mine\"", "name = \"a\\nb\"", "name is 'a\\nb', expected a plain name"),
        ("kind = \"gyroscope\"", "kind = [1]", "kind is [1], expected a plain name"),
        ("axes = 3", "axes = 3\nrange = 4", "has range 4, expected one line of text"),
        ("axes = 3", "axes = 3\nrange = \"a\\nb\"", "has range 'a\\nb', expected one line of text"),
        ("unit = \"g\"", "unit = [\"g\"]", "unit ['g']"),
        ("counts_per_unit = 4096", "counts_per_unit = 1e-31", "counts_per_unit 1e-31"),
        ("bias = [0.01, 0, -0.02]", "bias = [0.01, 0, 1e31]", "needs 3 bias values"),
        ("counts_per_unit = 4096", "counts_per_unit = -1", "counts_per_unit -1"),
        ("counts_per_unit = 4096", "counts_per_unit = \"many\"", "counts_per_unit 'many'"),
        ("axes = 3", "axes = 2", "axes 2"),
        ("axes = 3", "axes = true", "axes True"),
        ("unit = \"g\"", "unit = \"furlong\"", "unit 'furlong'"),
        ("bias = [0.01, 0, -0.02]", "bias = [0.01, 0]", "needs 3 bias values"),
        ("bias = [0.01, 0, -0.02]", "bias = [0.01, 0, inf]", "needs 3 bias values"),
        ("[-1, 0, 0]", "[-1, 0]", "3x3 alignment"),
        ("[-1, 0, 0]", "[0, 1, 0]", "singular"),
        ("alignment = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]", "alignment = 1", "3x3 alignment"),
        ("kind = \"gyroscope\"", "kind = \"accelerometer\"", "kinds are accelerometer, accelerometer, expected"),
        ("name =", "name", "is not TOML"),
        ("axes = 3", "axes = 3\ncount_range = [5, 5]", "count_range [5, 5], expected two whole numbers"),
        ("axes = 3", "axes = 3\ncount_range = [0, 40000]", "within -32768 to 32767"),
        ("axes = 3", "axes = 3\ncount_range = [0.5, 7]", "count_range [0.5, 7]"),
        ("axes = 3", "axes = 3\ncount_range = 7", "count_range 7"),
        ("axes = 3", "axes = 3\ncount_range = [9, 5]", "count_range [9, 5], expected two whole numbers in rising"),
        ("axes = 3", "axes = 3\ncount_range = [-32769, 0]", "count_range [-32769, 0]"),
        ("axes = 3", "axes = 3\ncount_range = [0, 1, 2]", "count_range [0, 1, 2]"),
        ("axes = 3", "axes = 3\ncount_range = [0, inf]", "count_range [0, inf]"),
        ("axes = 3", "axes = 3\ncount_range = [false, 7]", "count_range [False, 7]"),
        ("axes = 3", "axes = 3\nshift = 17", "shift 17"),
        ("axes = 3", "axes = 3\nshift = 0.5", "shift 0.5"),
        ("axes = 3", "axes = 3\nshift = -1", "shift -1, lead_off_s 0.0; expected 0 to 16 bits"),
        ("axes = 3", "axes = 3\nshift = true", "shift True"),
        ("axes = 3", "axes = 3\nlead_off_s = -1", "lead_off_s -1; expected 0 to 16 bits and 0 or more seconds"),
        ("axes = 3", "axes = 3\nlead_off_s = nan", "lead_off_s nan"),
        ("axes = 3", "axes = 3\nlead_off_s = true", "lead_off_s True"),
        ("axes = 3", "axes = 3\nlead_off_s = \"late\"", "lead_off_s 'late'"),
    ],
)  # fmt: skip
def test_bad_files_say_why(tmp_path, old, new, message):
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        load_sensor(path)
    assert message in str(error.value) and str(path) in str(error.value)


def test_no_such_sensor_lists_those_that_ship():
    with pytest.raises(InputError, match="mpu6050.*ad8232, bmi270, .* mitdb, polar-h10, replay-ecg, replay-imu"):
        load_sensor("mpu6050")
