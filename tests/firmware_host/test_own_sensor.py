"""LIVE's host: answers once and in order, what is missing is counted, and every ending named, whatever line and board
do.
"""

import struct
from contextlib import contextmanager

import numpy as np
import pytest

from firmware_host import live as command
from firmware_host.board import Board
from firmware_host.link import Link
from firmware_host.message_error import MessageError
from firmware_host.messages import LiveAnswer, LiveProgress
from firmware_host.own_sensor import Block, Live, NoSensorError, SilentSensorError
from firmware_host.own_sensor import live as live_answers
from firmware_host.protocol import Type, decode
from scl.artifacts import InputError
from scl.artifacts.bundle import read_bundle
from tests.bundles import CLASSES, FEATURES, SAMPLES
from tests.documents import document
from tests.firmware_host.test_capture import blocks

HOP, HOPS = 50, 5  # a window of 200 samples at 20 Hz


def answer(number, end, dropped=0, predicted=None, flags=0):
    features = np.arange(FEATURES, dtype=np.int8) + number
    logits = np.arange(CLASSES, dtype=np.int8) - number
    predicted = number % CLASSES if predicted is None else predicted
    return LiveAnswer(number, end, dropped, predicted, flags, predicted, 0, features, logits).pack()


class OwnSensor:
    """Of a FakeBoard: gives `upto` answers; `line` is what becomes of them. It answers the end, too."""

    def __init__(self, upto=50, line=lambda sent: sent, begin=0, told=None):
        self.upto, self.line, self.begin, self.told, self.requests = upto, line, begin, told, []
        self.progress = LiveProgress(0, 0, 0)

    def __call__(self, hop, hops):
        self.requests.append((hop, hops))
        if hops == 0:
            return [(self.told or self.progress).pack()]
        ends = [self.begin + SAMPLES + hop * number for number in range(min(hops, self.upto))]
        self.progress = LiveProgress(len(ends), ends[-1] if ends else self.begin, 0)
        start = LiveProgress(0, self.begin, 0).pack()
        return [start, *self.line([answer(number, end) for number, end in enumerate(ends)])]


@pytest.fixture
def opened(make_board, fake_bundle):
    """opened(own sensor, board options): a Live of 5 hops on a greeted board."""

    def opened(own, hops=HOPS, blocks=False, **options):
        board = make_board(live=own, **options)
        link = Link(board, board.now)
        greeted = Board(link, link.greet(), emulated=False, baud=None)
        opened.board = board
        return Live(greeted, read_bundle(fake_bundle).manifest, HOP, hops, blocks)

    return opened


def numbers(live):
    return [item.number for item in live.run()]


def test_answers_in_order(opened):
    live = opened(sensor := OwnSensor(begin=7))
    assert numbers(live) == [0, 1, 2, 3, 4]
    assert (live.begin, live.number, live.received, live.end, live.dropped) == (7, 5, 5, 7 + 400, 0)
    opened.board.read(0.0)
    assert sensor.requests == [(HOP, HOPS), (0, 0)]


@pytest.mark.parametrize("index", range(HOPS))
def test_any_answer_may_be_lost_doubled_or_late(opened, index):
    """The last one, too: the board is asked how far it was."""
    rest = [number for number in range(HOPS) if number != index]
    lost = opened(OwnSensor(line=lambda sent: sent[:index] + sent[index + 1 :]))
    assert numbers(lost) == rest and (lost.number, lost.received) == (HOPS, HOPS - 1)
    doubled = opened(OwnSensor(line=lambda sent: [*sent[: index + 1], *sent[index:]]))
    assert numbers(doubled) == [*range(HOPS)] and doubled.received == HOPS
    late = opened(OwnSensor(line=lambda sent: [*sent[:index], *sent[index + 1 :], sent[index]]))
    assert numbers(late) == (rest if index < HOPS - 1 else [*range(HOPS)])


@pytest.mark.parametrize("lost", [1, 4])
def test_the_request_or_its_confirmation_is_lost(opened, lost):
    """It is sent again: answers to the one before are not taken for its own."""
    requests = iter(range(1000))

    def drop(_number, data):
        frame = decode(data[:-1])
        return [] if frame and frame.type == Type.LIVE and next(requests) < lost else [data]

    live = opened(sensor := OwnSensor(), to_board=drop)
    assert numbers(live) == [*range(HOPS)] and sensor.requests[0] == (HOP, HOPS)
    live = opened(sensor := OwnSensor(line=lambda sent: sent if len(sensor.requests) > lost else []))
    sensor_starts = iter(range(1000))
    honest, live._hello = sensor.__call__, live._hello
    opened.board.live = lambda hop, hops: honest(hop, hops)[int(bool(hops) and next(sensor_starts) < lost) :]
    assert numbers(live) == [*range(HOPS)] and sensor.requests.count((HOP, HOPS)) == lost + 1


