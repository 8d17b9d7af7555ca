"""Sensor files against published sensitivities; what a bad file gets; the command's output."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.poses import find_poses
from calibration.sensor import main
from scl.artifacts import InputError, read_artifact
from scl.artifacts.calibration import UnitCalibration
from scl.artifacts.capture import Capture, read_capture, write_capture
from scl.frontend.resampler import design
from scl.frontend.sensor import FOLDER, Sensor, load_sensor, shipped
from scl.frontend.si_units import to_si
from tests.calibration import simulated
from tests.documents import document

MG, MDPS = 9.80665e-3, np.pi / 180e3  # SI per milli-g and per milli-degree per second
# Rate, and what a count means at +-4 g and +-2000 dps: BST-BMI270-DS000, DocID026899, DS12140, DocID025715.
PUBLISHED = {
    "bmi270": (100, 1000 / 8192 * MG, 1000 / 16.384 * MDPS),
    "lsm6ds3": (104, 0.122 * MG, 70 * MDPS),
    "lsm6dso": (104, 0.122 * MG, 70 * MDPS),
    "lsm9ds1": (119, 0.122 * MG, 70 * MDPS),
    "replay-imu": (20, 1000 / 8192 * MG, 1000 / 16.384 * MDPS),
}
# Rate, mV per count, mV at count 0, rails, dropped bits, lead-off. MIT-BIH: its headers (200 adu/mV, 11 bits, zero
# 1024). AD8232: gain 100 around 1.65 V, 12 bits over 3.3 V. MAX30003: 18 bits, 1 V reference, gain 20, two bits
# dropped. Polar H10: microvolts. The replay is ours.
PUBLISHED_ECG = {
    "mitdb": (360, 1 / 200, 1024 / 200, (0, 2047), 0, 1.0),
    "ad8232": (250, 3300 / 4096 / 100, 1650 / 100, (0, 4095), 0, 1.0),
    "max30003": (512, 4 * 1000 / (2**17 * 20), 0, (-32768, 32767), 2, 1.0),
    "replay-ecg": (180, 1 / 1000, 0, (-32768, 32767), 0, 1.0),
    "polar-h10": (130, 1 / 1000, 0, (-32768, 32767), 0, 0.0),
}
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
            assert part.count_range == (-32768, 32767) and part.shift == part.lead_off_s == 0
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


def test_list_names_rate_and_range(capsys):
    assert main(["list", "--json"]) == 0
    said = capsys.readouterr()
    assert [one["name"] for one in document(said.out)["sensors"]] == [line.split()[0] for line in said.err.splitlines()]
    assert main(["list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[1]) for line in lines] == sorted(
        (name, str(facts[0])) for name, facts in [*PUBLISHED.items(), *PUBLISHED_ECG.items()]
    )
    assert {line[0]: " ".join(line[3:]) for line in lines if line[0] in PUBLISHED_ECG} == {
        "ad8232": "ecg +-16.5 mV",
        "max30003": "ecg +-50 mV",
        "mitdb": "ecg +-5 mV",
        "polar-h10": "ecg +-32.7 mV",
        "replay-ecg": "ecg +-32.7 mV",
    }


def test_show_in_si_units_and_only_what_is_not_the_default(capsys):
    assert main(["show", "lsm6ds3"]) == 0
    out = capsys.readouterr().out
    assert not any(word in out for word in ("rails", "shifted", "lead off"))
    assert "104 Hz" in out and "0.00119641 m/s^2 per count" in out and "0.00122173 rad/s per count" in out


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("mitdb", "0.005 mV per count, rails at 0 and 2047, lead off after 1 s of one count"),
        ("ad8232", "0.00805664 mV per count, rails at 0 and 4095, lead off after 1 s of one count"),
        (
            "max30003",
            "0.00152588 mV per count, shifted right by 2 bits to fit 16, lead off after 1 s of one count",
        ),
    ],
)
def test_show_says_shift_rails_and_lead_off(capsys, name, facts):
    assert main(["show", name]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith(facts)


def calibrated(command: str, folder: Path, counts: np.ndarray, sensor: str | Path = "bmi270") -> UnitCalibration:
    path, out = simulated.write(folder / "still.csv", counts, load_sensor(sensor)), folder / "calibration.json"
    assert main([command, str(path), "--sensor", str(sensor), "--out", str(out)]) == 0
    return read_artifact(out, UnitCalibration)


def applied(sensor: Sensor, unit: UnitCalibration) -> Sensor:
    """The sensor as a board has it after CALIBRATION."""
    parts = zip(sensor.parts, unit.sensors, strict=True)
    return replace(sensor, parts=tuple(replace(p, bias=c.bias, alignment=c.alignment) for p, c in parts))


def test_still_from_a_recording_to_what_a_board_then_measures(tmp_path, capsys):
    """Other poses of the same unit, by the board's own arithmetic: 1 g within 2 mg, from tens of mg."""
    rng = np.random.default_rng(5)
    truth = simulated.unit(rng)
    unit = calibrated("still", tmp_path, simulated.recording(rng, truth, simulated.by_hand(rng)))
    figures, (accelerometer, gyroscope) = unit.accelerometer, unit.sensors
    assert (figures.method, figures.poses, figures.identifiable) == ("still", 18, True)
    assert np.all(np.abs(np.subtract(accelerometer.bias, truth[1])) < 1.5 * np.array(accelerometer.bias_uncertainty))
    true_scale = np.linalg.norm(truth[0], axis=1)
    assert np.all(np.abs(figures.scale - true_scale) < 1.5 * np.array(figures.scale_uncertainty))
    assert np.all(np.abs(np.subtract(gyroscope.bias, simulated.GYROSCOPE)) < 1.5 * np.array(gyroscope.bias_uncertainty))
    other = simulated.recording(rng, truth, simulated.anywhere(rng, 30))
    poses = find_poses(Path("other"), read_capture(simulated.write(tmp_path / "other.csv", other)), simulated.SENSOR)
    off = {}
    for name, sensor in (("before", simulated.SENSOR), ("after", applied(simulated.SENSOR, unit))):
        means = [to_si(other[None, part], sensor)[0, :, :3].mean(axis=0) for part in poses[1].slices]
        off[name] = np.sqrt(np.mean((np.linalg.norm(means, axis=1) - 9.80665) ** 2)) / simulated.MG
    assert off["after"] < 1.2 < 15 < off["before"]
    # Leave one out said as much before.
    assert figures.held_out.after_mg == pytest.approx(off["after"], rel=0.6)
    assert figures.held_out.before_mg == pytest.approx(off["before"], rel=0.6)
    text = capsys.readouterr().out
    assert "18 still poses found" in text and "degrees per second" in text
    assert f"poses that a calibration has not seen: {figures.held_out.before_mg:.1f} mg off before" in text


