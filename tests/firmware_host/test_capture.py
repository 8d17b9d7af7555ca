"""Capturing: what came is kept and what is missing counted, whatever line and board do; nothing is overwritten."""

import struct
from contextlib import contextmanager

import numpy as np
import pytest

from firmware_host import capture as command
from firmware_host.board import Board
from firmware_host.link import BoardResetError, Link
from firmware_host.messages import BoardError, ErrorCode
from firmware_host.protocol import ANSWER, Frame, Type, decode
from scl.artifacts import InputError
from scl.artifacts.capture import Capture, read_capture, write_capture
from tests.firmware_host.fake_board import FakeBoard
from tests.scl.test_text import acting

SENSOR = np.random.default_rng(3).integers(-3000, 3000, (100, 6), np.int16)


def blocks(samples, size=7):
    """The sensor's samples in blocks of 7, as CAPTURE payloads."""
    starts = range(0, samples, size)
    return [
        struct.pack("<II", start, 0) + SENSOR[start : min(start + size, samples)].astype("<i2").tobytes()
        for start in starts
    ]


class Sensor:
    """Of a FakeBoard: gives samples until `upto`; `line` is what becomes of its blocks. It answers a stop, too."""

    def __init__(self, upto=100, line=lambda sent: sent):
        self.upto, self.line, self.requests, self.end = upto, line, [], 0

    def __call__(self, samples):
        self.requests.append(samples)
        if samples == 0:
            return [struct.pack("<II", self.end, 0)]
        self.end = min(samples, self.upto)
        return self.line(blocks(self.end))


@pytest.fixture
def run(monkeypatch, make_board, fake_bundle, tmp_path):
    """run(arguments, board options): the command on a fake board at 20 Hz, writing to walk.csv.

    The board is `run.board` afterwards.
    """

    def run(*arguments, board=None, **options):
        run.board = board or make_board(**options)

        @contextmanager
        def open_board(*_arguments, **_options):
            link = Link(run.board, run.board.now)
            yield Board(link, link.greet(), emulated=False, baud=None)

        monkeypatch.setattr(command, "open_board", open_board)
        path = tmp_path / "walk.csv"
        assert command.main([str(fake_bundle), "--out", str(path), *arguments]) == 0
        return read_capture(path)

    return run


@pytest.fixture
def kept(run, tmp_path, capsys):
    """kept(arguments, ...): of a command that fails, its error, what it kept, what it printed, and how long it took."""

    def kept(*arguments, cause=InputError, **options):
        with pytest.raises(cause) as error:
            run(*arguments, **options)
        path = tmp_path / "walk.csv"
        got = read_capture(path) if path.exists() else None
        return str(error.value), got, capsys.readouterr().out, run.board.clock

    return kept


def test_samples_arrive_in_order(run):
    got = run("--seconds", "2.5", sensor=blocks)
    assert (got.counts == SENSOR[:50]).all() and got.dropped == 0
    assert (got.sensor, got.rate_hz, got.channels[0], got.position) == ("bmi270", 20.0, "ax", ())


def test_a_block_the_link_lost_is_counted(run):
    got = run("--seconds", "2.5", sensor=blocks, to_host=lambda n, frame: [] if n == 3 else [frame])
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


def test_no_time_at_all(run):
    with pytest.raises(InputError, match="--seconds 0.01: not one sample at 20 Hz"):
        run("--seconds", "0.01", sensor=blocks)


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("/dev/ttyACM0", "only --port native and --port emulator play a file"),
        ("native", "nothing.raw: no such file; give int16 counts"),
    ],
)
def test_a_file_to_play(fake_bundle, tmp_path, port, message):
    arguments = [str(fake_bundle), "--out", str(tmp_path / "a.csv"), "--seconds", "1", "--port", port]
    with pytest.raises(InputError, match=message):
        command.main([*arguments, "--play", str(tmp_path / "nothing.raw")])


