"""A board that is reset at any request of any command: validate goes on and counts it, the others end and name it."""

import json
import re
from contextlib import contextmanager

import numpy as np
import pytest

from firmware_host import capture, live, probe, stream, validate
from firmware_host.board import Board
from firmware_host.calibration_file import NOMINAL_HASH
from firmware_host.flight import RESETS_IN_A_ROW
from firmware_host.link import BoardResetError, Link
from firmware_host.model import check_board
from firmware_host.protocol import Type, decode
from scl.artifacts import InputError, write_artifact
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.calibration import PartCalibration, UnitCalibration
from scl.artifacts.capture import Capture, read_capture, write_capture
from tests.firmware_host.test_capture import blocks
from tests.firmware_host.test_own_sensor import OwnSensor

CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")
OTHER_MODEL = "ef" * 32
GONE = r"port fake: the board was reset \(its session is gone\)"


def nth(kind, number):
    """True once: before the frame of this type that is the `number`-th, from 0."""
    seen = []

    def reset(frame):
        seen.append(frame.type)
        return frame.type == kind and seen.count(kind) == number + 1

    return reset


class Run:
    """Each command on a fake board that is reset somewhere."""

    def __init__(self, monkeypatch, make_board, bundle, folder):
        self.monkeypatch, self.make_board, self.bundle, self.folder = monkeypatch, make_board, bundle, folder
        self.out = folder / "out"

    def __call__(self, module, *arguments, **options):
        self.board = board = self.make_board(sensor=blocks, live=OwnSensor(), **options)

        @contextmanager
        def open_fake(bundle, *_options, **_named):
            link = Link(board, board.now)
            hello = link.greet()
            check_board(hello, bundle, link.name)
            yield Board(link, hello, emulated=False, baud=None)

        self.monkeypatch.setattr(module, "open_board", open_fake)
        return module.main([str(self.bundle), "--port", "fake", *arguments])

    def validate(self, **options):
        status = self(validate, "--out", str(self.out), **options)
        return status, json.loads((self.out / "validation.json").read_text()), (self.out / "windows.csv").read_text()

    def stream(self, *arguments, **options):
        record, counts = self.folder / "walk.csv", np.random.default_rng(2).integers(-9, 9, (403, 6), np.int16)
        write_capture(record, Capture("bmi270", 20.0, CHANNELS, counts))
        return self(stream, "--record", str(record), "--speed", "max", *arguments, **options)

    def probe(self, **options):
        return self(probe, "--out", str(self.out), **options)

    def capture(self, **options):
        return self(capture, "--out", str(self.out), "--seconds", "2", **options)

    def live(self, **options):
        return self(live, "--seconds", "15", **options)


@pytest.fixture
def run(monkeypatch, make_board, fake_bundle, tmp_path):
    return Run(monkeypatch, make_board, fake_bundle, tmp_path)


@pytest.fixture
def unit(tmp_path):
    """A unit's calibration file."""
    eye = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    parts = (
        PartCalibration("accelerometer", (0.5, 0.0, 0.0), eye),
        PartCalibration("gyroscope", (0.0, 0.0, 0.0), eye),
    )
    path = tmp_path / "unit.json"
    write_artifact(path, UnitCalibration("bmi270", parts, None, "0" * 64))
    return path


def without_times(table):
    """windows.csv without attempts and latency."""
    return [row.rsplit(",", 2)[0] for row in table.splitlines()]


VALIDATE_STEPS = [
    *((Type.CALIBRATION, 0), (Type.BENCH, 0), (Type.BENCH, 2), (Type.HELLO, 1)),
    *((Type.STATS, number) for number in (0, 1)),
    *((Type.WINDOW, number) for number in (0, 1, 2, 3, 55, 106, 107)),
]


