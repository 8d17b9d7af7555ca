"""Six-position calibration on simulated sensors whose truth is known, through the file that the capture writes."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from calibration.capture import read_positions
from calibration.sensor import main
from calibration.six_position import UP, solve, uncertainty
from firmware_host.calibration_file import read_calibration
from scl.artifacts import InputError
from scl.artifacts.capture import POSITIONS, Capture, write_capture
from scl.frontend.sensor import FOLDER, G, load_sensor
from tests.calibration import simulated

SENSOR = load_sensor("bmi270")
ACCELEROMETER, GYROSCOPE = (part.unit_per_count for part in SENSOR.parts)
SAMPLES = 200  # per position
NOISE_MG = 2.0
SEEDS = range(60)


def unit_vectors(rng: np.random.Generator, tilt_deg: float) -> np.ndarray:
    """(6, 3): where up is, in device axes, in every position: askew by at most tilt_deg in a random direction."""
    up = []
    for position in POSITIONS:
        axis = np.zeros(3)
        axis["xyz".index(position[1])] = 1 if position[0] == "+" else -1
        aside = np.cross(axis, rng.normal(size=3))
        angle = np.radians(rng.uniform(0, tilt_deg))
        up.append(np.cos(angle) * axis + np.sin(angle) * aside / np.linalg.norm(aside))
    return np.array(up)


def random_truth(rng: np.random.Generator, misalignment_deg: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Measured = M true + b: M (3, 3) with rows turned by up to misalignment_deg, scale within 3 %, b within 60 mg."""
    rows = np.eye(3)
    for i in range(3):
        aside = np.cross(rows[i], rng.normal(size=3))
        angle = np.radians(rng.uniform(0.4, 1) * misalignment_deg)
        rows[i] = np.cos(angle) * rows[i] + np.sin(angle) * aside / np.linalg.norm(aside)
    return rng.uniform(0.97, 1.03, (3, 1)) * rows, rng.uniform(-0.06, 0.06, 3) * G


def captured(rng: np.random.Generator, truth: tuple[np.ndarray, np.ndarray], tilt_deg: float = 0.0) -> np.ndarray:
    """Counts (6, SAMPLES, 6) at rest: accelerometer with 2 mg noise, gyroscope with a bias of 1, -2 and 0.5 dps."""
    model, bias = truth
    mean = unit_vectors(rng, tilt_deg) * G @ model.T + bias
    acceleration = mean[:, None] + rng.normal(0, NOISE_MG * 1e-3 * G, (6, SAMPLES, 3))
    rate = np.radians([1, -2, 0.5]) + rng.normal(0, 1e-3, (6, SAMPLES, 3))
    return np.rint(np.concatenate([acceleration / ACCELEROMETER, rate / GYROSCOPE], axis=2)).astype(np.int16)


def means(counts: np.ndarray) -> np.ndarray:
    return counts[:, :, :3].mean(axis=1) * ACCELEROMETER


def write(path: Path, counts: np.ndarray, positions: tuple[str, ...] = POSITIONS, sensor: str = "bmi270") -> Path:
    names = tuple(position for position, part in zip(positions, counts, strict=True) for _ in part)
    channels = ("ax", "ay", "az", "gx", "gy", "gz")
    write_capture(path, Capture(sensor, 100.0, channels, counts.reshape(-1, 6), names))
    return path


def angles(model: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.diag(model) / np.linalg.norm(model, axis=1)))


