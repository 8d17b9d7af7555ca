"""The codec against hand-made bytes, a slow COBS, and damaged input."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.protocol import MAX_ENCODED, MAX_PAYLOAD, Decoder, Frame, Type, decode, encode, wire_size

frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 0xFFFF), st.binary(max_size=MAX_PAYLOAD))


def slow_cobs(data: bytes) -> bytes:
    """Straight from the paper: a run of up to 254 non-zero bytes gets its length + 1 in front; a zero ends it early."""
    out, run = bytearray(), bytearray()
    for byte in data:
        if byte:
            run.append(byte)
        if not byte or len(run) == 254:
            out += bytes([len(run) + 1]) + run
            run.clear()
            ended_full = bool(byte)
    if run or not data or not ended_full or not data[-1]:
        out += bytes([len(run) + 1]) + run
    return bytes(out)


def test_known_bytes():
    """HELLO with seq 2 and a payload of one byte, worked out by hand from the frame's layout."""
    body = bytes([0x01, 0x02, 0x00, 0x01])
    crc = zlib.crc32(body).to_bytes(4, "little")
    assert 0 not in crc
    assert encode(Frame(Type.HELLO, 2, b"\x01")) == bytes([3, 0x01, 0x02, 6, 0x01]) + crc + b"\0"


@given(frames)
def test_wire_form(frame):
    body = bytes([frame.type]) + frame.seq.to_bytes(2, "little") + frame.payload
    encoded = encode(frame)
    assert encoded == slow_cobs(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"
    assert len(encoded) <= wire_size(len(frame.payload)) <= MAX_ENCODED + 1


@given(st.lists(frames, max_size=4), st.lists(st.integers(0, 4000), max_size=6))
def test_any_split_of_the_stream_gives_the_same_frames(sent, cuts):
    stream = b"\0".join(encode(frame) for frame in sent)  # empty frames between them are ignored
    decoder, got = Decoder(), []
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in zip(edges, edges[1:], strict=False):
        got += decoder.feed(stream[start:end])
    assert got == sent
    assert decoder.errors == 0


@given(frames, frames, st.data())
def test_a_damaged_byte_costs_its_frame_only(first, second, data):
    wire = bytearray(encode(first))
    at = data.draw(st.integers(0, len(wire) - 2))
    wire[at] ^= data.draw(st.integers(1, 255))
    decoder = Decoder()
    assert decoder.feed(bytes(wire) + encode(second)) == [second]
    assert decoder.errors in (1, 2)  # two when the byte became a delimiter


def test_endless_noise_is_one_error_and_takes_no_memory():
    decoder = Decoder()
    for _ in range(100):
        assert decoder.feed(b"\x55" * 1000) == []
    assert decoder.errors == 1
    assert len(decoder._pending) <= MAX_ENCODED
    good = Frame(Type.STATS, 9)
    assert decoder.feed(b"\0" + encode(good)) == [good]


@given(st.binary(max_size=80).map(lambda data: data.replace(b"\0", b"")))
def test_garbage_is_no_frame(garbage):
    assert decode(garbage) is None


def test_payload_too_long():
    with pytest.raises(ValueError, match="1031 bytes .* 1030"):
        encode(Frame(Type.WINDOW, 0, bytes(MAX_PAYLOAD + 1)))
