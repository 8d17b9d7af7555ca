"""Capturing: what the link loses is counted, parts are appended, nothing is overwritten."""

import struct
from contextlib import contextmanager

import numpy as np
import pytest

from firmware_host import capture as command
from firmware_host.board import Board
from firmware_host.link import Link
from firmware_host.protocol import decode
from scl.artifacts import InputError
from scl.artifacts.capture import read_capture

SENSOR = np.random.default_rng(3).integers(-3000, 3000, (100, 6), np.int16)


def blocks(samples, size=7):
    """The sensor's samples in blocks of 7, as CAPTURE payloads."""
    starts = range(0, samples, size)
    return [
        struct.pack("<II", start, 0) + SENSOR[start : min(start + size, samples)].astype("<i2").tobytes()
        for start in starts
    ]


@pytest.fixture
def run(monkeypatch, make_board, fake_bundle, tmp_path):
    """run(board options, arguments): the command on a fake board at 20 Hz, writing to walk.csv."""

    def run(*arguments, **options):
        board = make_board(**options)

        @contextmanager
        def open_board(*_arguments, **_options):
            yield Board(Link(board, board.now), board.hello, emulated=False, baud=None)

        monkeypatch.setattr(command, "open_board", open_board)
        path = tmp_path / "walk.csv"
        assert command.main([str(fake_bundle), "--out", str(path), *arguments]) == 0
        return read_capture(path)

    return run


def test_samples_arrive_in_order(run):
    got = run("--seconds", "2.5", sensor=blocks)
    assert (got.counts == SENSOR[:50]).all() and got.dropped == 0
    assert (got.sensor, got.rate_hz, got.channels[0], got.position) == ("bmi270", 20.0, "ax", ())


def test_a_block_the_link_lost_is_counted(run):
    got = run("--seconds", "2.5", sensor=blocks, to_host=lambda n, frame: [] if n == 2 else [frame])
    assert got.dropped == 7
    assert (got.counts == np.concatenate([SENSOR[:14], SENSOR[21:50]])).all()


def test_positions_are_appended(run):
    run("--seconds", "1", "--position", "+x", sensor=blocks)
    got = run("--seconds", "0.5", "--position=-x", "--append", sensor=blocks)
    assert got.position == ("+x",) * 20 + ("-x",) * 10
    assert (got.counts == np.concatenate([SENSOR[:20], SENSOR[:10]])).all()


def test_a_file_is_not_overwritten(run):
    first = run("--seconds", "1", sensor=blocks)
    with pytest.raises(InputError, match="walk.csv: exists already; add to it with --append, or name another file"):
        run("--seconds", "2", sensor=blocks)
    assert (run("--seconds", "1", "--append", sensor=blocks).counts[:20] == first.counts).all()


def test_a_board_without_a_sensor(run, tmp_path):
    with pytest.raises(InputError, match="the board cannot capture: ERROR UNKNOWN_TYPE .*one that has a sensor"):
        run("--seconds", "1")
    assert not (tmp_path / "walk.csv").exists()


def test_a_sensor_that_stops(run, tmp_path):
    """What came is not written, and the board is told to stop."""
    sent = []

    def note(_number, data):
        sent.append(decode(data[:-1]))
        return [data]

    with pytest.raises(InputError, match="port fake: no sample for 5 s, 15 of 20 came"):
        run("--seconds", "1", sensor=lambda samples: blocks(15), to_board=note)
    assert not (tmp_path / "walk.csv").exists()
    assert [frame.payload for frame in sent] == [struct.pack("<I", 20), struct.pack("<I", 0)]


def test_no_time_at_all(run):
    with pytest.raises(InputError, match="--seconds 0.01: not one sample at 20 Hz"):
        run("--seconds", "0.01", sensor=blocks)


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("/dev/ttyACM0", "only --port native plays a file"),
        ("native", "nothing.raw: no such file; --play takes int16 counts"),
    ],
)
def test_a_file_to_play(fake_bundle, tmp_path, port, message):
    arguments = [str(fake_bundle), "--out", str(tmp_path / "a.csv"), "--seconds", "1", "--port", port]
    with pytest.raises(InputError, match=message):
        command.main([*arguments, "--play", str(tmp_path / "nothing.raw")])
