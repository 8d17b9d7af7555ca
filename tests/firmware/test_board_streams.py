"""Streams on every board with the fixture model, each hop compared with fixture_model/make_model.py."""

import struct

import numpy as np
import pytest

from firmware_host.messages import BoardError, ErrorCode, Hop, Wanted, samples_chunk
from firmware_host.protocol import Type
from scl.frontend.flags import SATURATED
from tests.firmware.board_host import model, some_counts


def slow_stream(counts: np.ndarray, hop: int) -> list[tuple[int, int]]:
    """(samples consumed, class) of every hop."""
    quantized, hops = model.quantized(counts), []
    for end in range(model.WINDOW, len(counts) + 1, hop):
        logits = model.network(quantized[end - model.WINDOW : end])[1]
        hops.append((end, logits.index(max(logits))))
    return hops


@pytest.mark.parametrize(("hop", "size"), [(4, 3), (1, 1), (16, 5), (40, 7)])
def test_stream(board, rng, hop, size):
    counts, link = some_counts(rng, 90), board.link
    assert link.request(Type.STREAM, struct.pack("<H", hop)).payload == struct.pack("<H", hop)
    seen = []
    for start in range(0, len(counts), size):
        chunk = counts[start : start + size]
        answer = Hop.parse(link.request(Type.SAMPLES, samples_chunk(start, chunk)).payload)
        assert answer.next == start + len(chunk)
        if answer.hops > len(seen):
            seen.append((answer.end, answer.predicted))
        assert answer.hops == len(seen) and not answer.flags
    assert seen == slow_stream(counts, hop)


def test_stream_repeated_and_wrong_samples_change_nothing(board, rng):
    counts, link = some_counts(rng, 40), board.link
    link.request(Type.STREAM, struct.pack("<H", 1))
    first = link.request(Type.SAMPLES, samples_chunk(0, counts[:20])).payload
    assert link.request(Type.SAMPLES, samples_chunk(0, counts[:20])).payload == first
    assert link.request(Type.SAMPLES, samples_chunk(21, counts[21:])).payload == first
    assert Hop.parse(first).next == 20 and Hop.parse(first).hops == 5
    end = Hop.parse(link.request(Type.SAMPLES, samples_chunk(20, counts[20:])).payload)
    assert (end.end, end.predicted) == slow_stream(counts, 1)[-1]


def test_stream_flags_saturation_as_long_as_it_is_in_the_window(board, rng):
    counts, link = some_counts(rng, 60), board.link
    counts[18, 0] = 32767
    link.request(Type.STREAM, struct.pack("<H", 1))
    flags = [Hop.parse(link.request(Type.SAMPLES, samples_chunk(t, counts[t : t + 1])).payload) for t in range(60)]
    saturated = [hop.end for hop in flags if hop.hops and hop.flags == SATURATED]
    assert saturated == list(range(19, 19 + model.RAW_SAMPLES))


def test_samples_need_a_stream(board, rng):
    counts = some_counts(rng)
    board.link.request(Type.STREAM, struct.pack("<H", 1))
    board.send_window(counts)  # ends the stream
    assert board.refusal(Type.SAMPLES, samples_chunk(0, counts)) == BoardError(ErrorCode.NOT_STREAMING, 0, 0)


def test_a_chunk_that_continues_nothing_leaves_a_stream_alone(board, rng):
    counts, link = some_counts(rng), board.link
    board.send_window(counts)
    number = board.wanted()
    link.request(Type.STREAM, struct.pack("<H", 1))
    assert board.chunk(number, 4, counts[4:]) == Wanted(number, 0, None)
    assert board.chunk(number - 1, 4, counts[4:]).result is not None
    assert Hop.parse(link.request(Type.SAMPLES, samples_chunk(0, counts)).payload).next == len(counts)