def test_exact_means_give_the_exact_model():
    model, bias = random_truth(np.random.default_rng(0))
    result = solve(unit_vectors(np.random.default_rng(0), 0) * G @ model.T + bias, 0)
    np.testing.assert_allclose(result.alignment @ model, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(result.bias, bias, atol=1e-12)
    np.testing.assert_allclose(result.misalignment_deg, angles(model), atol=1e-6)
    assert result.identifiable and result.residual < 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_known_axes_and_2_mg_noise(seed):
    rng = np.random.default_rng(seed)
    model, bias = truth = random_truth(rng)
    result = solve(means(captured(rng, truth)), 0)
    assert result.identifiable
    assert np.abs(result.scale / np.linalg.norm(model, axis=1) - 1).max() < 0.005
    assert np.abs(result.bias - bias).max() < 0.005 * G
    assert np.abs(result.misalignment_deg - angles(model)).max() < 0.3
    true = rng.normal(size=(50, 3)) * G  # orientations and strengths that were not captured
    corrected = (true @ model.T + bias - result.bias) @ result.alignment.T
    assert np.abs(corrected - true).max() < 0.005 * np.abs(true).max()


@pytest.mark.parametrize("seed", SEEDS)
def test_placed_by_hand_misalignment_is_not_identifiable_but_scale_and_bias_are(seed):
    rng = np.random.default_rng(seed)
    model, bias = truth = random_truth(rng)
    result = solve(means(captured(rng, truth, tilt_deg=2.0)), 2.0)
    assert not result.identifiable and result.uncertainty_deg > 1.4
    np.testing.assert_array_equal(result.alignment, np.diag(np.diag(result.alignment)))
    assert np.abs(result.scale / np.linalg.norm(model, axis=1) - 1).max() < 0.005
    assert np.abs(result.bias - bias).max() < 0.005 * G


def turned(deg: float) -> np.ndarray:
    """(6, 3): where up is if a true jig stands on a slope: all positions turn about one axis of the device."""
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    axis = np.array([1, 1, 1]) / np.sqrt(3)
    cross = np.cross(np.eye(3), axis)
    rotation = c * np.eye(3) + s * cross + (1 - c) * np.outer(axis, axis)
    return UP @ rotation.T


def each_askew(deg: float) -> np.ndarray:
    """(6, 3): every position askew by `deg`, each to another side."""
    rng = np.random.default_rng(1)
    aside = np.cross(UP, rng.normal(size=(6, 3)))
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    return np.cos(np.radians(deg)) * UP + np.sin(np.radians(deg)) * aside


@pytest.mark.parametrize("askew_by", [turned, each_askew])
@pytest.mark.parametrize("deg", [0, 2, 4, 14, 25])
def test_no_tilt_is_taken_for_a_scale(askew_by, deg):
    """A perfect sensor stays one: half of up less down would be cos(deg), 0.970 at 14 degrees."""
    result = solve(askew_by(deg) * G, 2.0)
    np.testing.assert_allclose(result.scale, 1, atol=1e-9)
    np.testing.assert_allclose(result.bias, 0, atol=1e-9)
    assert not result.identifiable


@pytest.mark.parametrize("askew_by", [turned, each_askew])
def test_positions_that_are_not_square_are_refused(tmp_path, askew_by):
    for deg, wrong in ((4.5, False), (7, True), (14, True)):
        counts = np.tile(np.c_[askew_by(deg) * G / ACCELEROMETER, np.zeros((6, 3))][:, None], (1, 20, 1))
        path, out = write(tmp_path / f"{deg}.csv", np.rint(counts).astype(np.int16)), tmp_path / f"{deg}.json"
        command = ["six-position", str(path), "--sensor", "bmi270", "--out", str(out)]
        if not wrong:
            assert main(command) == 0 and out.exists()
            continue
        with pytest.raises(InputError, match=r"position \S\S is \d+ degrees askew.*12 poses or more.*sensor still"):
            main(command)
        assert not out.exists()


def test_the_stated_uncertainty_holds():
    """Placed by hand within 4 degrees, misaligned: bias and scale lie in their 95 % intervals in at least 93 %."""
    inside = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        model, bias = simulated.unit(rng)
        measured = simulated.means(rng, (model, bias), unit_vectors(rng, 4.0), 0.2)
        result = solve(measured, 2.0)
        bias_95, scale_95 = uncertainty(measured, np.full(6, 0.2 * simulated.MG), result)
        off = np.abs(result.bias - bias), np.abs(result.scale - np.linalg.norm(model, axis=1))
        inside.append([off[0] < bias_95, off[1] < scale_95])
    assert np.mean(inside, axis=0).min() > 0.93
    assert np.mean(bias_95) < 3 * simulated.MG and np.mean(scale_95) < 0.003


def test_a_worn_axis_order_is_kept(tmp_path):
    """A sensor file that swaps axes: positions are the device's, and the swap stays in the alignment."""
    swap = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    text = (FOLDER / "bmi270.toml").read_text().replace('"bmi270"', '"mine"')
    text = text.replace("axes = 3", f"axes = 3\nalignment = {swap.tolist()}", 1)
    (tmp_path / "mine.toml").write_text(text)
    rng = np.random.default_rng(0)
    model, bias = random_truth(rng)
    sensed = UP * G @ swap @ model.T + bias  # up in the sensor's own axes: swap.T @ up
    counts = np.tile(np.c_[sensed / ACCELEROMETER, np.zeros((6, 3))][:, None], (1, 20, 1))
    path, out = write(tmp_path / "c.csv", np.rint(counts).astype(np.int16), sensor="mine"), tmp_path / "out.json"
    flags = ["--sensor", str(tmp_path / "mine.toml"), "--out", str(out), "--placement-error", "0"]
    assert main(["six-position", str(path), *flags]) == 0
    part = json.loads(out.read_text())["sensors"][0]
    true = (sensed - part["bias"]) @ np.array(part["alignment"]).T
    np.testing.assert_allclose(true, UP * G, atol=0.01)


def test_tilts_that_nobody_told_of_show_in_the_residual():
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        found.append(solve(means(captured(rng, random_truth(rng), tilt_deg=2.0)), 0.0).identifiable)
    assert np.mean(found) < 0.05


def test_misalignment_below_the_placement_error_is_not_identifiable():
    rng = np.random.default_rng(0)
    counts = captured(rng, random_truth(rng, misalignment_deg=0.2))
    assert solve(means(counts), 0.0).identifiable
    assert not solve(means(counts), 0.4).identifiable
    counts = captured(rng, random_truth(rng, misalignment_deg=1.0))
    assert solve(means(counts), 0.4).identifiable
    assert not solve(means(counts), 0.6).identifiable


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"\(6, 3\)"):
        solve(np.zeros((5, 3)), 0)
    with pytest.raises(ValueError, match="0 or more"):
        solve(np.ones((6, 3)), -1)


