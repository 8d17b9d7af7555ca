"""docs/PROTOCOL.md is enough to write a client from: independent_client.py against the native and the emulated board.

Answers are compared with fixture_model/make_model.py.
"""

import hashlib
import math
import random
import shutil
import socket
import struct
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from scl.machines import qemu_command
from tests.firmware.beat_model import BeatModel, recording
from tests.firmware.board_host import model
from tests.firmware.independent_client import (
    BAD_LENGTH,
    BAD_VALUE,
    BEATS,
    BENCH,
    CALIBRATION,
    CAPTURE,
    DECIDE,
    HELLO,
    LIVE,
    NO_SENSOR,
    NO_SESSION,
    NO_WINDOW,
    NOT_STREAMING,
    PROBE,
    SAMPLES,
    STATS,
    STREAM,
    UNKNOWN_TYPE,
    WINDOW,
    WRONG_INPUT,
    Client,
    RefusedError,
    frame,
    on_socket,
    on_terminal,
)

NOMINAL = struct.pack("<24f", *([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1] * 2))


@contextmanager
def connected(firmware: Path, board: str, *more: str) -> Iterator[Client]:
    """A client of the program, started on the native or an emulated board."""
    if board == "native":
        with subprocess.Popen([firmware, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield on_terminal(process.stdout.readline().split()[1])
            process.kill()
        return
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = f"tcp:127.0.0.1:{server.getsockname()[1]},nodelay=on"
        with subprocess.Popen([*qemu_command(firmware, board), "-serial", line]) as process:
            server.settimeout(20)
            connection = server.accept()[0]
            yield on_socket(connection)
            process.kill()


@pytest.fixture(params=["native", "mps2-an386"])
def client(request, fixture_firmware):
    if request.param != "native" and shutil.which("qemu-system-arm") is None:
        pytest.skip("qemu-system-arm is not installed")
    with connected(fixture_firmware(request.param), request.param) as client:
        yield client


def refused(client: Client, kind: int, payload: bytes = b"") -> tuple[int, int, int]:
    with pytest.raises(RefusedError) as error:
        client.ask(kind, payload)
    return error.value.code, error.value.window, error.value.detail


def some(rng: random.Random) -> list[list[int]]:
    return [[rng.randrange(-4000, 4000) for _ in range(6)] for _ in range(20)]


def check(result: bytes, counts: list[list[int]]) -> None:
    inputs = model.quantized(np.array(counts, np.int16))[-model.WINDOW :]
    features, logits = model.network(inputs)
    predicted, flags, crc, _ticks, decided, confidence = struct.unpack_from("<HBIIHH", result)
    assert (crc, flags, predicted) == (zlib.crc32(inputs.tobytes()), 0, logits.index(max(logits)))
    assert list(struct.unpack(f"{len(features) + len(logits)}b", result[15:])) == [*features, *logits]
    shares = [2 ** ((logit - max(logits)) * model.DECISION[0] / 65536) for logit in logits]
    assert decided == predicted and abs(confidence / 32768 - max(shares) / sum(shares)) < 2**-14


def test_the_whole_protocol(client):
    rng = random.Random(5)
    for kind in (WINDOW, BENCH, STREAM, SAMPLES, CALIBRATION, STATS, CAPTURE, PROBE, LIVE, BEATS, DECIDE, 0x42):
        assert refused(client, kind, b"x") == (NO_SESSION, 0, 0)
    assert client.hello().session == 0
    assert client.hello(7, protocol=2).session == 0  # names none
    assert refused(client, HELLO) == (BAD_LENGTH, 0, 0)
    board = client.hello(0x12345678)
    assert (board.protocol, board.session, board.calibration) == (9, 0x12345678, bytes(8))
    assert (board.raw_samples, board.channels, board.window, board.features, board.classes) == (20, 6, 16, 5, 3)
    assert tuple(board.labels) == model.LABELS and board.model.hex() == model.HASH.hex() and board.max_payload == 1030
    assert (board.input, board.receives) == (0, 4096)

    assert refused(client, 0x42) == (UNKNOWN_TYPE, 0, 0x42)
    assert refused(client, BENCH) == refused(client, PROBE, struct.pack("<HI", 0, 0)) == (NO_WINDOW, 0, 0)
    assert refused(client, SAMPLES, bytes(5)) == (BAD_LENGTH, 0, 5)
    assert refused(client, SAMPLES, bytes(16)) == (NOT_STREAMING, 0, 0)
    assert refused(client, WINDOW, struct.pack("<HH", 9, 20) + bytes(12)) == (BAD_LENGTH, 9, 16)
    assert refused(client, CAPTURE, struct.pack("<I", 5)) == (NO_SENSOR, 0, 0)
    assert client.ask(CAPTURE, bytes(4)) == bytes(8)
    assert refused(client, LIVE, bytes(5)) == (BAD_LENGTH, 0, 5)
    assert refused(client, LIVE, struct.pack("<HI", 0, 1)) == (BAD_VALUE, 0, 0)
    assert refused(client, LIVE, struct.pack("<HI", 4, 1)) == (NO_SENSOR, 0, 0)
    assert client.ask(LIVE, bytes(6)) == bytes(12)
    assert refused(client, BEATS, bytes(5)) == (BAD_LENGTH, 0, 5)
    assert refused(client, BEATS, bytes(4)) == (WRONG_INPUT, 0, 0)
    exported = struct.pack("<IIHH", *model.DECISION)
    assert client.ask(DECIDE) == exported
    assert refused(client, DECIDE, bytes(11)) == (BAD_LENGTH, 0, 11)
    assert refused(client, DECIDE, bytes(12)) == (BAD_VALUE, 0, 0)
    others = struct.pack("<IIHH", 3000, 700, 60_000, 9000)
    assert client.ask(DECIDE, others) == client.ask(DECIDE) == others
    assert client.hello(0x12345678) and client.ask(DECIDE) == others  # the same session
    assert client.hello(0x12345679) and client.ask(DECIDE) == exported
    client.hello(0x12345678)

    first, second = some(rng), some(rng)
    assert client.chunk(0, 0, first[:8]) == (0, 8, b"")
    assert client.chunk(0, 0, first[:8]) == client.chunk(0, 12, first[12:]) == client.chunk(1, 0, second) == (0, 8, b"")
    assert client.hello(0x12345678).session == client.hello().session == 0x12345678  # ends nothing
    assert client.chunk(0, 8, first[8:18]) == (0, 18, b"")
    assert refused(client, BENCH) == (NO_WINDOW, 0, 0)  # 18 of 16 samples, of a window that is not finished
    window, upcoming, result = client.chunk(0, 18, first[18:])
    assert (window, upcoming) == (0, 20)
    check(result, first)
    assert client.chunk(1, 0, second[:5])[:2] == (1, 5)
    assert client.chunk(0, 19, first[19:]) == (0, 20, result)  # again, and the open window stays
    check(client.chunk(1, 5, second[5:])[2], second)
    assert client.chunk(0, 0, first) == (2, 0, b"")  # older than the latest
    assert client.chunk(2, 9, second[9:]) == client.chunk(3, 0, first[:8]) == (2, 0, b"")  # kept, one behind the other
    assert client.chunk(2, 4, second[4:6]) == client.chunk(3, 0, second[:8]) == (2, 0, b"")  # have no room behind them
    check(client.chunk(2, 0, second[:9])[2], second)
    check(client.chunk(3, 8, first[8:])[2], first)

    assert struct.unpack("<I", client.ask(BENCH))[0] > 0
    tensors = model.tensors(model.quantized(np.array(first, np.int16))[-model.WINDOW :])
    for operator, values in enumerate(tensors):
        ticks, size, operators = struct.unpack_from("<IIH", client.ask(PROBE, struct.pack("<HI", operator, 1)))
        assert (size, operators) == (len(values), len(tensors)) and ticks >= 0
        came = client.ask(PROBE, struct.pack("<HI", operator, 1))[10:]
        assert list(struct.unpack(f"{len(came)}b", came)) == values[1:]
        assert refused(client, PROBE, struct.pack("<HI", operator, size)) == (BAD_VALUE, 0, len(tensors))

    assert client.chunk(4, 0, first[:4])[:2] == (4, 4)
    assert refused(client, STREAM, bytes(2)) == (BAD_VALUE, 0, 0)
    assert client.ask(STREAM, struct.pack("<H", 4)) == struct.pack("<H", 4)
    assert client.chunk(4, 4, first[4:]) == (4, 0, b"")  # the stream has ended the window, and goes on
    assert client.samples(0, first)[:3] == (20, 2, 20)
    assert client.samples(0, first)[:3] == (20, 2, 20)  # once more: changes nothing
    client.ask(STREAM, struct.pack("<H", 5))
    assert client.samples(0, [*first, *second])[:3] == (40, 5, 36)  # after 16, 21, 26, 31 and 36

    values = struct.pack("<24f", 0.5, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, *[0, 0.25, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1])
    digest = hashlib.sha256(values).digest()[:8]
    assert client.ask(CALIBRATION, digest + values) == digest
    assert refused(client, SAMPLES, struct.pack("<I", 20) + bytes(12)) == (NOT_STREAMING, 0, 0)
    assert refused(client, CALIBRATION, digest) == (BAD_LENGTH, 0, 8)
    assert refused(client, CALIBRATION, digest + struct.pack("<f", math.nan) * 24) == (BAD_VALUE, 0, 0)
    assert client.hello().calibration == digest
    assert client.ask(CALIBRATION, bytes(8) + NOMINAL) == bytes(8)

    before = struct.unpack("<4I", client.ask(STATS))
    client.write(b"\x07\x01\0" + frame(STATS, 1, b"")[:-2] + b"\x55\0")
    after = struct.unpack("<4I", client.ask(STATS))
    assert after[0] == before[0] + 1 and sum(after[1:3]) == sum(before[1:3]) + 2 and after[3] == 0

    assert client.hello(0x9ABC).session == 0x9ABC
    assert client.chunk(2, 4, first[4:]) == (0, 0, b"")
    assert refused(client, BENCH) == (NO_WINDOW, 0, 0)
    check(client.chunk(0, 0, second)[2], second)


@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_heartbeats(make_firmware, tmp_path, board):
    """Records as the page has them, held against numpy and TensorFlow Lite Micro."""
    counts = recording(0.4)
    beats = BeatModel.of(counts, "causal")
    beats.write(tmp_path)
    due, seen, total, sent = beats.expected(counts), [], 0, 0
    with connected(make_firmware(board, tmp_path, tmp_path / "out"), board) as client:
        hello = client.hello(0x7777)
        assert (hello.input, hello.window, hello.channels, hello.classes) == (2, 1, 1, 3)
        assert refused(client, WINDOW, bytes(6)) == (WRONG_INPUT, 0, 2)
        assert refused(client, STREAM, struct.pack("<H", 2)) == (BAD_VALUE, 0, 0)
        client.ask(STREAM, struct.pack("<H", 1))
        while sent < len(counts):
            chunk = counts[sent : sent + 16].tolist()  # 8 of the model's samples
            sent, hops, *latest = client.samples(sent, chunk)
            if hops > total:
                seen += records(client.ask(BEATS, struct.pack("<I", total)), hops, hello)
                assert latest == [*(seen[-1][i] for i in (2, 4, 5)), seen[-1][4], 0]  # end, class, flags, decision
                total = hops
    assert seen == [
        (each.number, each.sample, each.end, each.interval, each.predicted, each.flags, each.margin,
         *astuple(each.rhythm), *each.inputs.tolist(), *each.features.tolist(), *each.logits.tolist())
        for each in due
    ] and len(due) > 15  # fmt: skip


def records(payload: bytes, hops: int, hello) -> list[tuple[int, ...]]:
    """Every number of each record of a BEATS answer."""
    total, inputs = struct.unpack_from("<IH", payload)
    assert total == hops
    return list(struct.iter_unpack(f"<IIIHHBBHHBHHHHB{inputs + hello.features + hello.classes}b", payload[6:]))


def test_live_and_a_capture_beside_it(fixture_firmware, tmp_path):
    """Answers unasked, each of the samples that the blocks hold up to its `end`; the end says how far it was."""
    rng = random.Random(6)
    samples = [[rng.randrange(-4000, 4000) for _ in range(6)] for _ in range(2000)]
    (tmp_path / "sensor.raw").write_bytes(b"".join(struct.pack("<6h", *sample) for sample in samples))
    more = ("--sensor", str(tmp_path / "sensor.raw"), "--sensor-rate", "4000")
    with connected(fixture_firmware("native"), "native", *more) as client:
        client.hello(0x5555)
        client.write(frame(CAPTURE, 1, struct.pack("<I", 0xFFFFFFFF)) + frame(LIVE, 2, struct.pack("<HI", 4, 12)))
        held, answers, begin = {}, [], None
        while len(answers) < 12 or max(held) < answers[-1][1] - 1:
            kind, seq, came = client.receive()
            if (kind, seq) == (CAPTURE | 0x80, 1):
                start, dropped = struct.unpack_from("<II", came)
                block = [list(sample) for sample in struct.iter_unpack("<6h", came[8:])]
                held |= {start + number: sample for number, sample in enumerate(block)}
                assert dropped == 0
            elif len(came) == 12:
                assert (kind, seq, begin) == (LIVE | 0x80, 2, None)
                number, begin, dropped = struct.unpack("<III", came)
                assert number == dropped == 0
            else:
                assert (kind, seq) == (LIVE | 0x80, 2)
                answers.append(struct.unpack_from("<IIIHBHH", came) + (came[19:],))
        assert struct.unpack("<III", client.ask(LIVE, bytes(6))) == (12, answers[-1][1], 0)
        assert refused(client, LIVE, struct.pack("<HI", 0, 5)) == (BAD_VALUE, 0, 0)
    for expected, (number, end, dropped, predicted, flags, decided, _confidence, outputs) in enumerate(answers):
        assert (number, end, dropped, flags) == (expected, begin + model.WINDOW + 4 * expected, 0, 0)
        counts = np.array([held[at] for at in range(begin, end)], np.int16)
        features, logits = model.network(model.quantized(counts)[-model.WINDOW :])
        assert list(struct.unpack(f"{len(outputs)}b", outputs)) == [*features, *logits]
        assert predicted == decided == logits.index(max(logits))