@pytest.mark.parametrize(("kind", "number"), VALIDATE_STEPS)
def test_validation_goes_on_behind_a_reset(run, capsys, kind, number):
    """Its figures are those of a board that was not reset; counters of before and after are not subtracted."""
    options = {"calibration_hash": b"unit0001"} if kind == Type.CALIBRATION else {}
    expected, capsys_out = run.validate(), capsys.readouterr().out
    assert "resets of the board" not in capsys_out and expected[1]["resets"] == 0
    status, found, table = run.validate(reset_before=nth(kind, number), **options)
    printed = capsys.readouterr()
    assert status == 0 and found["resets"] == 1 and found["lost"] == 0 and found["verdict"] == "exact"
    unequal = {key for key in found if found[key] != expected[1][key]}
    assert unequal <= {"resets", "retried", "duplicated", "link", "latency", "breakdown", "provenance"}
    assert found["breakdown"] | {"latency": []} == expected[1]["breakdown"] | {"latency": []}
    assert without_times(table) == without_times(expected[2])
    counters = found["link"]["board"]
    assert counters is None or counters == expected[1]["link"]["board"]  # the same if it came before they were read
    assert "fake: the board was reset; it is greeted again" in printed.err
    assert re.search(r"resets of the board +│ +1 │", printed.out)
    assert "Resets of the board, each followed by a greeting</th><td>1<" in (run.out / "validation.html").read_text()


def test_counters_across_a_reset_are_not_known(run):
    _status, found, _table = run.validate(reset_before=nth(Type.WINDOW, 40))
    assert found["link"]["board"] is None
    assert "not known" in (run.out / "validation.html").read_text()


def test_windows_in_flight_at_a_reset_are_sent_again(run):
    status, found, table = run.validate(reset_before=nth(Type.WINDOW, 7))
    attempts = [int(row.rsplit(",", 2)[1]) for row in table.splitlines()[1:]]
    assert status == 0 and max(attempts) == 2 and sum(attempts) == 36 + found["retried"] and found["retried"] >= 1


def test_many_resets_are_counted(run):
    """Before every 30th chunk."""
    count = []

    def now_and_then(frame):
        count.append(frame.type == Type.WINDOW)
        return count[-1] and sum(count) % 30 == 0

    status, found, _table = run.validate(reset_before=now_and_then)
    assert status == 0 and found["resets"] == sum(count) // 30 >= 3 and found["lost"] == 0


def test_a_window_that_resets_the_board_each_time(run):
    """Window 5's last chunk."""
    windows = []

    def reset(frame):
        """Before the last chunk of the sixth window, whatever its number is in the session."""
        end = int.from_bytes(frame.payload[2:4], "little") + (len(frame.payload) - 4) // 12
        windows.extend([frame.payload] if frame.type == Type.WINDOW and end == 200 else [])
        return bool(windows) and len(windows) > 5 and frame.payload is windows[-1]

    status, found, _table = run.validate(reset_before=reset)
    assert (status, found["verdict"], found["lost"]) == (2, "incomplete", 31)
    assert re.search(f"{GONE} after 5 of 36 windows, {RESETS_IN_A_ROW} times in a row", found["stopped"])


def test_a_board_that_boots_for_some_seconds(run):
    """What is sent meanwhile is gone, so that the host only sees silence."""
    off = []

    def reset(frame):
        if nth_window(frame):
            off.append(run.board.clock)
            return True
        return False

    def boot(_number, data):
        return [] if off and run.board.clock < off[0] + 4 else [data]

    nth_window = nth(Type.WINDOW, 20)
    status, found, _table = run.validate(reset_before=reset, to_board=boot)
    assert (status, found["resets"], found["lost"]) == (0, 1, 0)


def test_a_board_that_comes_back_with_another_model_before_the_first_window(run):
    with pytest.raises(InputError, match=rf"port fake: the board holds model {OTHER_MODEL} now, {'ab' * 32} when"):
        run.validate(reset_before=nth(Type.STATS, 0), comes_back={"model_hash": OTHER_MODEL})
    assert not run.out.exists()