def test_the_command_writes_what_the_board_is_sent(tmp_path, capsys):
    rng = np.random.default_rng(3)
    model, bias = truth = random_truth(rng)
    counts = captured(rng, truth)
    path, out = write(tmp_path / "capture.csv", counts), tmp_path / "calibration.json"
    assert main(["six-position", str(path), "--sensor", "bmi270", "--out", str(out), "--placement-error", "0"]) == 0
    saved = json.loads(out.read_text())
    accelerometer, gyroscope = saved["sensors"]
    figures = saved["accelerometer"]
    assert figures["identifiable"] is True and saved["sensor"] == "bmi270"
    assert (figures["method"], figures["poses"], figures["held_out"]) == ("six-position", 6, None)
    np.testing.assert_allclose(np.array(accelerometer["alignment"]) @ model, np.eye(3), atol=0.005)
    np.testing.assert_allclose(accelerometer["bias"], bias, atol=0.005 * G)
    np.testing.assert_allclose(gyroscope["bias"], np.radians([1, -2, 0.5]), atol=1e-3)
    assert gyroscope["alignment"] == np.eye(3).tolist()
    assert 0 <= figures["residual_mg"] < 1
    assert "misalignment" in capsys.readouterr().out
    made_for = SimpleNamespace(path=tmp_path, manifest=SimpleNamespace(sensor=SENSOR))
    sent = np.frombuffer(read_calibration(out, made_for).values, "<f4")
    expected = [np.r_[part["bias"], np.ravel(part["alignment"])] for part in (accelerometer, gyroscope)]
    np.testing.assert_array_equal(sent, np.concatenate(expected).astype(np.float32))


def test_the_command_says_when_misalignment_is_not_identifiable(tmp_path, capsys):
    rng = np.random.default_rng(3)
    path = write(tmp_path / "capture.csv", captured(rng, random_truth(rng), 2.0))
    out = tmp_path / "calibration.json"
    assert main(["six-position", str(path), "--sensor", "bmi270", "--out", str(out)]) == 0
    assert "not identifiable" in capsys.readouterr().out
    assert json.loads(out.read_text())["accelerometer"]["identifiable"] is False


