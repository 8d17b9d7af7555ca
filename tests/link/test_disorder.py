"""Frames that come twice, in another order, or many windows late; numbers that wrap: every answer is the right one."""

import random

import numpy as np
import pytest

from firmware_host.flight import Flight
from firmware_host.link import Link
from firmware_host.messages import Hop, Stats, samples_chunk, window_chunk
from firmware_host.protocol import Type
from tests.bundles import CLASSES
from tests.firmware_host.fake_board import fake_board
from tests.link.faulty_line import Disorder

COUNT = 60


class From:
    """Numbers for a Link: its first sequence number is the one before `seq`."""

    def __init__(self, seq: int) -> None:
        self.seq = (seq - 1) & 0xFFFF

    def randrange(self, start: int, stop: int | None = None) -> int:
        return self.seq if stop is None else start + 1


def fly(board, link, count, samples, case):
    """Every window gets the answer that a network on this desk gives."""
    windows = np.random.default_rng(1).integers(-30000, 30000, (count, samples, 6), np.int16)
    outcome = Flight(link, board.hello, count, windows.__getitem__).run()
    assert (outcome.lost, outcome.stopped) == (0, ""), case
    for index, (window, result) in enumerate(zip(windows, outcome.results, strict=True)):
        features, logits, crc = board.answer(window)
        assert result.input_crc32 == crc, f"{case}: window {index}"
        assert (result.features == features).all() and (result.logits == logits).all(), f"{case}: window {index}"
    return outcome


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("samples", [1, 90, 200])
@pytest.mark.parametrize("longest", [1, 10, 300], ids=lambda longest: f"up to {longest} frames late")
@pytest.mark.parametrize("ways", ["to_board", "to_host", "both"])
def test_stale_and_reordered_frames(ways, longest, samples, seed):
    names = ("to_board", "to_host") if ways == "both" else (ways,)
    lines = {name: Disorder(0.1, longest, 2 * seed + number) for number, name in enumerate(names)}
    board = fake_board(raw_samples=samples, **lines)
    fly(
        board,
        Link(board, board.now, random.Random(1)),
        COUNT,
        samples,
        f"{ways}, longest {longest}, {samples} samples, seed {seed}",
    )
    assert sum(line.count for line in lines.values()) > 0


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(100, 140))
def test_disorder_for_long(seed):
    """What is kept back comes up to 1000 frames later."""
    lines = {
        name: Disorder(0.05 + 0.01 * (seed % 10), 1000, 2 * seed + n) for n, name in enumerate(("to_board", "to_host"))
    }
    board = fake_board(raw_samples=100, **lines)
    fly(board, Link(board, board.now, random.Random(1)), 500, 100, f"seed {seed}")


@pytest.mark.parametrize("before", range(1, 12))
def test_sequence_numbers_wrap(before):
    """They reach zero in the middle of the flight, over a line that doubles and delays."""
    lines = {name: Disorder(0.1, 20, before + n) for n, name in enumerate(("to_board", "to_host"))}
    board = fake_board(raw_samples=200, **lines)
    link = Link(board, board.now, From(0x10000 - before))
    fly(board, link, 20, 200, f"{before} frames before the wrap")
    assert link._seq < 0x8000


@pytest.mark.parametrize("before", [0, 1, 2, 19])
@pytest.mark.parametrize("seed", range(3))
def test_window_numbers_wrap(before, seed):
    lines = {name: Disorder(0.1, 20, 2 * seed + n) for n, name in enumerate(("to_board", "to_host"))}
    board = fake_board(raw_samples=200, **lines)
    link = Link(board, board.now, random.Random(1))
    board.window[0] = link.windows = 0x10000 - before & 0xFFFF
    fly(board, link, 20, 200, f"{before} windows before the wrap, seed {seed}")
    assert board.window[0] == 20 - before


def test_every_frame_again_at_the_end():
    """The whole flight, once more in another order, when it is over: the board's window and result stay."""
    sent = []
    board = fake_board(to_board=lambda _number, frame: sent.append(frame) or [frame])
    link = Link(board, board.now, random.Random(1))
    fly(board, link, 20, 200, "all again")
    stands, result = list(board.window), board.result
    again = list(sent)
    random.Random(5).shuffle(again)
    for frame in again:
        board.write(frame)
        while board.read(0.0):
            pass
    assert board.window[0] == stands[0] and len(board.window[1]) == 0 and board.result == result


@pytest.mark.parametrize("payload", ["window", "samples"])
def test_a_chunk_twice_changes_nothing(payload):
    """Whatever has been answered is answered again, byte for byte."""
    board = fake_board()
    link = Link(board, board.now, random.Random(1))
    counts = np.random.default_rng(2).integers(-30000, 30000, (200, 6), np.int16)
    if payload == "samples":
        link.request(Type.STREAM, (50).to_bytes(2, "little"))
    kind, chunk = {"window": (Type.WINDOW, window_chunk), "samples": (Type.SAMPLES, samples_chunk)}[payload]
    for start in range(0, 200, 80):
        piece = counts[start : start + 80]
        data = chunk(0, start, piece) if payload == "window" else chunk(start, piece)
        first = link.request(kind, data)
        assert [link.request(kind, data).payload for _ in range(3)] == [first.payload] * 3
    if payload == "samples":
        assert Hop.parse(first.payload).hops == 1 % CLASSES


def test_counters_and_ticks_at_their_wrap():
    """The largest of each field is read as it is."""
    top = 0xFFFFFFFF
    assert Stats.parse(Stats(top, top, top, top).pack()) == Stats(top, top, top, top)
    assert Hop.parse(Hop(top, top, top, 2, 0, 1, 9).pack()) == Hop(top, top, top, 2, 0, 1, 9)
