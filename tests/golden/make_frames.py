"""Writes frames.json: frames of every type and edge, with their bytes on the wire. Run it to make the file anew.

Written from docs/PROTOCOL.md alone and shares no code with the two codecs that are tested against its output: struct
for the payloads, zlib for the check, and a slow, obvious COBS.
"""

import json
import struct
import zlib
from itertools import count
from pathlib import Path

MAX_PAYLOAD = 1030
HASH = bytes(range(32))


def cobs(raw: bytes) -> bytes:
    """Every run of non-zero bytes gets a code in front: its length + 1, which stands for the run and the zero after it.

    A run is cut after 254 bytes; its code 255 stands for no zero. A zero is imagined after the last byte, and a code
    that would stand for that one alone behind a full run is left out.
    """
    runs = raw.split(b"\0")
    out = b""
    for number, run in enumerate(runs):
        last = number == len(runs) - 1
        while len(run) >= 254:
            out += b"\xff" + run[:254]
            run = run[254:]
            if last and not run:
                return out
        out += bytes([len(run) + 1]) + run
    return out


def body(kind: int, seq: int, payload: bytes) -> bytes:
    head = struct.pack("<BH", kind, seq) + payload
    return head + struct.pack("<I", zlib.crc32(head))


def frame(name: str, kind: int, seq: int, payload: bytes = b"") -> dict:
    assert len(payload) <= MAX_PAYLOAD
    wire = cobs(body(kind, seq, payload)) + b"\0"
    return {"name": name, "type": kind, "seq": seq, "payload_hex": payload.hex(), "wire_hex": wire.hex()}


def counts(samples: int, channels: int = 6) -> bytes:
    values = [(-1) ** i * (i * 1021 % 32768) for i in range(samples * channels)]
    return struct.pack(f"<{len(values)}h", *values)


def without_zero(name: str, payload_size: int) -> dict:
    """A frame whose raw bytes hold no zero, the check included: the first filler byte for which that comes true."""
    for seed in count():
        payload = bytes(1 + (i * 7 + seed) % 255 for i in range(payload_size))
        if 0 not in body(0x42, 0x0101, payload):
            return frame(name, 0x42, 0x0101, payload)
    raise AssertionError("never")


