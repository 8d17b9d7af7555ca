"""Every fault of every byte of every frame type, on the host's decoder and on the board's receiver.

The frame is rejected and the next one decoded, with these exceptions, in which nothing is lost or the delimiter is:
a doubled delimiter and a stray zero beside one make an empty frame, which is ignored; a stray code 0x01 behind a full
COBS run says nothing; without its delimiter a frame takes the next one with it. So a third frame follows the next.
"""

import ctypes
import json
import shutil
import subprocess
import zlib
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import pytest

from firmware_host.protocol import Decoder, Frame, Type, encode
from scl import toolchain
from tests.link.faulty_line import SOME_STRAYS, single_faults

FRAMES = json.loads((Path(__file__).parents[1] / "golden" / "frames.json").read_text())
WIRES = {golden["name"]: bytes.fromhex(golden["wire_hex"]) for golden in FRAMES}
NEXT = encode(Frame(Type.STATS, 0x4321)), encode(Frame(Type.BENCH, 0x4322))  # none of WIRES
SHORT_BYTES = 130  # every frame type has one that is no longer, but the blocks of samples
SHORTEST = ["BENCH request", "STATS request", "HELLO request, another protocol", "STREAM request"]
MIN_RAW, MAX_RAW = 7, 1037  # docs/PROTOCOL.md: type, seq and check, and up to 1030 bytes of payload


class CReceiver:
    """The board's receiver, compiled for this machine; `stream` in, the wire forms of its frames and counters out."""

    def __init__(self, library: Path) -> None:
        self._receive = ctypes.CDLL(str(library)).receive
        self._receive.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_char_p]
        self._receive.restype = ctypes.c_size_t
        self._counts = (ctypes.c_uint32 * 3)()
        self._out = ctypes.create_string_buffer(1 << 16)

    def __call__(self, stream: bytes) -> tuple[bytes, int, int]:
        size = self._receive(stream, len(stream), self._counts, self._out)
        good, crc, framing = self._counts
        return self._out[:size], good, crc + framing


def host(stream: bytes) -> tuple[bytes, int, int]:
    decoder = Decoder()
    frames = decoder.feed(stream)
    return b"".join(encode(frame) for frame in frames), len(frames), decoder.errors


@pytest.fixture(scope="module", params=["host", "board"])
def receiver(request, tmp_path_factory):
    if request.param == "host":
        return host
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    library = tmp_path_factory.mktemp("receive") / "receive.so"
    link = toolchain.FIRMWARE / "src" / "link"
    sources = [Path(__file__).parent / "receive.c", *(link / name for name in ("protocol.c", "cobs.c", "crc32.c"))]
    subprocess.run(["gcc", "-std=c99", "-O2", "-shared", "-fPIC", f"-I{link}", *sources, "-o", library], check=True)
    return CReceiver(library)


@lru_cache(1024)
def slow_decode(encoded: bytes) -> bytes | None:
    """COBS from the paper and the frame's length and check, once more: the raw frame, or None."""
    raw = bytearray()
    while encoded:
        code, run, encoded = encoded[0], encoded[1 : encoded[0]], encoded[encoded[0] :]
        if len(run) < code - 1:
            return None
        raw += run + (b"\0" if code < 0xFF and encoded else b"")
    if not MIN_RAW <= len(raw) <= MAX_RAW:
        return None
    return bytes(raw) if zlib.crc32(raw[:-4]) == int.from_bytes(raw[-4:], "little") else None


def expected(stream: bytes) -> tuple[list[bytes], int]:
    """Raw frames in `stream`, and how many of its parts between zeros are none."""
    parts = [part for part in stream.split(b"\0")[:-1] if part]
    raw = [slow_decode(part) for part in parts]
    return [frame for frame in raw if frame is not None], raw.count(None)


def check(receiver, wire: bytes, damaged: bytes, case: str) -> list[bytes]:
    """Nothing but frames that were sent comes out, and every part of the stream is counted; returns the wire forms."""
    stream = damaged + NEXT[0] + NEXT[1]
    frames, errors = expected(stream)
    got, good, bad = receiver(stream)
    assert (good, bad) == (len(frames), errors), case
    came = [part + b"\0" for part in got.split(b"\0")[:-1]]
    assert [slow_decode(part[:-1]) for part in came] == frames, case
    sent = [wire, *NEXT]
    assert came == [part for part in came if part in sent] and came[-1] == NEXT[1], case
    return came


def harmless(wire: bytes, damaged: bytes) -> bool:
    """Whether the frame is whole: an empty one beside it, or a code behind a full run that says nothing."""
    parts = [part for part in damaged.split(b"\0") if part]
    return (
        damaged.endswith(b"\0")
        and parts in ([wire[:-1]], [wire[:-1] + b"\x01"])
        and (parts == [wire[:-1]] or slow_decode(parts[0]) == slow_decode(wire[:-1]))
    )


def check_single(receiver, name: str, strays) -> int:
    wire, count = WIRES[name], 0
    for fault in single_faults(wire, strays):
        damaged = fault.on(wire)
        came = check(receiver, wire, damaged, f"{name}: {fault}")
        merged = fault.at == len(wire) - 1 and fault.kind in ("drop", "flip")
        frame = [wire] if harmless(wire, damaged) else []
        assert came == frame + list(NEXT[merged:]), f"{name}: {fault}"
        count += 1
    return count


LONG = [name for name, wire in WIRES.items() if len(wire) > 400 and not name.startswith("WINDOW")]


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.faults] if n in LONG else []) for n in WIRES])
def test_every_fault_of_every_byte(receiver, name):
    """Dropped, doubled, flipped in each bit, and preceded by the stray bytes that mean something to COBS."""
    assert check_single(receiver, name, SOME_STRAYS) == len(WIRES[name]) * (10 + len(SOME_STRAYS))


@pytest.mark.faults
@pytest.mark.parametrize("name", [name for name, wire in WIRES.items() if len(wire) <= SHORT_BYTES])
def test_every_stray_byte(receiver, name):
    check_single(receiver, name, range(256))


@pytest.mark.faults
@pytest.mark.parametrize("name", SHORTEST)
def test_every_pair_of_faults(receiver, name):
    """Two faults may undo each other: then the frame comes, and it is the one that was sent."""
    wire, rejected = WIRES[name], 0
    faults = list(single_faults(wire, SOME_STRAYS))
    for first, second in combinations(faults, 2):  # ordered by place, so the second does not move the first
        came = check(receiver, wire, first.on(second.on(wire)), f"{name}: {first}, {second}")
        rejected += wire not in came
    assert rejected > 0.9 * len(faults) * (len(faults) - 1) / 2
