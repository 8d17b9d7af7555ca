"""The firmware of every board, built with the fixture model and run: as a process, and on QEMU's boards.

Answers are compared with fixture_model/make_model.py, which computes them slowly from the written rules.
"""

import struct
from dataclasses import replace

import numpy as np
import pytest

from firmware_host.hello import Hello
from firmware_host.messages import BoardError, ErrorCode, Probe, Wanted, greeting, probe, samples_chunk, window_chunk
from firmware_host.protocol import ANSWER, Frame, Type, encode
from scl import __version__
from scl.frontend.flags import SATURATED
from scl.machines import instructions
from tests.firmware import boards_page
from tests.firmware.board_host import FIXTURE, check_result, model, some_counts


def test_fixture_model_is_what_its_script_writes():
    assert (FIXTURE / "model_data.c").read_text() == model.source()
    assert (FIXTURE / "model_data.h").read_text() == model.header()


def test_fixture_model_tells_windows_apart(rng):
    """Else a board could answer anything."""
    outputs = [model.network(model.quantized(some_counts(rng))[-model.WINDOW :]) for _ in range(20)]
    assert len({str(features) for features, _ in outputs}) == 20
    assert len({logits.index(max(logits)) for _, logits in outputs}) > 1


def test_hello(board):
    hello, tick_hz = board.hello, boards_page.table()[board.name].tick_hz
    assert hello == Hello(
        protocol=9, model_hash=model.HASH.hex(), raw_samples=20, channels=6, window=16, features=5, classes=3,
        max_payload=1030, tick_hz=tick_hz, calibration_hash=bytes(8), session=board.link.session, input=0, receive=4096,
        board=board.name, firmware=__version__, labels=model.LABELS,
    )  # fmt: skip


def test_hello_of_another_protocol_is_answered(board):
    """As one of a host that asks, whatever stands behind the version."""
    for payload in (b"\xfe", b"\x02", b"\x07", b"\x07\x01\x02\x03", b"\xfe\x01\x02\x03\x04"):
        assert Hello.parse(board.link.request(Type.HELLO, payload).payload) == board.hello


def test_a_session_ends_what_the_one_before_began(board, rng):
    """Window, stream and the newest window; calibration and counters stay. The same name again ends nothing."""
    link, counts = board.link, some_counts(rng)
    payload = b"unit0007" + np.concatenate([np.ones(3), np.eye(3).ravel()] * 2).astype(np.float32).tobytes()
    link.request(Type.CALIBRATION, payload)
    board.send_window(counts)
    number = board.wanted()
    assert (number, board.chunk(number, 0, counts[:8]).next) == (1, 8)
    assert link.ask() == replace(board.hello, calibration_hash=b"unit0007")
    link.request(Type.HELLO, greeting(link.session))
    assert board.chunk(number, 8, counts[8:]).result is not None  # goes on
    assert board.bench() > 0
    link.request(Type.STREAM, struct.pack("<H", 4))
    board.chunk(2, 0, counts[:8])
    frames = link.stats().frames
    hello = link.greet()
    assert hello == replace(board.hello, session=link.session, calibration_hash=b"unit0007")
    for window, start in ((2, 8), (1, 8), (2, 0)):  # neither the open window nor the result of the one before
        assert board.chunk(window, start, counts[start:]) == Wanted(0, 0, None)
    assert board.refusal(Type.SAMPLES, samples_chunk(0, counts)) == BoardError(ErrorCode.NOT_STREAMING, 0, 0)
    for kind, payload in ((Type.BENCH, b""), (Type.PROBE, probe(0, 0))):
        assert board.refusal(kind, payload) == BoardError(ErrorCode.NO_WINDOW, 0, 0)
    assert link.stats().frames > frames
    nominal = np.concatenate([np.zeros(3), np.eye(3).ravel()] * 2).astype(np.float32)
    link.request(Type.CALIBRATION, bytes(8) + nominal.tobytes())
    board.hello = link.ask()


def test_a_stream_with_a_class_has_a_window(board, rng):
    board.link.greet()
    board.link.request(Type.STREAM, struct.pack("<H", 4))
    counts = some_counts(rng, model.WINDOW)
    board.link.request(Type.SAMPLES, samples_chunk(0, counts[:-1]))
    assert board.refusal(Type.BENCH).code == ErrorCode.NO_WINDOW
    board.link.request(Type.SAMPLES, samples_chunk(model.WINDOW - 1, counts[-1:]))
    assert board.bench() > 0
    board.hello = board.link.ask()


@pytest.mark.parametrize("cuts", [(), (1,), (19,), (7, 14), tuple(range(1, 20))])
def test_window(board, rng, cuts):
    """Whole or in pieces; the 4 warm-up samples do not count."""
    counts = some_counts(rng)
    result = board.send_window(counts, cuts)
    assert result.flags == 0 and result.ticks > 0
    check_result(result, model.quantized(counts)[-model.WINDOW :])


