"""Windows in flight over a line that drops, doubles, damages and delays frames."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_host.flight import RX_RING_BYTES, WINDOW_ATTEMPTS, Flight
from firmware_host.link import ANSWER_TIMEOUT_S, Link
from firmware_host.protocol import Type, decode
from scl.artifacts import InputError

COUNT = 20


def fly(board, count=COUNT, samples=200):
    """Sends `count` windows and checks whatever has been answered."""
    windows = np.random.default_rng(1).integers(-30000, 30000, (count, samples, 6), np.int16)
    outcome = Flight(Link(board, board.now), board.hello, count, windows.__getitem__).run()
    for window, result in zip(windows, outcome.results, strict=True):
        if result is not None:
            features, logits, crc = board.answer(window)
            assert (result.features == features).all() and (result.logits == logits).all() and result.input_crc32 == crc
    assert board.most_queued <= RX_RING_BYTES
    assert np.isnan(outcome.latency_s).sum() == outcome.lost
    return outcome


def tally(outcome):
    return outcome.lost, outcome.retried, outcome.duplicated


@pytest.mark.parametrize("samples", [1, 16, 85, 86, 200, 1190, 5400])
def test_a_clean_line(make_board, samples):
    """Windows from one sample to 64 kB: nothing is sent twice and the ring never overflows."""
    board = make_board(raw_samples=samples)
    outcome = fly(board, samples=samples)
    assert tally(outcome) == (0, 0, 0)
    assert board.clock == 0  # never waited for a time-out


def test_several_windows_are_in_flight_at_once(make_board):
    board = make_board(raw_samples=16)
    fly(board, samples=16)
    assert board.most_queued > 10 * 16 * 12


def cut(frame):
    """The delimiter is cut off too, so the frame takes the next one with it."""
    return [frame[: len(frame) // 2]]


@pytest.mark.parametrize("number", range(1, 10))
@pytest.mark.parametrize(
    "fault",
    [
        lambda frame: [],
        lambda frame: [frame, frame],
        lambda frame: [frame[:20] + bytes([frame[20] ^ 1 or 1]) + frame[21:] if len(frame) > 21 else b"\x02\x02\0"],
        cut,
    ],
    ids=["dropped", "doubled", "damaged", "cut"],
)
@pytest.mark.parametrize("direction", ["to_board", "to_host"])
def test_one_fault_anywhere(make_board, direction, fault, number):
    board = make_board(**{direction: lambda n, frame: fault(frame) if n == number else [frame]})
    outcome = fly(board)
    assert outcome.lost == 0
    assert outcome.retried <= 2
    if fault is not cut:  # a cut frame can take the only one with it whose answer would tell
        assert board.clock == 0  # found out from later answers, not by waiting
    assert sum(outcome.attempts) == COUNT + outcome.retried


def test_a_lost_answer_is_counted_as_a_retry(make_board):
    """Two chunks of window 0, a STATS answer (number 0), then its RESULT (number 1)."""
    board = make_board(to_host=lambda n, frame: [] if n == 1 else [frame])
    outcome = fly(board)
    assert tally(outcome) == (0, 1, 0)
    assert outcome.attempts[0] == 2


def test_a_doubled_answer_is_counted(make_board):
    board = make_board(to_host=lambda n, frame: [frame, frame] if n == 1 else [frame])
    assert tally(fly(board)) == (0, 0, 1)


def test_an_answer_later_than_the_time_out_is_taken(make_board):
    board = make_board(delay_s={1: 1.5 * ANSWER_TIMEOUT_S})
    assert tally(fly(board)) == (
        0,
        1,
        0,
    )  # the window that was half sent; nothing else is sent again before the board speaks
    assert board.clock == pytest.approx(1.5 * ANSWER_TIMEOUT_S)


def test_the_last_answer_lost_needs_the_time_out(make_board):
    board = make_board(raw_samples=16, to_host=lambda n, frame: [] if n == COUNT - 1 else [frame])
    assert tally(fly(board, samples=16)) == (0, 1, 0)
    assert board.clock == pytest.approx(ANSWER_TIMEOUT_S)


def test_a_window_that_never_arrives_is_lost_and_the_others_are_not(make_board):
    """Frames of window 3 are dropped every time."""

    def drop_window_3(_number, data):
        frame = decode(data[:-1])
        return [] if frame and frame.type == Type.WINDOW and frame.payload[:2] == b"\x03\x00" else [data]

    outcome = fly(make_board(to_board=drop_window_3))
    assert outcome.results[3] is None
    assert tally(outcome) == (1, WINDOW_ATTEMPTS - 1, 0)
    assert outcome.attempts[3] == WINDOW_ATTEMPTS


def test_a_board_that_falls_silent(make_board):
    board = make_board(to_host=lambda n, frame: [frame] if n < 6 else [])
    with pytest.raises(InputError, match=r"port fake: the board stopped answering after 3 of 20 windows; .*reset it"):
        fly(board)


def test_a_board_that_refuses_a_window(make_board):
    board = make_board()
    board.respond = lambda frame: [(Type.ERROR, bytes([2, 0, 0, 5, 0]))]
    with pytest.raises(InputError, match=r"port fake: ERROR BAD_LENGTH \(window 0, detail 5\)"):
        fly(board)


def test_a_result_of_another_shape(make_board):
    board = make_board()
    board.hello = make_board(features=6).hello
    with pytest.raises(InputError, match=r"a RESULT of 20 bytes; 12 \+ 6 features \+ 3 logits expected"):
        fly(board)


FAULTS = ("fine", "drop", "double", "damage")


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # the fixture only makes boards
@given(st.data(), st.sampled_from([16, 200, 900]))
def test_random_faults(make_board, data, samples):
    """Whatever one frame in five suffers, every window ends up right or lost, and is counted."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)

    def fault(_number, frame):
        kind = rng.choice(FAULTS, p=[0.8, 0.08, 0.06, 0.06])
        damaged = bytearray(frame)
        damaged[rng.integers(len(frame))] ^= rng.integers(1, 256)
        return {"fine": [frame], "drop": [], "double": [frame, frame], "damage": [bytes(damaged)]}[kind]

    board = make_board(raw_samples=samples, to_board=fault, to_host=fault)
    try:
        outcome = fly(board, samples=samples)
    except InputError as error:
        assert "stopped answering" in str(error)  # four silences in a row can happen by chance
        return
    assert sum(outcome.attempts) == COUNT + outcome.retried
    assert max(outcome.attempts) <= WINDOW_ATTEMPTS