@pytest.mark.parametrize("size", [0, 1, 3, 12 * 20 + 2])
def test_a_file_to_play_holds_whole_samples(fake_bundle, tmp_path, size):
    """Else the board would wait for a rest that never comes, and the line would be blamed."""
    (tmp_path / "odd.raw").write_bytes(bytes(size))
    arguments = [str(fake_bundle), "--out", str(tmp_path / "a.csv"), "--seconds", "1", "--port", "native"]
    with pytest.raises(
        InputError, match=f"odd.raw: has {size} bytes, expected whole samples of .* bytes, one at least"
    ):
        command.main([*arguments, "--play", str(tmp_path / "odd.raw")])


COUNT = len(blocks(50))
EXPECTED = [SENSOR[start : start + 7] for start in range(0, 49, 7)] + [SENSOR[49:50]]


def without(index):
    return np.concatenate([block for number, block in enumerate(EXPECTED) if number != index])


@pytest.mark.parametrize("index", range(COUNT))
def test_any_block_may_be_lost(run, capsys, index):
    """The last one, too: the board is asked how far it was. What is lost is said first."""
    sensor = Sensor(line=lambda sent: sent[:index] + sent[index + 1 :])
    got = run("--seconds", "2.5", sensor=sensor)
    assert (got.counts == without(index)).all() and got.dropped == len(EXPECTED[index])
    assert capsys.readouterr().out.startswith(f"{got.dropped} of 50 samples are lost: ")
    assert sensor.requests == ([50, 0] if index == COUNT - 1 else [50])


@pytest.mark.parametrize("index", range(COUNT))
def test_any_block_may_come_twice(run, capsys, index):
    for again in range(index + 1, COUNT + 1):
        run.board = None
        got = run("--seconds", "2.5", *["--append"] * (again > index + 1), sensor=Sensor(
            line=lambda sent, again=again: sent[:again] + [sent[index]] + sent[again:]
        ))  # fmt: skip
        assert (got.counts[-50:] == SENSOR[:50]).all() and got.dropped == 0
        assert "lost" not in capsys.readouterr().out


@pytest.mark.parametrize("index", range(COUNT))
def test_any_block_may_come_late(run, index):
    """It is behind by then, and so it is lost; but the last one cannot be late."""
    late = Sensor(line=lambda sent: sent[:index] + sent[index + 1 :] + [sent[index]])
    got = run("--seconds", "2.5", sensor=late)
    assert (got.counts == (SENSOR[:50] if index == COUNT - 1 else without(index))).all()
    assert got.dropped == 50 - len(got.counts)


FAULTS = {
    "lost": lambda sent, index: sent[:index] + sent[index + 1 :],
    "twice": lambda sent, index: sent[: index + 1] + sent[index:],
    "late": lambda sent, index: (
        sent[:index] + sent[index + 1 : index + 2] + sent[index : index + 1] + sent[index + 2 :]
    ),
    "at the end": lambda sent, index: sent[:index] + sent[index + 1 :] + sent[index : index + 1],
}


@pytest.mark.faults
@pytest.mark.parametrize("second", FAULTS)
@pytest.mark.parametrize("first", FAULTS)
def test_every_pair_of_faults(run, first, second, tmp_path):
    """Each fault at each block, and each behind each other: samples once and in order, and the others are lost."""
    for one, other in np.ndindex(COUNT, COUNT):
        line = FAULTS[second](FAULTS[first](list(range(COUNT)), one), other)
        expected = [number for at, number in enumerate(line) if number > max(line[:at], default=-1)]
        (tmp_path / "walk.csv").unlink(missing_ok=True)
        got = run("--seconds", "2.5", sensor=Sensor(line=lambda sent, line=line: [sent[number] for number in line]))
        assert (got.counts == np.concatenate([EXPECTED[number] for number in expected])).all(), (one, other)
        assert got.dropped == 50 - len(got.counts), (one, other)


def test_blocks_in_reverse(run):
    got = run("--seconds", "2.5", sensor=Sensor(line=lambda sent: sent[::-1]))
    assert (got.counts == SENSOR[49:50]).all() and got.dropped == 49