@pytest.mark.parametrize("limit", [-32768, 32767])
@pytest.mark.parametrize("at", [0, 19])
def test_saturated_count_is_flagged(board, rng, limit, at):
    counts = some_counts(rng)
    counts[at, 2] = limit
    result = board.send_window(counts)
    assert result.flags == SATURATED
    check_result(result, model.quantized(counts)[-model.WINDOW :])
    assert not board.send_window(some_counts(rng)).flags


def test_chunks_in_a_random_order(board, rng):
    """And doubled, until the window is whole: a slow model of the board says what comes, and what is kept."""
    counts, number = some_counts(rng), board.wanted()
    before = board.chunk(number, 0, counts)
    assert before.result is not None
    number, upcoming = (number + 1) & 0xFFFF, 0
    kept: list[int] = []  # samples of this window and, from 20 on, of the next one
    while upcoming < len(counts):
        window = int(rng.choice([number, number, number, number - 1, number + 1, number - 2])) & 0xFFFF
        start = int(rng.choice([upcoming, upcoming, 0, *range(0, 20, 5)]))
        end = int(rng.integers(start, len(counts))) + 1
        samples = [((window - number) & 0xFFFF) * 20 + sample for sample in range(start, end)]
        if samples[0] == upcoming:
            upcoming = end
            if kept and kept[0] <= upcoming:
                upcoming += len(kept) * (kept[0] == upcoming)
                kept = []
        elif samples[0] > upcoming and samples[-1] < 39 and len(kept + samples) <= 42:
            kept += samples if not kept or kept[-1] + 1 == samples[0] else []
        answer = board.chunk(window, start, counts[start:end])
        if upcoming >= len(counts):
            break
        if window == (number - 1) & 0xFFFF:
            assert (answer.window, answer.next) == (window, 20)
            assert answer.pack() == before.pack()
        else:
            assert answer == Wanted(number, upcoming, None), (window, start, end)
    check_result(answer.result, model.quantized(counts)[-model.WINDOW :])
    assert board.chunk(number, 3, counts[3:]).pack() == answer.pack()
    assert board.bench() > 0
    assert board.chunk(number, 19, counts[19:]).pack() == answer.pack()  # whatever ran on the board since
    board.link.request(Type.STREAM, struct.pack("<H", 4))  # ends what may be begun of the next window


def test_what_ends_a_window_makes_it_wanted_from_its_start(board, rng):
    counts, number = some_counts(rng), board.wanted()
    nominal = bytes(8) + np.concatenate([np.zeros(3), np.eye(3).ravel()] * 2).astype(np.float32).tobytes()
    for kind, payload in ((Type.STREAM, struct.pack("<H", 4)), (Type.CALIBRATION, nominal)):
        assert board.chunk(number, 0, counts[:8]).next == 8
        board.link.request(kind, payload)
        assert board.chunk(number, 8, counts[8:]) == Wanted(number, 0, None)
        board.link.request(kind, payload)  # what was kept is forgotten too
    check_result(board.send_window(counts), model.quantized(counts)[-model.WINDOW :])


def test_many_windows_in_one_go(board, rng):
    """15 windows, 3.8 kB, more than one fits into the UART: the ring holds what comes while the network runs."""
    windows, first = [some_counts(rng) for _ in range(15)], board.wanted()
    frames = [Frame(Type.WINDOW, n, window_chunk(first + n, 0, counts)) for n, counts in enumerate(windows)]
    answers = board.raw(b"".join(map(encode, frames)))
    assert [frame.seq for frame in answers] == list(range(15))
    for frame, counts in zip(answers, windows, strict=True):
        check_result(Wanted.parse(frame.payload, board.hello).result, model.quantized(counts)[-model.WINDOW :])
    assert board.link.stats().overrun_bytes == 0


def test_damage_is_counted_and_passed_over(board):
    before = board.stats()
    wrong_crc = bytearray(encode(Frame(Type.HELLO, 1, b"\x01")))
    wrong_crc[-2] ^= 1 if wrong_crc[-2] != 1 else 2
    noise = bytes(range(1, 256)) * 9  # longer than any frame
    answers = board.raw(noise + b"\0" + bytes(wrong_crc) + b"\0\0\x07\x01\0" + encode(Frame(Type.HELLO, 6, b"\x01")))
    assert [(frame.type, frame.seq) for frame in answers] == [(Type.HELLO | ANSWER, 6)]
    after = board.stats()
    assert after.crc_errors - before.crc_errors == 1
    assert after.framing_errors - before.framing_errors == 2
    assert after.frames - before.frames == 3  # HELLO and two STATS