def test_blocks_beside_the_answers(opened):
    """A block that comes again is not handed on; its samples have the numbers of the answers."""
    live = opened(
        OwnSensor(begin=3), blocks=True, sensor=lambda samples: blocks(21) + blocks(7) if samples else [b"\0" * 8]
    )
    items = list(live.run())
    parts = [item for item in items if isinstance(item, Block)]
    assert [item.number for item in items if isinstance(item, LiveAnswer)] == [*range(HOPS)]
    assert [(part.start, len(part.counts)) for part in parts] == [(0, 7), (7, 7), (14, 7)]


def test_a_consumer_that_leaves_ends_it(opened):
    live = opened(sensor := OwnSensor())
    iterator = live.run()
    next(iterator)
    iterator.close()
    while opened.board.read(0.0):
        pass
    assert sensor.requests[-1] == (0, 0)


def test_the_iterator_of_the_library(opened, fake_bundle, make_board):
    board = make_board(live=OwnSensor())
    link = Link(board, board.now)
    greeted = Board(link, link.greet(), emulated=False, baud=None)
    assert [item.end for item in live_answers(greeted, read_bundle(fake_bundle), HOP, 3)] == [200, 250, 300]


def test_a_board_without_a_sensor_or_without_live(opened, make_board):
    live = opened(None)
    with pytest.raises(InputError, match="the board refused LIVE: ERROR UNKNOWN_TYPE .*; flash firmware"):
        numbers(live)
    live = opened(None)
    opened.board.respond = lambda frame: [(Type.ERROR, struct.pack("<BHH", 4, 0, 0))]
    with pytest.raises(NoSensorError, match="has no sensor of its own: ERROR NO_SENSOR .*play a recording"):
        numbers(live)


SILENCES = {
    "a silent sensor": (LiveProgress(2, 260, 0), "the sensor gave 10 samples meanwhile; check its wiring"),
    "a slow board": (LiveProgress(2, 700, 30), "the board lost 30 of 450 samples meanwhile, .* too slow"),
    "a line that loses all": (LiveProgress(4, 350, 0), "the line lost 2 answers; check the cable"),
}


@pytest.mark.parametrize("name", SILENCES)
def test_why_no_answer_comes(opened, name):
    told, cause = SILENCES[name]
    live = opened(OwnSensor(upto=2, told=told))
    with pytest.raises(SilentSensorError, match=f"port fake: no answer for 25 s, after 2 hops: {cause}"):
        numbers(live)
    assert opened.board.clock < 60


def test_a_board_that_never_confirms(opened):
    live = opened(lambda _hop, _hops: [])
    with pytest.raises(InputError, match="the board greets, but does not answer LIVE, after 0 hops; reset it"):
        numbers(live)
    assert opened.board.clock < 30