def test_still_of_a_sensor_file_with_axes_of_its_own(tmp_path):
    """What the board then measures is 1 g in every pose, in the axes of the sensor file."""
    swap = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    text = (FOLDER / "bmi270.toml").read_text().replace('"bmi270"', '"mine"')
    text = text.replace("axes = 3", f"axes = 3\nbias = [0.03, 0.0, -0.02]\nalignment = {swap.tolist()}", 1)
    (tmp_path / "mine.toml").write_text(text)
    sensor = load_sensor(tmp_path / "mine.toml")
    rng = np.random.default_rng(2)
    (model, bias), up = simulated.unit(rng), simulated.by_hand(rng)
    counts = simulated.recording(rng, (model, bias), up)
    unit = calibrated("still", tmp_path, counts, tmp_path / "mine.toml")
    np.testing.assert_allclose(unit.sensors[0].bias, bias, atol=2 * simulated.MG)
    # The alignment undoes the unit's model up to a small rotation, then swaps.
    np.testing.assert_allclose(np.array(unit.sensors[0].alignment) @ model, swap, atol=0.04)
    slices = [slice(450 * i + 50, 450 * i + 250) for i in range(len(up))]
    means = [to_si(counts[None, part], applied(sensor, unit))[0, :, :3].mean(axis=0) for part in slices]
    np.testing.assert_allclose(np.linalg.norm(means, axis=1) / simulated.MG, 1000, atol=2.5)


