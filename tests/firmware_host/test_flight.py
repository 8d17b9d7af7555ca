"""Windows in flight over a line that drops, doubles, damages and delays frames."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_host.flight import STALL_S, Flight
from firmware_host.link import ANSWER_TIMEOUT_S, Link
from firmware_host.messages import BoardError, ErrorCode, Wanted, window_chunk
from firmware_host.protocol import ANSWER, Decoder, Frame, Type, decode, encode

COUNT = 20


def fly(board, count=COUNT, samples=200):
    """Sends `count` windows and checks whatever has been answered."""
    windows = np.random.default_rng(1).integers(-30000, 30000, (count, samples, 6), np.int16)
    outcome = Flight(Link(board, board.now), board.hello, count, windows.__getitem__).run()
    for window, result in zip(windows, outcome.results, strict=True):
        if result is not None:
            features, logits, crc = board.answer(window)
            assert (result.features == features).all() and (result.logits == logits).all() and result.input_crc32 == crc
    assert board.most_queued <= board.hello.receive
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


def test_a_window_is_sent_while_the_one_before_is_computed(make_board):
    """All but its last chunk, which waits for the result of the window before."""
    board = make_board(raw_samples=200)
    fly(board)
    assert board.most_queued > 2400 + 1024


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
    assert outcome.retried <= 3  # a cut frame, the one that it takes with it, and one behind that finds no room
    if fault is not cut:  # a cut frame can take the only one with it whose answer would tell
        assert board.clock == 0  # found out from later answers, not by waiting


def chunks(data):
    """Window, first sample and bytes of samples of each WINDOW frame in these bytes."""
    frames = [frame for frame in Decoder().feed(data) if frame.type == Type.WINDOW]
    return [(*np.frombuffer(frame.payload[:4], "<u2").tolist(), len(frame.payload) - 4) for frame in frames]


def lose_one(make_board, window, start, **options):
    """Drops a chunk once: the outcome, and what was sent and was not needed on a clean line, in bytes of samples."""
    dropped, sizes = [], []

    def drop(_number, data):
        sizes.extend(size for _, _, size in chunks(data))
        if not dropped and any(chunk[:2] == (window, start) for chunk in chunks(data)):
            dropped.append(data)
            return []
        return [data]

    board = make_board(to_board=drop, **options)
    outcome = fly(board)
    assert dropped and outcome.lost == 0 and outcome.attempts[window] > 1
    assert board.clock == 0
    return outcome, sum(sizes) - COUNT * 2400


def test_a_short_chunk_that_is_lost_is_sent_again_alone(make_board):
    """The board keeps the two behind it. A board that keeps nothing, which is against the rules, only costs time."""
    outcome, more = lose_one(make_board, 0, 18)
    assert (outcome.retried, more) == (1, 108)
    outcome, more = lose_one(make_board, 0, 18, keeps_bytes=0)
    assert more > 300


def test_a_long_chunk_that_is_lost_costs_what_was_sent_behind_it(make_board):
    """But for the 360 bytes that end its window, which the board has room for."""
    outcome, more = lose_one(make_board, 2, 85)
    assert (outcome.retried, more) == (3, 3 * 1020) and outcome.attempts[2:4] == [2, 3]


def results(data):
    """Whether these bytes are a WINDOW answer with a result."""
    frame = decode(data[:-1])
    return bool(frame and frame.type == Type.WINDOW | ANSWER and len(frame.payload) > 4)


def test_a_lost_result_is_asked_for_with_one_sample(make_board):
    sent, came = [], []

    def drop(_number, data):
        came.append(results(data))
        return [] if came[-1] and sum(came) == 3 else [data]

    def note(_number, data):
        sent.append(data)
        return [data]

    board = make_board(to_host=drop, to_board=note)
    outcome = fly(board)
    assert tally(outcome) == (0, 1, 0) and outcome.attempts[2] == 2 and board.clock == 0
    assert [chunk for data in sent for chunk in chunks(data) if chunk[:2] == (2, 199)] == [(2, 199, 12)]


def test_a_doubled_answer_is_counted(make_board):
    board = make_board(to_host=lambda n, frame: [frame, frame] if n == 1 else [frame])
    assert tally(fly(board)) == (0, 0, 1)


def test_an_answer_later_than_the_time_out_is_taken(make_board):
    board = make_board(delay_s={1: 0.5 * ANSWER_TIMEOUT_S})
    outcome = fly(board)
    assert outcome.lost == 0 and outcome.retried <= 3
    assert board.clock < 0.6 * ANSWER_TIMEOUT_S


def test_the_last_answer_lost_needs_the_time_out(make_board):
    """Which follows the round trips: far below the longest one."""
    count = []

    def drop(_number, data):
        count.append(results(data))
        return [] if results(data) and sum(count) == COUNT else [data]

    board = make_board(raw_samples=16, to_host=drop)
    outcome = fly(board, samples=16)
    assert (outcome.lost, outcome.retried) == (0, 1)
    assert 0 < board.clock < 0.1


def test_a_window_that_never_arrives_ends_the_flight_in_bounded_time(make_board):
    """Frames of window 3 are dropped every time."""

    def drop_window_3(_number, data):
        board.clock += 0.01  # a line takes its time
        frame = decode(data[:-1])
        return [] if frame and frame.type == Type.WINDOW and frame.payload[:2] == b"\x03\x00" else [data]

    board = make_board(to_board=drop_window_3)
    outcome = fly(board)
    assert [result is None for result in outcome.results] == [False] * 3 + [True] * 17
    assert outcome.attempts[3] > 3 and outcome.attempts[5:] == [0] * 15
    assert "port fake: nothing moved on for 30 s after 3 of 20 windows" in outcome.stopped
    assert board.clock <= STALL_S + 1


def test_a_board_that_falls_silent(make_board):
    board = make_board(to_host=lambda n, frame: [frame] if n < 20 else [])
    outcome = fly(board)
    assert 0 < outcome.lost < 20
    assert f"nothing moved on for 30 s after {20 - outcome.lost} of 20 windows" in outcome.stopped
    assert board.clock <= STALL_S + 1


@pytest.mark.parametrize("seq", [0, 1])
def test_a_board_that_repeats_one_result_for_ever(make_board, seq):
    """Answers to nothing that was asked are no progress, however many come."""
    board = make_board()
    fly(board, count=2)
    answer = encode(Frame(Type.WINDOW | ANSWER, seq, board.result))

    def babble(_timeout_s):
        board.clock += 0.01
        return answer

    board.read = babble
    outcome = fly(board)
    assert outcome.lost == 20 and outcome.duplicated > 100 and "nothing moved on" in outcome.stopped


def test_a_board_that_refuses_a_window(make_board):
    board = make_board()
    board.respond = lambda frame: [(Type.ERROR, BoardError(ErrorCode.BAD_LENGTH, 0, 5).pack())]
    assert "port fake: ERROR BAD_LENGTH (window 0, detail 5); flash firmware" in fly(board).stopped


def test_a_result_of_another_shape(make_board):
    board = make_board()
    board.hello = make_board(features=6).hello
    outcome = fly(board)
    assert "a WINDOW answer of 27 bytes; 4, or 19 + 6 features + 3 logits expected" in outcome.stopped


@pytest.mark.parametrize("window", [2, 700, 0xFFFE])
def test_a_board_that_wants_another_window(make_board, window):
    board = make_board()
    board.window[0] = window
    assert f"the board answers about window {window}, 0 is the one that it has to want" in fly(board).stopped


def test_the_numbers_of_windows_wrap(make_board):
    board = make_board(raw_samples=16)
    link = Link(board, board.now)
    board.window[0] = link.windows = 0xFFF8
    windows = np.random.default_rng(1).integers(-30000, 30000, (COUNT, 16, 6), np.int16)
    outcome = Flight(link, board.hello, COUNT, windows.__getitem__).run()
    assert not outcome.stopped and board.window[0] == (0xFFF8 + COUNT) & 0xFFFF
    for window, result in zip(windows, outcome.results, strict=True):
        assert result.input_crc32 == board.answer(window)[2]


def test_a_second_flight_of_one_session_goes_on_behind_the_first(make_board):
    """Its first window has the next number: a result of the flight before is never taken for its own."""
    board = make_board()
    link = Link(board, board.now)
    rng = np.random.default_rng(3)
    for _ in range(3):
        windows = rng.integers(-30000, 30000, (4, 200, 6), np.int16)
        outcome = Flight(link, board.hello, 4, windows.__getitem__).run()
        assert [r.input_crc32 for r in outcome.results] == [board.answer(window)[2] for window in windows]


def test_a_host_that_died_in_mid_window_leaves_nothing_to_the_next(make_board):
    """Two hosts, one after the other, whose windows have the same numbers."""
    board = make_board()
    rng = np.random.default_rng(4)
    first, second = rng.integers(-30000, 30000, (2, 200, 6), np.int16)
    link = Link(board, board.now)
    link.greet()
    seq, _size = link.send(Type.WINDOW, window_chunk(0, 0, first[:50]))
    assert Wanted.parse(link.receive(1)[0].payload, board.hello).next == 50
    link = Link(board, board.now)
    link.greet()
    (result,) = Flight(link, board.hello, 1, lambda _index: second).run().results
    assert result.input_crc32 == board.answer(second)[2]


FAULTS = ("fine", "drop", "double", "damage")


@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # the fixture only makes boards
@given(st.data(), st.sampled_from([16, 200, 900]))
def test_random_faults(make_board, data, samples):
    """Whatever one frame in five suffers, every window ends up right."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)

    def fault(_number, frame):
        kind = rng.choice(FAULTS, p=[0.8, 0.08, 0.06, 0.06])
        damaged = bytearray(frame)
        damaged[rng.integers(len(frame))] ^= rng.integers(1, 256)
        return {"fine": [frame], "drop": [], "double": [frame, frame], "damage": [bytes(damaged)]}[kind]

    board = make_board(raw_samples=samples, to_board=fault, to_host=fault)
    outcome = fly(board, samples=samples)
    assert outcome.lost == 0 and not outcome.stopped