@pytest.mark.parametrize(("kind", "number"), [(Type.WINDOW, 30), (Type.BENCH, 1), (Type.HELLO, 1)])
def test_a_board_that_comes_back_with_another_model(run, capsys, kind, number):
    """What the model before answered is true and reported; nothing is asked of the new one."""
    status, found, _table = run.validate(reset_before=nth(kind, number), comes_back={"model_hash": OTHER_MODEL})
    assert (status, found["verdict"], found["passed"]) == (2, "incomplete", False)
    assert f"the board holds model {OTHER_MODEL} now, {'ab' * 32} when it was greeted" in found["stopped"]
    assert found["parity"]["max_lsb"] == 0 and found["lost"] == (29 if kind == Type.WINDOW else 0)
    assert capsys.readouterr().out.startswith("incomplete: ")


def test_a_board_that_comes_back_with_a_units_calibration(run):
    """As one that keeps it in flash: validation puts the nominal sensor back."""
    status, _found, _table = run.validate(
        reset_before=nth(Type.WINDOW, 30), comes_back={"calibration_hash": b"unit0001"}
    )
    assert status == 0 and run.board.calibration[:8] == NOMINAL_HASH


@pytest.mark.parametrize(
    ("kind", "number", "when"),
    [
        (Type.CALIBRATION, 0, "before it answered CALIBRATION"),
        (Type.STREAM, 0, "after 0 of 403 samples"),
        (Type.SAMPLES, 0, "after 0 of 403 samples"),
        (Type.SAMPLES, 50, "after 250 of 403 samples"),
        (Type.SAMPLES, 80, "after 400 of 403 samples"),
        (Type.HELLO, 1, "after 403 of 403 samples"),
    ],
)
def test_a_stream_ends_at_a_reset(run, unit, capsys, kind, number, when):
    with pytest.raises(BoardResetError, match=f"{GONE} {when}; check its power supply"):
        run.stream("--calibration", str(unit), reset_before=nth(kind, number))
    assert "right" not in capsys.readouterr().out
    assert run.stream("--calibration", str(unit)) == 0 and run.board.hello.calibration_hash != NOMINAL_HASH


def test_a_stream_whose_calibration_was_changed(run, unit):
    """By another program, without a reset."""

    def change(frame):
        if frame.type == Type.HELLO and run.board.stream:
            run.board.hello = run.make_board(calibration_hash=b"unit0002").hello
        return False

    with pytest.raises(InputError, match=r"has calibration 756e697430303032, \w{16} was expected, after 403 of 403"):
        run.stream("--calibration", str(unit), reset_before=change)


@pytest.mark.parametrize(
    ("kind", "number", "when"),
    [
        (Type.WINDOW, 0, "after 0 of 1 windows"),
        (Type.WINDOW, 2, "after 0 of 1 windows"),
        (Type.PROBE, 0, "after 0 of 1 operators"),
        (Type.PROBE, 4, "after 1 of 4 operators"),
        (Type.PROBE, 11, "after 3 of 4 operators"),
        (Type.HELLO, 1, "after 4 of 4 operators"),
    ],
)
def test_a_probe_ends_at_a_reset(run, kind, number, when):
    with pytest.raises(BoardResetError, match=f"{GONE} {when};"):
        run.probe(reset_before=nth(kind, number))
    assert not run.out.exists()
    assert run.probe() == 0 and run.out.exists()


@pytest.mark.parametrize("kind", [Type.BENCH, Type.PROBE])
def test_nothing_runs_on_a_window_of_zeros(run, make_board, kind):
    link = Link(board := make_board(), board.now)
    link.greet()
    with pytest.raises(InputError, match=f"port fake: the board refused {kind.name}: ERROR NO_WINDOW"):
        link.request(kind)


@pytest.mark.parametrize(
    ("kind", "when"), [(Type.CAPTURE, "after 0 of 40 samples"), (Type.HELLO, "after 40 of 40 samples")]
)
def test_a_capture_ends_at_a_reset(run, kind, when):
    """What came before is of the session before, and stays."""
    with pytest.raises(BoardResetError, match=f"{GONE} {when};"):
        run.capture(reset_before=nth(kind, int(kind == Type.HELLO)))
    assert run.out.exists() == (kind == Type.HELLO) and (
        kind == Type.CAPTURE or len(read_capture(run.out).counts) == 40
    )
    run.out.unlink(missing_ok=True)
    assert run.capture() == 0