def still() -> np.ndarray:
    rng = np.random.default_rng(0)
    return captured(rng, (np.eye(3), np.zeros(3)))


def moved(channel: int) -> np.ndarray:
    counts = still()
    counts[2, :, channel] += (2000 * np.sin(np.arange(SAMPLES))).astype(np.int16)
    return counts


def askew() -> np.ndarray:
    counts = still()
    counts[4, :, 0] += round(8192 * np.sin(np.radians(30)))
    counts[4, :, 2] = round(8192 * np.cos(np.radians(30)))
    return counts


def saturated() -> np.ndarray:
    counts = still()
    counts[3, 7, 1] = -32768
    return counts


@pytest.mark.parametrize(
    ("counts", "positions", "message"),
    [
        (still()[:5], POSITIONS[:5], "fewer than 20 samples of position -z"),
        (still()[:, :10], POSITIONS, "fewer than 20 samples of position +x"),
        (moved(1), POSITIONS, "position +y moved (the accelerometer"),
        (moved(3), POSITIONS, "position +y moved (the gyroscope"),
        (still(), ("+x", "-x", "+z", "-z", "+y", "-y"), "in position +y gravity is on +z"),
        (still(), ("-x", "+x", "+y", "-y", "+z", "-z"), "in position +x gravity is on -x"),
        (askew(), POSITIONS, "position +z is 30 degrees askew"),
        (still() * 2, POSITIONS, "position +x measures 2.00 g"),
        (saturated(), POSITIONS, "position -y holds saturated counts"),
    ],
)
def test_captures_that_cannot_calibrate(tmp_path, counts, positions, message):
    path, out = write(tmp_path / "capture.csv", counts, positions), tmp_path / "calibration.json"
    with pytest.raises(InputError) as error:
        main(["six-position", str(path), "--sensor", "bmi270", "--out", str(out)])
    assert message in str(error.value) and str(path) in str(error.value)
    assert not out.exists()


@pytest.mark.parametrize(
    "row", ["nan,0,0,0,0,0,+x", "1,2,3,+x", "1,2,3,4,5,6,up", "1,2,3,4,5,99999,+x", "1.5,2,3,4,5,6,+x"]
)
def test_malformed_rows_are_named_by_line(tmp_path, row):
    path = write(tmp_path / "capture.csv", still())
    lines = path.read_text().splitlines()
    lines[41] = row
    path.write_text("\n".join(lines))
    with pytest.raises(InputError) as error:
        read_positions(path, SENSOR)
    assert "line 42: " in str(error.value) and row.split(",")[-1] in str(error.value)


def test_other_files_are_refused(tmp_path):
    path = write(tmp_path / "capture.csv", still(), sensor="lsm6ds3")
    with pytest.raises(InputError, match="captured from 'lsm6ds3'.*'bmi270'"):
        read_positions(path, SENSOR)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="kind None.*firmware_host.capture"):
        read_positions(path, SENSOR)
    with pytest.raises(InputError, match="cannot be read"):
        read_positions(tmp_path / "none.csv", SENSOR)
    write_capture(path, Capture("bmi270", 100.0, tuple("abcdef"), np.zeros((3, 6), np.int16)))
    with pytest.raises(InputError, match="no column `position`.*calibration.sensor still, which needs none"):
        read_positions(path, SENSOR)
    write_capture(path, Capture("bmi270", 100.0, ("ax",), np.zeros((3, 1), np.int16), ("+x",) * 3))
    with pytest.raises(InputError, match="1 columns of counts, but the sensor has 6"):
        read_positions(path, SENSOR)


@pytest.mark.parametrize("angle", ["-1", "46", "nan"])
def test_impossible_placement_errors(capsys, angle):
    with pytest.raises(SystemExit):
        main(["six-position", "x.csv", "--sensor", "bmi270", "--out", "y.json", f"--placement-error={angle}"])
    assert f"--placement-error: '{angle}' is not a number from 0 to 45" in capsys.readouterr().err
