"""Blocks of a capture: whatever the line does to them, and whatever a board says, samples are counted once."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_host.blocks import Blocks
from firmware_host.message_error import MessageError
from firmware_host.messages import capture_block

LATE = 50
BLOCK = 16  # SCL_CAPTURE_SAMPLES
quick = settings(deadline=None)  # other work may hold the core
U32 = st.one_of(st.integers(0, 120), st.integers(0, 0xFFFFFFFF))


def board_blocks(samples, taken):
    """What firmware/src/app/capture.c sends where `taken` says how many samples have passed at each read.

    The value of a sample is its number, so that what arrives tells where it belongs.
    """
    sent, held, passed, dropped = [], [], 0, 0

    def send():
        sent.append((passed - len(held), dropped, np.array(held, np.int16).reshape(-1, 1)))
        held.clear()

    for count in taken:
        if count > 1 and held:
            send()
        held.append(passed + count - 1)
        passed, dropped = passed + count, dropped + count - 1
        if passed >= samples:
            send()
            break
        if len(held) == BLOCK:
            send()
    return sent


reads = st.lists(st.one_of(st.just(1), st.integers(1, LATE)), min_size=100, max_size=100)


@quick
@given(reads)
def test_a_board_that_loses_samples_itself(taken):
    """Every sample that it sent is there, and what passed between is lost, as the board says itself."""
    blocks = Blocks(100, 1, LATE)
    sent = board_blocks(100, taken)
    for block in sent:
        assert blocks.take(*block)
    start, dropped, counts = sent[-1]
    assert blocks.end == start + len(counts) >= 100
    assert blocks.lost == dropped and blocks.skipped == 0
    assert blocks.counts.ravel().tolist() == np.concatenate([values for _, _, values in sent]).ravel().tolist()


@quick
@given(reads, st.data())
def test_a_line_that_loses_doubles_and_delays(taken, data):
    """Each sample once and in order, all others counted, and no block of a sound board is refused."""
    sent = board_blocks(100, taken)
    arrives = data.draw(st.lists(st.sampled_from(range(len(sent))), max_size=3 * len(sent)))
    blocks = Blocks(100, 1, LATE)
    expected, newest = [], -1
    for index in arrives:
        assert blocks.take(*sent[index]) == (index > newest)
        if index > newest:
            newest = index
            expected += sent[index][2].ravel().tolist()
    assert blocks.counts.ravel().tolist() == expected
    assert blocks.end == (sent[newest][0] + len(sent[newest][2]) if arrives else 0)
    assert blocks.lost == blocks.end - len(expected)
    assert blocks.skipped == len(arrives) - len({max(arrives[: i + 1]) for i in range(len(arrives))})


@quick
@given(st.lists(st.tuples(U32, U32, st.integers(0, 20))))
def test_a_board_that_says_anything(said):
    """It is refused, or what it says makes sense: nothing negative, nothing beyond what was asked for, no way back."""
    blocks = Blocks(100, 2, LATE)
    for start, dropped, length in said:
        end, kept = blocks.end, len(blocks.counts)
        counts = np.full((length, 2), 7, np.int16)
        try:
            passed = blocks.take(start, dropped, counts)
        except MessageError:
            assert (blocks.end, len(blocks.counts)) == (end, kept)
            continue
        assert passed == (blocks.end > end) and blocks.end >= end
        assert len(blocks.counts) - kept == (length if passed else 0)
        assert 0 <= len(blocks.counts) <= 100 and blocks.end <= 100 + LATE
        assert blocks.lost >= 0 and (blocks.counts == 7).all()


@pytest.mark.parametrize(
    ("start", "dropped", "length", "message"),
    [
        (4_000_000_000, 4, 1, "of samples 4000000000 to 4000000001; 100 were asked for"),
        (4_000_000_000, 3_999_999_984, 1, "of samples 4000000000 to 4000000001; 100 were asked for"),
        (95, 4, 6, "of samples 95 to 101; 100 were asked for"),
        (18, 4, 10, "of samples 18 to 28, of which sample 20 is the next"),
        (20, 3, 1, "counts 3 of 20 samples as dropped; 4 were before and 16 were sent"),
        (20, 21, 1, "counts 21 of 20 samples as dropped"),
        (20, 5, 1, "counts 5 of 20 samples as dropped"),
    ],
)
def test_a_lie_is_named(start, dropped, length, message):
    """After 20 samples, of which the board lost the first four."""
    blocks = Blocks(100, 1, LATE)
    assert blocks.take(4, 4, np.zeros((16, 1), np.int16))
    with pytest.raises(MessageError, match=f"the board sent a CAPTURE block .*{message}"):
        blocks.take(start, dropped, np.zeros((length, 1), np.int16))
    assert (blocks.end, blocks.lost, len(blocks.counts)) == (20, 4, 16)


def test_a_stop_tells_how_far_the_board_is():
    blocks = Blocks(100, 1, LATE)
    assert blocks.take(0, 0, np.zeros((7, 1), np.int16))
    assert not blocks.take(7, 0, np.zeros((0, 1), np.int16)) and blocks.lost == 0
    assert blocks.take(50, 3, np.zeros((0, 1), np.int16)) and (blocks.end, blocks.lost) == (50, 43)


@given(st.binary(max_size=60))
def test_a_payload_of_any_bytes(payload):
    """It is refused by name, or it has whole samples."""
    try:
        start, dropped, counts = capture_block(payload, 3)
    except MessageError as error:
        assert f"a CAPTURE block of {len(payload)} bytes for 3 channels" in str(error)
        assert len(payload) < 8 or (len(payload) - 8) % 6
    else:
        assert struct.pack("<II", start, dropped) + counts.astype("<i2").tobytes() == payload
