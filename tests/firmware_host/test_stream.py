"""Streaming: stop and wait, no class lost on a bad line, the sensor's pace, and what does not fit is refused."""

import hashlib
import struct
from dataclasses import replace

import numpy as np
import pytest

from firmware_host.board import Board
from firmware_host.calibration_file import nominal, read_calibration
from firmware_host.link import Link
from firmware_host.stream import Pace, check_record, play
from scl.artifacts import InputError, write_artifact
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.calibration import PartCalibration, UnitCalibration
from scl.artifacts.capture import Capture

CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")
WINDOW, TOTAL = 200, 1003


@pytest.fixture
def bundle(fake_bundle):
    return read_run_bundle(fake_bundle)


def record(**changes):
    counts = np.random.default_rng(2).integers(-3000, 3000, (TOTAL, 6), np.int16)
    return Capture(**{"sensor": "bmi270", "rate_hz": 20.0, "channels": CHANNELS, "counts": counts} | changes)


def listen(board, bundle, hop, pace=None):
    on = Board(Link(board, board.now), board.hello, emulated=False, baud=None)
    return list(play(on, bundle, record(), hop, pace))


@pytest.mark.parametrize("hop", [1, 3, 50, 200])
@pytest.mark.parametrize("fault", ["none", "to_board", "to_host"])
def test_every_hop_is_reported_once(make_board, bundle, hop, fault):
    """Every third frame is lost; the board classifies after 200, 200 + hop, ... samples, and each class is seen."""
    faults = {} if fault == "none" else {fault: lambda n, frame: [] if n % 3 == 2 else [frame]}
    answers = listen(make_board(**faults), bundle, hop)
    assert [answer.end for answer in answers] == list(range(WINDOW, TOTAL + 1, hop))
    assert [answer.hops for answer in answers] == list(range(1, len(answers) + 1))
    assert [answer.predicted for answer in answers] == [answer.hops % 3 for answer in answers]


def test_the_pace_is_the_sensors(make_board, bundle):
    """No sample is sent before its time, and the last one exactly then."""
    clock, sent = [0.0], []
    board = make_board()
    take = board.take_samples
    board.take_samples = lambda payload: (
        sent.append((clock[0], *struct.unpack_from("<I", payload), len(payload))),
        take(payload),
    )[1]

    def wait(seconds):
        clock[0] += seconds

    listen(board, bundle, 50, Pace(lambda: clock[0], wait))
    for at, start, size in sent:
        assert at == pytest.approx((start + (size - 4) // 12) / 20.0)
        assert (size - 4) // 12 <= 5  # a quarter of a second
    assert clock[0] == pytest.approx(TOTAL / 20.0)


def test_a_board_that_was_reset(make_board, bundle):
    board = make_board()
    take = board.take_samples

    def forget(payload):
        if board.stream[1] > 300:
            board.stream[1:] = [0, 0, 0]
        return take(payload)

    board.take_samples = forget
    with pytest.raises(InputError, match=r"port fake: the board wants sample 0, \d+ comes next; it was reset"):
        listen(board, bundle, 50)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate_hz": 100.0}, "rate in Hz is 100.0, .* was exported for 20.0"),
        ({"sensor": "lsm6ds3"}, "sensor is lsm6ds3, .* was exported for bmi270"),
        ({"channels": CHANNELS[::-1]}, "channels is .* was exported for"),
    ],
)
def test_a_recording_of_something_else(bundle, changes, message):
    check_record(record(), bundle, "walk.csv")
    with pytest.raises(InputError, match=f"walk.csv: {message}.*export the model again"):
        check_record(record(**changes), bundle, "walk.csv")


EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
ACCELEROMETER = PartCalibration(
    "accelerometer", (0.1, -0.2, 0.3), ((1.0, 0.01, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.99))
)
GYROSCOPE = PartCalibration("gyroscope", (0.0,) * 3, EYE)
SENSORS = (ACCELEROMETER, GYROSCOPE)


def unit(path, sensors=SENSORS, sensor="bmi270"):
    measured = (1.0,) * 3, (0.0,) * 3, 0.1, True, 0.5
    write_artifact(path, UnitCalibration(sensor, sensors, *measured, capture_sha256="0" * 64))
    return path


def test_a_units_calibration_on_the_wire(make_board, bundle, tmp_path):
    """Hash, then per sensor bias and alignment by rows, in float32."""
    board = make_board()
    read_calibration(unit(tmp_path / "unit.json"), bundle).send(Link(board, board.now))
    values = struct.pack("<24f", 0.1, -0.2, 0.3, 1, 0.01, 0, 0, 1, 0, 0, 0, 0.99, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert board.calibration == hashlib.sha256(values).digest()[:8] + values


def test_the_nominal_calibration_has_hash_zero(make_board, bundle):
    board = make_board()
    nominal(bundle).send(Link(board, board.now))
    eye = (0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert board.calibration == bytes(8) + struct.pack("<24f", *eye, *eye)


@pytest.mark.parametrize(
    ("sensors", "message"),
    [
        (SENSORS[:1], r"calibrates accelerometer \(3 axes\), .* for accelerometer \(3 axes\), gyroscope \(3 axes\)"),
        (SENSORS[::-1], r"calibrates gyroscope \(3 axes\), accelerometer"),
        (
            (ACCELEROMETER, PartCalibration("gyroscope", (0.0,), ((1.0,),))),
            r"calibrates .*gyroscope \(1 axes\), .* for",
        ),
        ((replace(ACCELEROMETER, bias=(0.0, 0.0, 1e39)), GYROSCOPE), "too large for single precision; calibrate"),
    ],
)
def test_a_calibration_that_does_not_fit(bundle, tmp_path, sensors, message):
    with pytest.raises(InputError, match=f"unit.json: .*{message}"):
        read_calibration(unit(tmp_path / "unit.json", sensors), bundle)


def test_a_calibration_of_another_sensor(bundle, tmp_path):
    path = unit(tmp_path / "unit.json", sensor="lsm6ds3")
    with pytest.raises(InputError, match="unit.json: is of sensor lsm6ds3, .* was exported for bmi270; calibrate"):
        read_calibration(path, bundle)