def test_still_says_what_was_left_out(tmp_path, capsys):
    rng = np.random.default_rng(0)
    counts = simulated.recording(rng, simulated.unit(rng), np.vstack([simulated.by_hand(rng), simulated.by_hand(rng)]))
    counts[450 * 7 : 450 * 7 + 300, :3] = np.rint(counts[450 * 7 : 450 * 7 + 300, :3] * 1.05)
    creeping = counts[450 * 20 : 450 * 20 + 300, 0].astype(float) + np.linspace(0, 600, 300)
    counts[450 * 20 : 450 * 20 + 300, 0] = np.rint(creeping)
    assert calibrated("still", tmp_path, counts).accelerometer.poses == 34
    text = capsys.readouterr().out
    assert "left out: the pose at 31.6 s is +" in text
    assert "left out: the device turned slowly in the stretch at 90.1 s" in text


def test_a_refused_recording_writes_nothing(tmp_path):
    rng = np.random.default_rng(0)
    for truth, up in ((simulated.PERFECT, simulated.by_hand(rng)), (simulated.unit(rng), simulated.by_hand(rng)[:11])):
        with pytest.raises(InputError, match="still.csv: "):
            calibrated("still", tmp_path, simulated.recording(rng, truth, up))
        assert not (tmp_path / "calibration.json").exists()


def test_the_gyroscope_alone(tmp_path, capsys):
    """A device that lies on a table for ten seconds: the accelerometer stays as its file has it."""
    rng = np.random.default_rng(0)
    unit = calibrated(
        "gyroscope", tmp_path, simulated.recording(rng, simulated.unit(rng), simulated.FACES[2:3], still_s=10)
    )
    accelerometer, gyroscope = unit.sensors
    assert unit.accelerometer is None and accelerometer.bias == (0, 0, 0) and accelerometer.bias_uncertainty == ()
    assert np.array_equal(accelerometer.alignment, np.eye(3)) and np.array_equal(gyroscope.alignment, np.eye(3))
    assert np.all(np.abs(np.subtract(gyroscope.bias, simulated.GYROSCOPE)) < gyroscope.bias_uncertainty)
    assert max(gyroscope.bias_uncertainty) < np.radians(0.05)
    assert "gyroscope bias [1.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            np.random.default_rng(0).integers(-9000, 9000, (500, 6)),
            "still.csv: has no still stretch of 1 s; capture",
        ),
        (
            np.full((500, 6), 1000),
            r"still.csv: the gyroscope measures \[61.0, 61.0, 61.0\] .* expected below 40 at",
        ),
    ],
)
def test_captures_without_a_gyroscope_at_rest(tmp_path, counts, message):
    with pytest.raises(InputError, match=message):
        calibrated("gyroscope", tmp_path, counts.astype(np.int16))


def test_sensors_that_lack_a_part(tmp_path):
    text = (FOLDER / "bmi270.toml").read_text()
    head, first, second = text.split("[[sensors]]")
    for name, part, command, message in (
        ("gyro", second, "still", "sensor bmi270: has no accelerometer of 3 axes"),
        ("acc", first, "gyroscope", "sensor bmi270: has no gyroscope of 3 axes"),
    ):
        (tmp_path / f"{name}.toml").write_text(f"{head}[[sensors]]{part}")
        path = tmp_path / f"{name}.csv"
        write_capture(path, Capture("bmi270", 100.0, ("x", "y", "z"), np.zeros((500, 3), np.int16)))
        with pytest.raises(InputError, match=message):
            main([command, str(path), "--sensor", str(tmp_path / f"{name}.toml"), "--out", str(tmp_path / "o.json")])


@pytest.mark.parametrize("command", ["still", "six-position", "gyroscope"])
def test_a_capture_of_another_sensor(tmp_path, command):
    path = simulated.write(tmp_path / "still.csv", np.zeros((500, 6), np.int16))
    with pytest.raises(InputError, match="captured from 'bmi270', but --sensor is 'lsm6ds3'"):
        main([command, str(path), "--sensor", "lsm6ds3", "--out", str(tmp_path / "o.json")])