def test_the_first_request_is_lost(run):
    sensor = Sensor()
    frames = iter(range(1000))

    def drop(_number, data):
        frame = decode(data[:-1])
        return [] if frame and frame.type == Type.CAPTURE and next(frames) < 2 else [data]

    got = run("--seconds", "2.5", sensor=sensor, to_board=drop)
    assert (got.counts == SENSOR[:50]).all() and sensor.requests == [50]


def test_a_sensor_that_stops(kept):
    """What came is kept, and the board is told to stop."""
    sensor = Sensor(upto=15)
    message, got, printed, clock = kept("--seconds", "1", sensor=sensor)
    assert message.startswith("port fake: no sample for 5.8 s, after 15 of 20 samples; the sensor is silent")
    assert (got.counts == SENSOR[:15]).all() and got.dropped == 0
    assert printed.startswith("ended after 15 of 20 samples: ") and sensor.requests == [20, 0] and clock < 10


def test_the_stop_brings_what_was_held(kept):
    """A sensor slower than its rate: the board holds a block that is not full yet."""
    held = struct.pack("<II", 14, 0) + SENSOR[14:17].astype("<i2").tobytes()
    sensor = Sensor()
    message, got, printed, _clock = kept(
        "--seconds", "1", sensor=lambda samples: (sensor(samples) and blocks(14)) if samples else [held]
    )
    assert (got.counts == SENSOR[:17]).all() and "after 17 of 20 samples" in message
    assert printed.startswith("ended after 17 of 20 samples: ")


@pytest.mark.parametrize("lost", [1, 4])
def test_the_answer_to_the_stop_is_lost(run, lost):
    sensor = Sensor(line=lambda sent: sent[:-1])
    frames = iter(range(1000))

    def drop(number, data):
        return [] if number > COUNT - 1 and next(frames) < lost else [data]

    got = run("--seconds", "2.5", sensor=sensor, to_host=drop)
    assert (got.counts == SENSOR[:49]).all() and got.dropped == 1
    assert sensor.requests == [50] + [0] * (lost + 1)


def test_a_sensor_that_never_begins(kept):
    sensor = Sensor(upto=0)
    message, got, printed, clock = kept("--seconds", "1", sensor=sensor)
    assert message.startswith("port fake: no sample for 5.8 s, after 0 of 20 samples")
    assert got is None and printed == "" and sensor.requests == [20, 20, 20, 0] and clock < 20


def test_all_blocks_are_lost(kept):
    sensor = Sensor(line=lambda sent: [])
    message, got, _printed, clock = kept("--seconds", "1", sensor=sensor)
    assert message.startswith("port fake: not one of 20 samples came; check the cable")
    assert got is None and sensor.requests == [20, 20, 20, 0] and clock < 20


