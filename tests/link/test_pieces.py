"""However a stream is cut into reads, whatever bytes it holds: the same frames and counts, and bounded memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_host.flight import Flight
from firmware_host.link import Link
from firmware_host.protocol import MAX_ENCODED, MAX_PAYLOAD, Decoder, Frame, encode
from tests.firmware_host.fake_board import fake_board
from tests.link.faulty_line import Damage
from tests.link.test_every_byte import expected, slow_decode

READS = [1, 2, 3, 7, 64, 254, 255, 1000, 1043, 4096, 65_535, 65_536]


def stream_of(seed: int, share: float, size: int = 150_000) -> bytes:
    """Frames of every length, with damage in `share` of the bytes."""
    rng, stream = np.random.default_rng(seed), bytearray()
    while len(stream) < size:
        payload = rng.bytes(int(rng.integers(MAX_PAYLOAD + 1)))
        stream += encode(Frame(int(rng.integers(256)), int(rng.integers(1 << 16)), payload))
    return Damage(share, seed)(bytes(stream)) + b"\0"


def raw(frame: Frame) -> bytes:
    decoded = slow_decode(encode(frame)[:-1])
    assert decoded is not None
    return decoded


@pytest.mark.parametrize("share", [0, 0.0005, 0.05])
@pytest.mark.parametrize("size", READS, ids=lambda size: f"{size} bytes at once")
def test_reads_of_any_size(size, share):
    stream = stream_of(11, share)
    frames, errors = expected(stream)
    decoder, got = Decoder(), []
    for at in range(0, len(stream), size):
        got += decoder.feed(stream[at : at + size])
        assert len(decoder._pending) <= MAX_ENCODED
    assert ([raw(frame) for frame in got], decoder.errors) == (frames, errors), f"share {share}"


class Pieces:
    """A transport that hands over at most `size` bytes at a time."""

    def __init__(self, board, size):
        self.name, self.board, self.size, self.rest = board.name, board, size, b""

    def read(self, timeout_s):
        self.rest = self.rest or self.board.read(timeout_s)
        piece, self.rest = self.rest[: self.size], self.rest[self.size :]
        return piece

    def write(self, data):
        for at in range(0, len(data), self.size):
            self.board.write(data[at : at + self.size])


@pytest.mark.parametrize("size", [1, 2, 13, 65_536])
def test_windows_in_pieces(size):
    board = fake_board()
    windows = np.random.default_rng(1).integers(-30000, 30000, (3, 200, 6), np.int16)
    link = Link(Pieces(board, size), board.now)
    outcome = Flight(link, link.greet(), 3, windows.__getitem__).run()
    assert (outcome.lost, outcome.retried, outcome.stopped, link.errors) == (0, 0, "", 0)
    assert [result.input_crc32 for result in outcome.results] == [board.answer(window)[2] for window in windows]


part = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda byte, n: bytes([byte]) * n, st.integers(0, 255), st.integers(0, 3000)),
    st.builds(
        lambda *fields: encode(Frame(*fields)), st.integers(0, 255), st.integers(0, 0xFFFF), st.binary(max_size=300)
    ),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(part, max_size=8), st.lists(st.integers(0, 6000), max_size=8))
def test_any_bytes_in_any_pieces(parts, cuts):
    """Valid frames come out, all else is counted, once for what stands between two zeros."""
    stream = b"".join(parts) + b"\0"
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder, got = Decoder(), []
    for start, end in zip(edges, edges[1:], strict=False):
        got += decoder.feed(stream[start:end])
        assert len(decoder._pending) <= MAX_ENCODED
    assert ([raw(frame) for frame in got], decoder.errors) == expected(stream)