def frames() -> list[dict]:
    text = "\n".join(["mps2-an386", "0.1.0", "walking", "jogging", "climbing (à pied)"]).encode()
    hello = (
        struct.pack("<B32s6HI8sI", 9, HASH, 200, 6, 200, 96, 3, MAX_PAYLOAD, 25_000_000, bytes(8), 0x89ABCDEF)
        + struct.pack("<BH", 0, 4096)
        + text
    )
    unnamed = struct.pack("<B32s6HI8sI", 9, HASH, 1, 640, 1, 0, 640, MAX_PAYLOAD, 25_000_000, bytes(8), 0x89ABCDEF)
    unnamed += struct.pack("<BH", 1, 4096) + b"mps2-an386\n0.1.0"
    many = struct.pack("<HHHBIIHH", 7, 1, 300, 0, 0x89ABCDEF, 123_456, 300, 0) + bytes(range(256)) * 2 + bytes(128)
    alignment = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    calibration = struct.pack("<24f", *[0.25, -0.5, 1.5, *alignment], *[-0.125, 0.0, 1e-3, *alignment])
    result = (
        struct.pack("<HHHBIIHH", 513, 200, 2, 1, 0x89ABCDEF, 123_456, 0xFFFE, 17_000)
        + bytes(range(200, 255))
        + bytes([0x80, 0, 0x7F])
    )
    of_beats = struct.pack("<B32s6HI8sI", 9, HASH, 1153, 1, 1, 4, 3, MAX_PAYLOAD, 25_000_000, bytes(8), 0x89ABCDEF)
    of_beats += struct.pack("<BH", 2, 4096) + b"mps2-an386\n0.1.0\nN\nS\nV"
    beat = struct.pack("<IIIHHBB", 11, 69_700, 69_990, 165, 2, 1, 100)
    rhythm = struct.pack("<HHBHHHHB", 654, 33, 25, 1, 2, 3, 5, 2)
    beat += rhythm + bytes([0x81, 0, 0x7F, 5, 6]) + bytes([1, 0xFF, 2, 0xFE]) + bytes([0xF0, 10, 110])
    unsure = struct.pack("<IIIHHBB", 12, 70_900, 71_300, 0, 0xFFFF, 2, 0)
    unsure += struct.pack("<HHBHHHHB", 0, 0, 0, 0, 0, 0, 0, 255) + bytes(5) + bytes(4) + bytes(3)
    abstained = struct.pack("<HHHBIIHH", 514, 200, 0xFFFF, 3, 1, 2, 0xFFFF, 0) + bytes(55) + bytes(3)
    off = struct.pack("<IIIHBHH", 70_010, 1398, 70_006, 0xFFFF, 2, 0xFFFF, 0)
    off_live = struct.pack("<IIIHBHH", 12, 70_040, 3, 0xFFFF, 2, 0xFFFF, 0) + bytes(58)
    return [
        frame("HELLO request", 0x01, 1, struct.pack("<BI", 9, 0x89ABCDEF)),
        frame("HELLO request that only asks", 0x01, 1, struct.pack("<BI", 9, 0)),
        frame("HELLO request, another protocol", 0x01, 2, b"\xfe"),
        frame("HELLO answer", 0x81, 1, hello),
        frame("HELLO answer, 640 classes without names", 0x81, 1, unnamed),
        frame("WINDOW first chunk", 0x02, 3, struct.pack("<HH", 513, 0) + counts(85)),
        frame("WINDOW last chunk", 0x02, 0x0400, struct.pack("<HH", 513, 199) + counts(1)),
        frame("WINDOW answer, more is wanted", 0x82, 3, struct.pack("<HH", 513, 85)),
        frame("WINDOW answer with a result", 0x82, 0x0400, result),
        frame("WINDOW answer with a result, abstained", 0x82, 0x0401, abstained),
        frame("WINDOW answer with a result, class 300 of 640", 0x82, 0x0402, many),
        frame("BENCH request", 0x03, 5),
        frame("BENCH answer", 0x83, 5, struct.pack("<I", 0x01000000)),
        frame("STREAM request", 0x04, 6, struct.pack("<H", 50)),
        frame("STREAM answer", 0x84, 6, struct.pack("<H", 50)),
        frame("SAMPLES request", 0x05, 7, struct.pack("<I", 70_000) + counts(5)),
        frame("SAMPLES answer", 0x85, 7, struct.pack("<IIIHBHH", 70_005, 1397, 70_001, 300, 0, 299, 32_768)),
        frame("SAMPLES answer, abstained", 0x85, 8, off),
        frame("CALIBRATION request", 0x06, 8, bytes(range(8)) + calibration),
        frame("CALIBRATION answer", 0x86, 8, bytes(range(8))),
        frame("STATS request", 0x07, 0xFFFF),
        frame("STATS answer", 0x87, 0xFFFF, struct.pack("<4I", 1000, 2, 3, 0xFFFFFFFF)),
        frame("CAPTURE request", 0x08, 10, struct.pack("<I", 3000)),
        frame("CAPTURE stop", 0x08, 11, struct.pack("<I", 0)),
        frame("CAPTURE block", 0x88, 10, struct.pack("<II", 160, 2) + counts(16)),
        frame("PROBE request", 0x09, 14, struct.pack("<HI", 3, 70_000)),
        frame("PROBE answer", 0x89, 14, struct.pack("<IIH", 123_456, 70_003, 7) + bytes([0x80, 0, 0x7F])),
        frame("LIVE request", 0x0A, 16, struct.pack("<HI", 50, 3000)),
        frame("LIVE end", 0x0A, 17, struct.pack("<HI", 0, 0)),
        frame("LIVE answer, how far it is", 0x8A, 17, struct.pack("<III", 12, 70_000, 3)),
        frame("LIVE answer of a hop", 0x8A, 16, struct.pack("<IIIHBHH", 11, 69_990, 3, 2, 1, 1, 20_000) + result[19:]),
        frame(
            "LIVE answer of a hop, abstained",
            0x8A,
            16,
            off_live,
        ),
        frame("DECIDE request", 0x0C, 20, struct.pack("<IIHH", 14_773, 3_693, 62_805, 8_192)),
        frame("DECIDE request that only asks", 0x0C, 21),
        frame("DECIDE answer", 0x8C, 20, struct.pack("<IIHH", 14_773, 3_693, 62_805, 8_192)),
        frame("HELLO answer, beats", 0x81, 1, of_beats),
        frame("BEATS request", 0x0B, 18, struct.pack("<I", 11)),
        frame("BEATS answer", 0x8B, 18, struct.pack("<IH", 13, 5) + beat + unsure),
        frame("BEATS answer, no beat", 0x8B, 19, struct.pack("<IH", 11, 5)),
        frame("ERROR unknown type", 0xFF, 12, struct.pack("<BHH", 1, 0, 0x42)),
        frame("ERROR bad length", 0xFF, 13, struct.pack("<BHH", 2, 513, 1024)),
        frame("ERROR no session", 0xFF, 14, struct.pack("<BHH", 7, 0, 0)),
        frame("ERROR no window", 0xFF, 15, struct.pack("<BHH", 8, 0, 0)),
        frame("ERROR wrong input", 0xFF, 16, struct.pack("<BHH", 9, 0, 2)),
        frame("ERROR no decision", 0xFF, 17, struct.pack("<BHH", 10, 0, 0)),
        frame("all zeros", 0x00, 0, bytes(20)),
        frame("largest payload, zeros", 0x42, 0, bytes(MAX_PAYLOAD)),
        without_zero("one byte short of a full COBS run", 246),
        without_zero("exactly a full COBS run", 247),
        without_zero("one byte past a full COBS run", 248),
        without_zero("exactly two full COBS runs", 501),
        without_zero("largest payload, no zero", MAX_PAYLOAD),
    ]


if __name__ == "__main__":
    target = Path(__file__).with_name("frames.json")
    target.write_text(json.dumps(frames(), indent=1) + "\n")
    print(f"{target}: {len(frames())} frames")
