"""What `calibration.sensor` prints of sensor files and writes of one unit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.poses import find_poses
from calibration.sensor import main
from scl.artifacts import InputError, read_artifact
from scl.artifacts.calibration import UnitCalibration
from scl.artifacts.capture import Capture, read_capture, write_capture
from scl.frontend.sensor import FOLDER, Sensor, load_sensor
from scl.frontend.si_units import to_si
from tests.calibration import simulated
from tests.documents import document
from tests.scl.frontend.published import PUBLISHED, PUBLISHED_ECG


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
    assert not any(word in out for word in ("rails", "shifted"))
    assert "104 Hz" in out and "0.00119641 m/s^2 per count" in out and "0.00122173 rad/s per count" in out


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("bmi270", "0.0011971 m/s^2 per count, no signal after 3 s of one count"),
        ("mitdb", "0.005 mV per count, rails at 0 and 2047, no signal after 1 s of one count"),
        ("ad8232", "0.00805664 mV per count, rails at 0 and 4095, no signal after 1 s of one count"),
        (
            "max30003",
            "0.00152588 mV per count, shifted right by 2 bits to fit 16, no signal after 1 s of one count",
        ),
    ],
)
def test_show_says_shift_rails_and_when_there_is_no_signal(capsys, name, facts):
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