LIES = {
    "end 4e9": (struct.pack("<II", 4_000_000_000, 0) + bytes(12), "of samples 4000000000 to 4000000001; 50 were"),
    "end 4e9, all dropped": (struct.pack("<II", 4_000_000_000, 3_999_999_986) + bytes(12), "to 4000000001; 50 were"),
    "longer than asked": (struct.pack("<II", 14, 0) + bytes(12 * 40), "of samples 14 to 54; 50 were asked for"),
    "overlapping": (struct.pack("<II", 12, 0) + bytes(12 * 7), "of samples 12 to 19, of which sample 14 is the next"),
    "dropped more than passed": (struct.pack("<II", 14, 15) + bytes(12), "counts 15 of 14 samples as dropped"),
    "dropped 4e9": (struct.pack("<II", 14, 4_000_000_000) + bytes(12), "counts 4000000000 of 14 samples as dropped"),
    "half a sample": (struct.pack("<II", 14, 0) + bytes(13), "of 21 bytes for 6 channels"),
    "no header": (b"\x00", "of 1 bytes for 6 channels"),
    "nothing": (b"", "of 0 bytes for 6 channels"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_ends_the_capture(kept, lie):
    """It is named with its port, what came before is kept, and the board is told to stop."""
    payload, found = LIES[lie]
    sensor = Sensor(line=lambda sent: [*sent[:2], payload, *sent[2:]])
    message, got, printed, clock = kept("--seconds", "2.5", sensor=sensor)
    assert message.startswith("port fake: the board sent a CAPTURE block ") and found in message
    assert message.endswith("; flash firmware built from this checkout")
    assert (got.counts == SENSOR[:14]).all() and got.dropped == 0
    assert printed.startswith("ended after 14 of 50 samples: ")
    assert sensor.requests == [50, 0] and clock < 10


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_in_answer_to_the_stop(kept, lie):
    payload, found = LIES[lie]
    message, got, _printed, _clock = kept("--seconds", "2.5", sensor=lambda n: blocks(14) if n else [payload])
    assert message.startswith("port fake: the board sent a CAPTURE block ") and found in message
    assert (got.counts == SENSOR[:14]).all()


class Flood(FakeBoard):
    """A board that sends a block again and again, every `period_s` one: `block(number)` gives its payload."""

    def flood(self, block, period_s):
        self.block, self.period_s, self.number, self.seq = block, period_s, 0, None
        return self

    def respond(self, frame):
        if frame.type == Type.CAPTURE:
            self.seq = frame.seq
            return []
        return super().respond(frame)

    def read(self, timeout_s):
        data = super().read(0.0)
        if data or self.seq is None:
            return data
        self.clock += self.period_s
        self.number += 1
        assert self.number < 100_000, "the capture does not end"
        self.send(Frame(Type.CAPTURE | ANSWER, self.seq, self.block(self.number)))
        return super().read(timeout_s)


FLOODS = {
    "the same block": (lambda n: blocks(7)[0], 0.01, "blocks came twice or late", 7),
    "backwards": (lambda n: blocks(50)[max(0, 3 - n)], 0.01, "blocks came twice or late", 7),
    "no sample in it": (lambda n: struct.pack("<II", 0, 0), 0.01, "no sample for 5.8 s, after 0 of 50", 0),
    "a sample in 4 s": (lambda n: blocks(50, 1)[min(n, 49)], 4.0, "too slow, after 4 of 50 samples in 10.8 s", 4),
    "not one of ours": (lambda n: b"?", 0.01, "of 1 bytes for 6 channels", 0),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_board_that_never_ends(kept, make_board, kind):
    """It is given up in bounded time, though something comes all the time."""
    block, period_s, cause, samples = FLOODS[kind]
    board = Flood(make_board().hello).flood(block, period_s)
    message, got, _printed, clock = kept("--seconds", "2.5", board=board)
    assert message.startswith("port fake: ") and cause in message
    assert (0 if got is None else len(got.counts)) == samples and clock < 60


@pytest.mark.parametrize("frame", range(1, COUNT))
@pytest.mark.parametrize("error", [InputError("port fake: gone; check the cable"), KeyboardInterrupt()], ids=repr)
def test_what_came_before_the_end_is_kept(kept, make_board, frame, error):
    """The port breaks for good, or Ctrl-C is pressed, which the board is told, behind any block."""
    board = make_board(sensor=Sensor(upto=7 * frame))
    read, delivered, raised = board.read, [], []

    def fail(timeout_s):
        if len(delivered) == 1 + frame and not (raised and isinstance(error, KeyboardInterrupt)):
            raised.append(error)
            raise error
        data = read(timeout_s)
        delivered.extend([data] * (bool(data) and len(delivered) <= frame))  # the answer to the greeting is the first
        return data

    board.read = fail
    message, got, printed, clock = kept("--seconds", "2.5", cause=type(error), board=board)
    assert message == str(error) and clock < 20
    assert printed.startswith(f"ended after {7 * frame} of 50 samples: ")
    assert (got.counts == SENSOR[: 7 * frame]).all()
    assert board.sensor.requests == ([50, 0] if isinstance(error, KeyboardInterrupt) else [50])


def test_a_board_without_a_stop(kept):
    """Old firmware, say: it greets, so it is there, but CAPTURE 0 is not answered."""
    message, got, _printed, clock = kept("--seconds", "1", sensor=lambda n: blocks(14) if n else [])
    assert message.startswith("port fake: the board greets, but does not answer CAPTURE, after 14 of 20 samples; reset")
    assert len(got.counts) == 14 and clock < 20


def test_a_board_that_is_gone(kept):
    message, got, printed, clock = kept(
        "--seconds", "1", sensor=Sensor(), to_host=lambda n, frame: [frame] if n < 3 else []
    )
    assert "port fake: the board stopped answering" in message and "check the cable" in message
    assert len(got.counts) == 14 and printed.startswith("ended after 14 of 20 samples") and clock < 60


class Refusing(FakeBoard):
    """Was reset after it sent its blocks."""

    def respond(self, frame):
        if frame.type == Type.CAPTURE and frame.payload == bytes(4):
            return [(Type.ERROR, BoardError(ErrorCode.NO_SESSION, 0, 0).pack())]
        return super().respond(frame)


def test_a_refusal_to_stop(kept, make_board):
    board = Refusing(make_board().hello, sensor=Sensor(line=lambda sent: sent[:2]))
    message, got, _printed, clock = kept("--seconds", "2.5", cause=BoardResetError, board=board)
    assert "the board was reset (its session is gone) after 14 of 50 samples" in message
    assert (got.counts == SENSOR[:14]).all() and clock < 10


def test_what_does_not_fit_together_is_refused_before(kept, tmp_path):
    """A capture is not recorded that could not be added to the file then."""
    write_capture(tmp_path / "walk.csv", Capture("bmi270", 20.0, ("ax",), np.zeros((3, 1), np.int16)))
    sensor = Sensor()
    message, *_ = kept("--seconds", "1", "--append", sensor=sensor)
    assert "walk.csv: holds bmi270 at 20 Hz with columns ax; the new part is" in message and sensor.requests == []


@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        (["--seconds", "1000000"], 4_194_304),
        (["--seconds", "1000000", "--label", "x" * 255], (2**30 - 2000) // (42 + 510 + 6)),
    ],
)
def test_more_than_there_is_room_for(kept, arguments, most):
    sensor = Sensor()
    message, *_ = kept(*arguments, sensor=sensor)
    assert message.startswith("--seconds 1e+06: 20000000 samples at 20 Hz, ") and f"has room for {most} (" in message
    assert sensor.requests == []


def test_a_row_is_no_longer_than_was_reckoned(tmp_path):
    """The room that a sample takes in a file is an upper bound: the longest counts, position and label."""
    path, label = tmp_path / "a.csv", '"' * 255
    sizes = []
    for rows in (1, 11):
        counts = np.full((rows, 6), -32768, np.int16)
        write_capture(path, Capture("bmi270", 20.0, tuple("abcdef"), counts, ("+x",) * rows, (label,) * rows))
        sizes.append(path.stat().st_size)
    row = (sizes[1] - sizes[0]) / 10
    assert row <= 6 * command.LONGEST_COUNT + 2 * len(label) + command.LONGEST_REST
    assert sizes[0] - row < command.HEADER_BYTES


@pytest.mark.parametrize("label", ["a\nb", "\x1b[2J", "\u202e", ""])
def test_a_label_is_one_line_of_text(run, label, capsys):
    with pytest.raises(SystemExit):
        run("--seconds", "1", f"--label={label}", sensor=blocks)
    assert "--label: " in (message := capsys.readouterr().err) and not acting(message.replace("\n", ""))


def test_who_is_recorded_stands_in_the_file(run):
    assert run("--seconds", "1", "--subject", " p01 ", sensor=Sensor()).subject == "p01"
    with pytest.raises(InputError, match="walk.csv: holds subject p01, the new part none; capture into another file"):
        run("--seconds", "1", "--append", sensor=Sensor())
