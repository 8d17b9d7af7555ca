"""The C frame codec against the golden frames and the `cobs` package, and the whole device against noise."""

import ctypes
import importlib.util
import json
import random
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from scl import toolchain

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "tests" / "firmware" / "fixture_model"
GOLDEN = ROOT / "tests" / "golden"
MAX_PAYLOAD, MAX_FRAME, MAX_WIRE = 1030, 1037, 1043
FRAMES = json.loads((GOLDEN / "frames.json").read_text())


class CFrame(ctypes.Structure):
    """scl_frame of protocol.h."""

    _fields_ = [
        ("type", ctypes.c_uint8),
        ("seq", ctypes.c_uint16),
        ("payload", ctypes.c_void_p),
        ("payload_size", ctypes.c_size_t),
    ]


class CReceiver(ctypes.Structure):
    """scl_receiver of protocol.h."""

    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("frames", "crc_errors", "framing_errors")),
        ("code", ctypes.c_uint8),
        ("left", ctypes.c_uint8),
        ("size", ctypes.c_size_t),
        ("buffer", ctypes.c_uint8 * MAX_FRAME),
    ]


class Codec:
    """protocol.c through libscl.so."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        library.scl_frame_encode.restype = ctypes.c_size_t
        library.scl_receiver_take.restype = ctypes.c_bool

    def encode(self, kind: int, seq: int, payload: bytes) -> bytes:
        wire = ctypes.create_string_buffer(MAX_WIRE)
        size = self.library.scl_frame_encode(
            wire, ctypes.c_uint8(kind), ctypes.c_uint16(seq), payload, ctypes.c_size_t(len(payload))
        )
        return wire.raw[:size]

    def receive(self, stream: bytes) -> tuple[list[tuple[int, int, bytes]], tuple[int, int, int]]:
        """The frames in `stream`, and the counts of good frames, CRC errors and framing errors."""
        receiver, frame, frames = CReceiver(), CFrame(), []
        ctypes.memset(ctypes.byref(receiver), 0xAA, ctypes.sizeof(receiver))
        self.library.scl_receiver_init(ctypes.byref(receiver))
        for byte in stream:
            if self.library.scl_receiver_take(ctypes.byref(receiver), ctypes.c_uint8(byte), ctypes.byref(frame)):
                payload = ctypes.string_at(frame.payload, frame.payload_size)
                frames.append((frame.type, frame.seq, payload))
        return frames, (receiver.frames, receiver.crc_errors, receiver.framing_errors)


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Codec:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    library = toolchain.build(FIXTURE, tmp_path_factory.mktemp("lib"), target="lib")
    return Codec(ctypes.CDLL(str(library)))


def wire_of(kind: int, seq: int, payload: bytes) -> bytes:
    body = bytes([kind]) + seq.to_bytes(2, "little") + payload
    return cobs.encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"


def fields(golden: dict) -> tuple[int, int, bytes]:
    return golden["type"], golden["seq"], bytes.fromhex(golden["payload_hex"])


@pytest.mark.parametrize("golden", FRAMES, ids=lambda golden: golden["name"])
def test_golden_frame(codec, golden):
    wire = bytes.fromhex(golden["wire_hex"])
    assert codec.encode(*fields(golden)) == wire
    assert codec.receive(wire) == ([fields(golden)], (1, 0, 0))


def test_golden_frames_are_what_their_script_writes():
    spec = importlib.util.spec_from_file_location("make_frames", GOLDEN / "make_frames.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.frames() == FRAMES


def test_golden_frames_in_one_stream(codec):
    """Empty frames, two zeros in a row, are ignored."""
    stream = b"\0" + b"\0".join(bytes.fromhex(golden["wire_hex"]) for golden in FRAMES) + b"\0\0"
    assert codec.receive(stream) == ([fields(golden) for golden in FRAMES], (len(FRAMES), 0, 0))


frames = st.tuples(st.integers(0, 255), st.integers(0, 0xFFFF), st.binary(max_size=MAX_PAYLOAD))


@given(frames)
def test_any_frame(codec, frame):
    wire = wire_of(*frame)
    assert codec.encode(*frame) == wire
    assert codec.receive(wire) == ([frame], (1, 0, 0))


@given(frames, frames, st.data())
def test_a_damaged_byte_costs_its_frame_only(codec, first, second, data):
    wire = bytearray(wire_of(*first))
    at = data.draw(st.integers(0, len(wire) - 2))
    wire[at] ^= data.draw(st.integers(1, 255))
    got, (good, crc, framing) = codec.receive(bytes(wire) + wire_of(*second))
    assert got == [second]
    assert good == 1 and crc + framing in (1, 2)  # two when the byte became a delimiter


def test_a_wrong_check_is_a_crc_error(codec):
    body = bytes([1, 2, 0, 1])
    wrong = cobs.encode(body + (zlib.crc32(body) ^ 1).to_bytes(4, "little")) + b"\0"
    assert codec.receive(wrong) == ([], (0, 1, 0))


@pytest.mark.parametrize(
    ("stream", "framing"),
    [
        (b"\x01\0", 1),  # no data at all
        (b"\x05\x01\x02\0", 1),  # run cut short
        (
            cobs.encode(b"\x01\x02\x03" + zlib.crc32(b"").to_bytes(3, "little")) + b"\0",
            1,
        ),  # 6 bytes: too few
        (b"\x55" * 5000, 0),  # no end yet
        (b"\x55" * 5000 + b"\0", 1),
        (cobs.encode(b"\x07" * (MAX_FRAME + 1)) + b"\0", 1),
    ],
    ids=["empty", "cut", "short", "endless", "noise", "long"],
)
def test_broken_framing(codec, stream, framing):
    assert codec.receive(stream) == ([], (0, 0, framing))
    after = (1, 9, b"ok")
    assert codec.receive(stream + b"\0" + wire_of(*after))[0] == [after]


def test_the_longest_frame_fits_and_a_longer_one_does_not(codec):
    longest = (0x42, 1, random.Random(0).randbytes(MAX_PAYLOAD))
    assert codec.receive(wire_of(*longest))[0] == [longest]
    assert codec.receive(wire_of(0x42, 1, bytes(MAX_PAYLOAD + 1))) == ([], (0, 0, 1))


@pytest.mark.parametrize(("name", "seeds"), [("plain", 1000), ("ecg", 200)])
def test_device_survives_anything(ecg_folder, tmp_path, name, seeds):
    """Fixed seeds under the sanitizers; a failure prints the seed, and `fuzz_device SEED 1` runs it again."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = {"plain": FIXTURE, "ecg": ecg_folder}[name]
    rooms = [f"-I{toolchain.FIRMWARE / 'src' / room}" for room in toolchain.ROOMS]
    program = tmp_path / "fuzz_device"
    flags = ["-std=c99", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-math-errno"]
    sources = [path for path in toolchain.sources(*toolchain.ROOMS) if path.name != "main.c"]
    tests = [ROOT / "tests" / "firmware" / name for name in ("fuzz_board.c", "fuzz_device.c")]
    subprocess.run(
        ["gcc", *flags, *rooms, f"-I{folder}", *sources, *tests, folder / "model_data.c", "-o", program], check=True
    )
    done = subprocess.run([program, "0", str(seeds)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
