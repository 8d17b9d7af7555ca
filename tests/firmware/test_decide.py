"""Decisions of boards with the fixture model, in windows and streams, against scl/belief.py."""

import struct

import numpy as np
import pytest

from firmware_host.decisions import CODES, decide, decides_by
from firmware_host.messages import BoardError, ErrorCode, Hop, samples_chunk
from firmware_host.protocol import Type
from scl.belief import DecisionSettings, decide_alone, decide_stream
from tests.firmware.board_host import model, some_counts

EXPORTED = DecisionSettings(*model.DECISION)
SETTINGS = DecisionSettings(slope=6_000, evidence=1_500, stay=61_000, unsure=6_000)


def logits_of(counts: np.ndarray, hop: int) -> np.ndarray:
    """Of every window of a stream, int8 (hops, classes)."""
    quantized = model.quantized(counts)
    ends = range(model.WINDOW, len(counts) + 1, hop)
    return np.array([model.network(quantized[end - model.WINDOW : end])[1] for end in ends], np.int8)


def streamed(board, counts: np.ndarray, hop: int) -> list[tuple[int, int]]:
    """Decision and confidence of every hop, in Python's codes."""
    board.link.request(Type.STREAM, struct.pack("<H", hop))
    hops = []
    for at in range(len(counts)):
        answer = Hop.parse(board.link.request(Type.SAMPLES, samples_chunk(at, counts[at : at + 1])).payload)
        if answer.hops > len(hops):
            hops.append((CODES.get(answer.decided, answer.decided), answer.confidence))
    return hops


def pairs(decisions) -> list[tuple[int, int]]:
    return list(zip(decisions.answers.tolist(), decisions.confidences.tolist(), strict=True))


def test_decisions_of_windows_and_streams(board, rng):
    """As exported; by other settings; behind a new stream; in the next session as exported again."""
    link, counts = board.link, some_counts(rng, 100)
    logits = logits_of(counts, 4)
    assert decides_by(link.request(Type.DECIDE).payload) == EXPORTED
    assert streamed(board, counts, 4) == pairs(decide_alone(EXPORTED, logits))
    assert decides_by(link.request(Type.DECIDE, decide(SETTINGS)).payload) == SETTINGS
    expected = pairs(decide_stream(SETTINGS, logits))
    assert streamed(board, counts, 4) == streamed(board, counts, 4) == expected
    assert len({answer for answer, _confidence in expected}) > 1 and expected != pairs(decide_alone(SETTINGS, logits))
    window = some_counts(rng)  # ends the stream: is decided by itself
    number = board.wanted()
    found = board.chunk(number, 0, window).result
    alone = decide_alone(SETTINGS, found.logits)
    assert (CODES.get(found.decided, found.decided), found.confidence) == (int(alone.answers), int(alone.confidences))
    link.greet()
    assert decides_by(link.request(Type.DECIDE).payload) == EXPORTED


def test_new_settings_amid_a_stream_begin_anew_and_end_nothing(board, rng):
    link, counts = board.link, some_counts(rng, 60)
    logits = logits_of(counts, 2)
    link.request(Type.STREAM, struct.pack("<H", 2))
    link.request(Type.SAMPLES, samples_chunk(0, counts[:30]))
    link.request(Type.DECIDE, decide(SETTINGS))
    first = 1 + (30 - model.WINDOW) // 2
    for at, expected in zip(range(30, 60, 2), pairs(decide_stream(SETTINGS, logits[first:])), strict=True):
        answer = Hop.parse(link.request(Type.SAMPLES, samples_chunk(at, counts[at : at + 2])).payload)
        assert (CODES.get(answer.decided, answer.decided), answer.confidence) == expected
    link.request(Type.DECIDE, decide(EXPORTED))


@pytest.mark.parametrize("at", [0, 4])
def test_settings_out_of_range_change_nothing(board, at):
    wrong = bytearray(decide(SETTINGS))
    for value in (0, (1 << 24) + 1, 0xFFFFFFFF):
        wrong[at : at + 4] = value.to_bytes(4, "little")
        assert board.refusal(Type.DECIDE, bytes(wrong)) == BoardError(ErrorCode.BAD_VALUE, 0, 0)
    wrong = decide(SETTINGS)[:10] + (32_769).to_bytes(2, "little")
    assert board.refusal(Type.DECIDE, wrong) == BoardError(ErrorCode.BAD_VALUE, 0, 0)
    for size in (1, 11, 13):
        assert board.refusal(Type.DECIDE, bytes(size)) == BoardError(ErrorCode.BAD_LENGTH, 0, size)
    assert decides_by(board.link.request(Type.DECIDE).payload) == EXPORTED
