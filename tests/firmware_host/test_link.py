"""Greeting and requests."""

import random
from dataclasses import replace

import pytest

from firmware_host.link import ANSWER_TIMEOUT_S, BOOT_TIMEOUT_S, HELLO_TIMEOUT_S, REQUEST_DEADLINE_S, Link
from firmware_host.messages import Stats
from firmware_host.protocol import Frame, Type, encode
from firmware_host.round_trip import GRANULARITY_S
from scl.artifacts import InputError


def test_greeting(make_board):
    board = make_board()
    link = Link(board, board.now)
    assert link.greet() == replace(board.hello, session=link.session) and link.session == board.session != 0


def test_a_board_that_boots_is_waited_for(make_board):
    """What is sent while the boot loader runs is gone."""
    board = make_board()
    board.to_board = lambda n, frame: [frame] if board.clock >= 4 else []
    assert Link(board, board.now).greet().session == board.session
    assert 4 <= board.clock <= 4 + HELLO_TIMEOUT_S


def test_a_greeting_damaged_on_the_way_is_repeated(make_board):
    board = make_board(to_host=lambda n, frame: [frame[5:]] if n == 0 else [frame])
    assert Link(board, board.now).greet().session == board.session


def test_nobody_there(make_board):
    board = make_board(to_board=lambda n, frame: [])
    with pytest.raises(
        InputError, match=r"port fake: within 10 s no board answered \(not a byte came\); .*firmware_host.ports.*--baud"
    ):
        Link(board, board.now).greet()
    assert BOOT_TIMEOUT_S <= board.clock <= BOOT_TIMEOUT_S + HELLO_TIMEOUT_S


def test_noise_is_told_from_silence(make_board):
    board = make_board(to_host=lambda n, frame: [b"\x7f\x80\x55"])
    with pytest.raises(
        InputError, match=r"within 10 s \d+ bytes came, but no valid answer; the baud rate differs \(--baud\)"
    ):
        Link(board, board.now).greet()


@pytest.mark.parametrize(("version", "advice"), [(8, "flash firmware"), (10, "update this program")])
def test_another_protocol_version(make_board, version, advice):
    """Only the first byte of such a HELLO can be relied on."""
    board = make_board()
    board.respond = lambda frame: [(0x81, bytes([version, 1, 2, 3]))]
    with pytest.raises(InputError, match=f"speaks protocol version {version}, this program version 9; {advice}"):
        Link(board, board.now).greet()


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"", "without a byte"),
        (b"\x09" * 20, "of 20 bytes; at least 64"),
        (b"\x09" * 67, "with the text b.*; lines of UTF-8 with board name"),
        (b"\x09" * 64 + b"\xff\n", "UTF-8"),
    ],
)
def test_a_malformed_greeting(make_board, payload, found):
    board = make_board()
    board.respond = lambda frame: [(0x81, payload)]
    with pytest.raises(InputError, match=f"the board sent a HELLO answer .*{found}"):
        Link(board, board.now).greet()


def test_a_request_is_repeated_until_answered(make_board):
    board = make_board(to_host=lambda n, frame: [] if n < 4 else [frame])
    assert Link(board, board.now).stats().frames == 5


def test_a_request_that_is_never_answered(make_board):
    board = make_board(to_host=lambda n, frame: [])
    with pytest.raises(
        InputError,
        match=r"fake: no answer to STATS within 15 s \(5 attempts, 0 damaged frames came\); the board hangs: reset",
    ):
        Link(board, board.now).stats()
    assert board.clock == pytest.approx(REQUEST_DEADLINE_S)


def test_a_request_whose_answers_all_come_damaged(make_board):
    board = make_board(to_host=lambda n, frame: [frame[:3] + frame[4:]])
    with pytest.raises(
        InputError, match=r"\(\d+ attempts, \d+ damaged frames came\); the line damages too much: check the cable"
    ):
        Link(board, board.now).stats()
    assert board.clock == pytest.approx(REQUEST_DEADLINE_S)


def test_the_time_out_follows_the_board(make_board):
    """Behind answers that took 5 ms, one that is lost costs some 25 ms and not 3 s."""
    board = make_board(delay_s=dict.fromkeys(range(1000), 0.005))
    link = Link(board, board.now)
    for _ in range(50):
        link.stats()
    before = board.clock
    board.to_host = lambda n, frame: [] if n == 50 else [frame]
    link.stats()
    assert board.clock - before == pytest.approx(0.005 + GRANULARITY_S + 0.005, abs=1e-4)


def test_a_damaged_answer_is_evidence(make_board):
    """Even before anything was measured it is asked for again at once."""
    board = make_board(to_host=lambda n, frame: [frame[:3] + frame[4:]] if n < 10 else [frame])
    assert Link(board, board.now).stats().frames == 11
    assert board.clock <= 11 * GRANULARITY_S


def test_a_late_answer_counts(make_board):
    """The board takes 5 s, longer than any time-out: its answer to the first sending is the answer."""
    board = make_board(delay_s={0: ANSWER_TIMEOUT_S + 2})
    assert Link(board, board.now).stats() == Stats(1, 0, 0, 0)
    assert board.clock == pytest.approx(ANSWER_TIMEOUT_S + 2)


def test_a_slow_type_of_request_has_its_own_time_out(make_board):
    """STATS takes nothing, BENCH runs the network for a second: it is not sent again meanwhile."""
    board = make_board()
    board.whole = True
    link = Link(board, board.now)
    for _ in range(20):
        link.stats()
    board.delay_s = {board.stats[1]: 1.0}
    link.request(Type.BENCH)
    assert board.stats[0] == 21


def damaging(percent):
    """A line that changes bytes at random, the same ones in every run."""
    rng = random.Random(percent)

    def damage(_number, data):
        return [bytes(byte ^ (rng.random() < percent / 100 and rng.randrange(1, 256)) for byte in data)]

    return damage


@pytest.mark.parametrize("percent", [0.1, 1, 5])
def test_requests_over_a_damaged_line(make_board, percent):
    """Every one of them is answered, and up to 1 % none takes a second."""
    board = make_board()
    link = Link(board, board.now)
    link.stats()
    board.to_board = board.to_host = damaging(percent)
    longest = 0.0
    for _ in range(300):
        before = board.clock
        link.stats()
        longest = max(longest, board.clock - before)
    assert longest < (1 if percent <= 1 else REQUEST_DEADLINE_S)
    assert board.decoder.errors > 0


@pytest.mark.parametrize("percent", [0.1, 1])
def test_greetings_over_a_damaged_line(make_board, percent):
    board = make_board()
    board.to_board = board.to_host = damaging(percent)
    for _ in range(100):
        before = board.clock
        Link(board, board.now).greet()
        assert board.clock - before < BOOT_TIMEOUT_S / 2


def test_answers_to_others_are_not_taken(make_board):
    """A late answer with another sequence number comes before the right one."""
    board = make_board()
    board.to_host = lambda n, frame: [encode(Frame(0x87, 0x10000 - 1 - link._seq, bytes(16))), frame]
    link = Link(board, board.now)
    link._seq = 100
    assert link.stats().frames == 1


def test_a_request_the_board_refuses(make_board):
    board = make_board()
    with pytest.raises(
        InputError, match=r"port fake: the board refused CAPTURE: ERROR UNKNOWN_TYPE \(window 0, detail 8\)"
    ):
        Link(board, board.now).request(Type.CAPTURE, bytes(4))