def test_refusals(board):
    assert board.refusal(0x42) == BoardError(ErrorCode.UNKNOWN_TYPE, 0, 0x42)
    assert board.refusal(Type.HELLO | ANSWER) == BoardError(ErrorCode.UNKNOWN_TYPE, 0, 0x81)
    for kind, payload in [
        (Type.HELLO, b""),
        (Type.BENCH, b"x"),
        (Type.STATS, b"x"),
        (Type.STREAM, b"\x01"),
        (Type.CAPTURE, bytes(5)),
        (Type.CALIBRATION, bytes(8 + 4 * 23)),
        (Type.WINDOW, b""),
        (Type.WINDOW, bytes(4)),
        (Type.WINDOW, bytes(15)),
        (Type.WINDOW, bytes(4 + 12 * 21)),  # past the window's end
        (Type.WINDOW, struct.pack("<HH", 0, 65535) + bytes(12)),
        (Type.SAMPLES, bytes(4)),
        (Type.SAMPLES, bytes(17)),
    ]:
        assert board.refusal(kind, payload) == BoardError(ErrorCode.BAD_LENGTH, 0, len(payload)), (kind, payload)
    assert board.refusal(Type.STREAM, bytes(2)) == BoardError(ErrorCode.BAD_VALUE, 0, 0)


def test_refused_chunk_changes_nothing(board, rng):
    counts = some_counts(rng)
    number = board.wanted()
    board.chunk(number, 0, counts[:10])
    assert board.refusal(Type.WINDOW, window_chunk(number, 10, counts[:11])).code == ErrorCode.BAD_LENGTH
    check_result(board.chunk(number, 10, counts[10:]).result, model.quantized(counts)[-model.WINDOW :])


def test_bench(board, rng):
    result = board.send_window(some_counts(rng))
    ticks = [board.bench() for _ in range(3)]
    if board.name == "native":
        assert min(ticks) > 0
        return
    counts = {instructions(t, board.hello.tick_hz) for t in ticks}
    assert len(counts) == 1  # the same every time
    assert result.ticks == pytest.approx(ticks[0], rel=0.1)
    products = 8 * 8 * 18 + 8 * 5 + 5 * 3
    assert products < counts.pop() < 40 * products


def test_probe_tells_what_each_operator_wrote(board, rng):
    counts = some_counts(rng)
    board.send_window(counts)
    expected = model.tensors(model.quantized(counts)[-model.WINDOW :])
    for operator, values in enumerate(expected):
        for offset in {0, 1, len(values) - 1}:
            found = Probe.parse(board.link.request(Type.PROBE, probe(operator, offset)).payload)
            assert (found.size, found.operators) == (len(values), len(expected))
            assert found.values.tolist() == values[offset:]
    if board.name != "native":
        ticks = [Probe.parse(board.link.request(Type.PROBE, probe(op, 0)).payload).ticks for op in range(len(expected))]
        counted = [instructions(t, board.hello.tick_hz) for t in ticks]
        assert sum(counted) == pytest.approx(instructions(board.bench(), board.hello.tick_hz), rel=0.05)


@pytest.mark.parametrize(("operator", "offset"), [(4, 0), (0xFFFF, 0), (3, 3), (0, 1 << 31)])
def test_probe_of_what_is_not_there(board, operator, offset):
    assert board.refusal(Type.PROBE, probe(operator, offset)) == BoardError(ErrorCode.BAD_VALUE, 0, 4)
    assert board.refusal(Type.PROBE, bytes(5)).code == ErrorCode.BAD_LENGTH


def test_calibration(board, rng):
    bias = rng.normal(0, 0.5, (2, 3)).astype(np.float32)
    alignment = (np.eye(3) + rng.normal(0, 0.05, (2, 3, 3))).astype(np.float32)
    payload = b"unit0042" + b"".join(bias[s].tobytes() + alignment[s].tobytes() for s in range(2))
    counts = some_counts(rng)
    assert board.link.request(Type.CALIBRATION, payload).payload == b"unit0042"
    check_result(board.send_window(counts), model.quantized(counts, bias, alignment)[-model.WINDOW :])
    assert Hello.parse(board.link.request(Type.HELLO, b"\x02").payload).calibration_hash == b"unit0042"

    for broken in (np.nan, np.inf):
        values = np.zeros(24, np.float32)
        values[17] = broken
        assert board.refusal(Type.CALIBRATION, bytes(8) + values.tobytes()) == BoardError(ErrorCode.BAD_VALUE, 0, 17)
    check_result(board.send_window(counts), model.quantized(counts, bias, alignment)[-model.WINDOW :])

    nominal = np.concatenate([np.zeros(3), np.eye(3).ravel()] * 2).astype(np.float32)
    board.link.request(Type.CALIBRATION, bytes(8) + nominal.tobytes())
    check_result(board.send_window(counts), model.quantized(counts)[-model.WINDOW :])


def test_no_sensor(board):
    assert board.refusal(Type.CAPTURE, struct.pack("<I", 10)) == BoardError(ErrorCode.NO_SENSOR, 0, 0)
