"""Writes corpus/, the inputs that fuzz_link.c starts from. Run it to make the folder anew.

They are the requests of tests/golden/frames.json, as bytes of the line and as the pieces that fuzz_link.c frames by
itself, and a few dialogues of such pieces that go through a window and a stream to their end.
"""

import json
import struct
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "frames.json"
RAW, PIECES = b"\x02", b"\x03"  # a greeted board, for bytes of the line and for pieces
LARGEST = 150  # bytes of a payload
HELLO, WINDOW, BENCH, STREAM, SAMPLES, CAPTURE, PROBE, LIVE, BEATS, DECIDE = 1, 2, 3, 4, 5, 8, 9, 10, 11, 12
HOP = 8  # streaming_model.py's


def piece(kind: int, payload: bytes = b"", how: int = 1) -> bytes:
    """A piece of fuzz_link.c; with `how` 1 it carries on what the board is at."""
    return struct.pack("<BBH", how, kind, len(payload)) + payload


def samples(count: int) -> bytes:
    """Samples of six channels behind a header that is filled in."""
    return bytes(4) + struct.pack(f"<{6 * count}h", *((-1) ** i * 97 * i for i in range(6 * count)))


def seeds() -> dict[str, bytes]:
    """Contents by file name."""
    found = {}
    for frame in json.loads(GOLDEN.read_text()):
        payload = bytes.fromhex(frame["payload_hex"])
        if frame["type"] < 0x10 and len(payload) <= LARGEST:
            name = frame["name"].replace(",", "").replace(" ", "_").lower()
            found[f"{name}.raw"] = RAW + bytes.fromhex(frame["wire_hex"])
            found[f"{name}.pieces"] = PIECES + piece(frame["type"], payload)
    # 41 samples or more are a whole window of every model here.
    window = piece(WINDOW, samples(5)) * 8 + piece(WINDOW, samples(1))
    stream = piece(STREAM, struct.pack("<H", HOP)) + piece(SAMPLES, samples(8)) * 7
    probe = piece(PROBE, struct.pack("<HI", 1, 0))
    found["window.pieces"] = PIECES + window + piece(BENCH) + probe
    found["stream.pieces"] = PIECES + stream + piece(BENCH) + probe
    found["two_hosts.pieces"] = PIECES + piece(WINDOW, samples(5)) + piece(HELLO, b"\x09\2\0\0\0") + window
    # Behind a lost chunk of window 0 (samples 5 to 9), in windows of 20 and of 40 samples; the lost one comes last.
    late = [(0, 0), *((0, at) for at in range(10, 40, 5)), (1, 0), (1, 5), (1, 10), (0, 5)]
    gap = b"".join(piece(WINDOW, struct.pack("<HH", *where) + samples(5)[4:], how=0) for where in late)
    found["gap.pieces"] = PIECES + gap + window
    beats = piece(BEATS, bytes(4))
    found["beats.pieces"] = PIECES + piece(STREAM, b"\1\0") + (piece(SAMPLES, samples(24)) + beats) * 8 + beats
    found["captures.pieces"] = PIECES + (piece(CAPTURE, struct.pack("<I", 20)) + piece(STREAM, b"\1\0")) * 3
    live = piece(LIVE, struct.pack("<HI", HOP, 3))
    found["lives.pieces"] = PIECES + live + piece(CAPTURE, struct.pack("<I", 90)) + window + live + stream + live
    settings = piece(DECIDE, struct.pack("<IIHH", 1 << 24, 1, 65_535, 32_768))
    found["decisions.pieces"] = PIECES + settings + stream + piece(DECIDE) + settings + window
    return found


if __name__ == "__main__":
    CORPUS.mkdir(exist_ok=True)
    for path in CORPUS.iterdir():
        path.unlink()
    for name, data in seeds().items():
        (CORPUS / name).write_bytes(data)