@pytest.mark.parametrize(("kind", "when"), [(Type.LIVE, "after 0 hops"), (Type.HELLO, "after 3 hops")])
def test_live_ends_at_a_reset(run, kind, when):
    with pytest.raises(BoardResetError, match=f"{GONE} {when};"):
        run.live(reset_before=nth(kind, int(kind == Type.HELLO)))
    assert run.live() == 0


def test_a_capture_that_a_reset_silences(run):
    """The board says nothing by itself: the host asks when no block comes."""
    with pytest.raises(BoardResetError, match=f"{GONE} after 14 of 40 samples;"):
        run.capture(to_host=lambda n, frame: [] if 3 <= n < 8 else [frame], reset_before=nth(Type.HELLO, 1))
    assert len(read_capture(run.out).counts) == 14


@pytest.mark.parametrize("command", ["validate", "stream", "probe", "capture", "live"])
def test_another_program_on_the_same_board(run, command):
    """It greets the board while we measure: its session is not ours, whatever it did meanwhile."""

    def intrude(frame):
        if frame.type == Type.HELLO and run.board.session > 1:
            run.board.session = 0x1234
        return False

    with pytest.raises(InputError, match=r"another program began session 00001234 on the board, ours was \w{8}"):
        getattr(run, command)(reset_before=intrude)
    assert not run.out.exists()


@pytest.mark.parametrize("command", ["stream", "probe", "capture", "live"])
def test_the_board_checked_is_the_board_greeted(run, command):
    """Another model at the end, though nothing was noticed before."""

    def swap(frame):
        if frame.type == Type.HELLO and run.board.session > 1:
            run.board.hello = run.make_board(model_hash=OTHER_MODEL).hello
        return False

    with pytest.raises(InputError, match=rf"holds model {OTHER_MODEL} now, {'ab' * 32} when it was greeted"):
        getattr(run, command)(reset_before=swap)
    assert not run.out.exists()


def test_every_window_lost_is_a_report_of_nothing(run, capsys):
    def drop(_number, data):
        run.board.clock += 0.01  # a line takes its time
        frame = decode(data[:-1])
        return [] if frame and frame.type == Type.WINDOW else [data]

    status, found, _table = run.validate(to_board=drop)
    assert (status, found["verdict"], found["lost"], found["accuracy"]) == (2, "incomplete", 36, 0)
    assert found["missed"][0] == "36 of 36 windows were lost, which count as wrong"
    assert found["missed"][1].startswith("the measurement ended early: port fake: nothing moved on for 30 s after 0 of")
    assert capsys.readouterr().out.startswith("incomplete: 36 of 36 windows were lost")


def test_a_board_that_did_not_take_the_session(make_board):
    board = make_board(session=0)
    board.greet = lambda _payload: board.hello
    with pytest.raises(InputError, match=r"session 00000000 in its HELLO answer, \w{8} was named; flash"):
        Link(board, board.now).greet()


def test_a_board_that_comes_back_with_the_older_protocol(run):
    status, found, _table = run.validate(reset_before=nth(Type.WINDOW, 9), comes_back={"protocol": 1})
    assert status == 2 and "the board speaks protocol version 1, this program version 9; flash" in found["stopped"]


def test_no_bundle_is_needed_to_notice(fake_bundle, make_board):
    """The check compares with the greeting, which open_board has compared with the bundle."""
    board = make_board()
    link = Link(board, board.now)
    hello = link.greet()
    check_board(hello, read_run_bundle(fake_bundle), "fake")
    on = Board(link, hello, emulated=False, baud=None)
    on.check(NOMINAL_HASH, "at the end")
    board.hello = make_board(raw_samples=201).hello
    with pytest.raises(InputError, match="the board describes itself as"):
        on.check(NOMINAL_HASH, "at the end")