LIES = {
    "too early": (answer(2, 299), "hop 2 after 299 samples; it was due after 300"),
    "too late": (answer(2, 301), "hop 2 after 301 samples; it was due after 300"),
    "before the one before": (answer(2, 250), "hop 2 of 5 after 250 samples, 0 of them dropped; 2 is the next one"),
    "more dropped than passed": (answer(2, 300, 50), "hop 2 of 5 after 300 samples, 50 of them dropped"),
    "more dropped than there are": (answer(2, 300, 301), "counts 301 of 300 samples as dropped"),
    "a hop too many": (answer(5, 450), "hop 5 of 5 after 450 samples"),
    "a class that is none": (answer(2, 300, predicted=3), "class 3, of a model with 3 classes"),
    "a byte too many": (answer(2, 300) + b"\0", "a LIVE answer of 28 bytes; 12, or 19 \\+ 5 features \\+ 3 logits"),
    "nothing": (b"", "a LIVE answer of 0 bytes"),
    "half a progress": (bytes(11), "a LIVE answer of 11 bytes"),
    "a second start": (LiveProgress(3, 300, 0).pack(), "confirms a start with 3 hops behind it"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_ends_it(opened, name):
    """What came before is the board's all the same; the board is told to end."""
    payload, found = LIES[name]
    live = opened(sensor := OwnSensor(line=lambda sent: [*sent[:2], payload, *sent[2:]]))
    taken = []
    with pytest.raises(MessageError, match=f"the board sent .*{found}"):
        taken.extend(item.number for item in live.run())
    assert live.received == 2 and sensor.requests[0] == (HOP, HOPS)


def test_an_answer_before_the_confirmation(opened):
    """It is not taken: the line lost the confirmation, and the window was shorter than the wait for it."""
    sensor = OwnSensor()

    def unconfirmed(hop, hops):
        sent = sensor(hop, hops)
        return sent[1:] if len(sensor.requests) == 1 else sent

    live = opened(unconfirmed)
    assert numbers(live) == [*range(HOPS)] and (live.begin, live.received) == (0, HOPS)
    assert sensor.requests[:2] == [(HOP, HOPS)] * 2


def test_behind_a_gap_answers_are_due_a_window_later(opened):
    """Whichever answer before it was lost; then it cannot be told when the next one is due."""
    behind = [answer(0, 200), answer(1, 430, 30), answer(2, 480, 30), answer(3, 777, 31), answer(4, 827, 31)]
    for lost in (None, 0, 1, 2, 3):
        sent = [payload for number, payload in enumerate(behind) if number != lost]
        assert numbers(opened(OwnSensor(line=lambda _sent, sent=sent: sent))) == [n for n in range(5) if n != lost]
    behind[2] = answer(2, 481, 30)
    with pytest.raises(MessageError, match="hop 2 after 481 samples; it was due after 480"):
        numbers(opened(OwnSensor(line=lambda _sent: behind)))


@pytest.fixture
def run(monkeypatch, make_board, fake_bundle):
    """run(sensor, arguments): the command on a fake board."""

    def run(sensor, *arguments, **options):
        board = run.board = make_board(live=sensor, **options)

        @contextmanager
        def open_board(*_arguments, **_options):
            link = Link(board, board.now)
            yield Board(link, link.greet(), emulated=False, baud=None)

        monkeypatch.setattr(command, "open_board", open_board)
        return command.main([str(fake_bundle), "--port", "fake", *arguments])

    return run


def test_json_has_class_by_class(run, capsys):
    behind = [
        answer(0, 200),
        answer(2, 300, flags=1),
        answer(3, 600, 30),
        answer(4, 650, 30, predicted=0xFFFF, flags=2),
    ]
    assert run(OwnSensor(line=lambda sent: behind), "--seconds", "20", "--json") == 0
    found = document(capsys.readouterr().out)
    assert [row["seconds"] for row in found["answers"]] == [10.0, 15.0, 30.0, 32.5]
    assert [row["saturated"] for row in found["answers"]] == [False, True, False, False]
    assert found["answers"][3]["predicted"] is None and found["answers"][3]["lead_off"]
    assert (found["lost"], found["dropped"]) == (1, 30)


def test_the_command_prints_class_by_class(run, capsys):
    behind = [
        answer(0, 200),
        answer(2, 300, flags=1),
        answer(3, 600, 30),
        answer(4, 650, 30, predicted=0xFFFF, flags=2),
    ]
    assert run(OwnSensor(line=lambda sent: behind), "--seconds", "20") == 0
    assert capsys.readouterr().out.splitlines() == [
        "    10.00 s  walking",
        "             1 class was lost on the line",
        "    15.00 s  sitting  saturated",
        "             the board lost 30 samples; its front end began anew behind them",
        "    30.00 s  walking",
        "    32.50 s  abstained  no signal",
        "4 classes, 1 lost on the line; 650 samples of the sensor, 30 lost on the board",
    ]


def test_what_is_asked_for(run):
    sensor = OwnSensor()
    assert run(sensor, "--seconds", "10", "--hop", "20") == 0 and sensor.requests[0] == (20, 1)
    with pytest.raises(InputError, match="--seconds 9.9: the first class comes after 200 samples, 10.00 s; give more"):
        run(sensor, "--seconds", "9.9")
    with pytest.raises(InputError, match="--hop 201: longer than the window of 200 samples"):
        run(sensor, "--hop", "201")


def test_ctrl_c_sums_up_and_ends_it(run, capsys, monkeypatch):
    def interrupt(*_arguments):
        raise KeyboardInterrupt

    sensor = OwnSensor()
    monkeypatch.setattr(command, "answered_name", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(sensor)
    while run.board.read(0.0):
        pass
    assert sensor.requests[-1] == (0, 0)
    assert "1 class, 0 lost on the line" in capsys.readouterr().out
