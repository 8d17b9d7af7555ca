"""One suite over three lines: the loop in memory, the native board's pseudo-terminal, the emulated board's socket.

The boards hold the small model of test_real_boards.py, whose golden answers are TFLite Micro's.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from firmware_host import board as board_module
from firmware_host import emulator
from firmware_host.flight import Flight
from firmware_host.link import Link
from firmware_host.messages import Wanted, window_chunk
from firmware_host.protocol import Decoder, Type, encode
from firmware_host.protocol import Frame as WireFrame
from firmware_host.transport import Transport
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden
from tests.firmware_host.fake_board import fake_board
from tests.firmware_host.test_real_boards import NEEDS, build_folder, folder  # noqa: F401
from tests.link.faulty_line import FaultyLine

LINES = ["memory", "native", "emulator"]


@dataclass
class Line:
    """A board that was not greeted yet, windows for it, and the checks of the input that it has to answer."""

    transport: Transport
    windows: np.ndarray  # (n, samples, channels) int16
    input_crc32: list[int]
    now: Callable[[], float] | None = None

    def link(self, transport: Transport | None = None) -> Link:
        """A host on this line, or on one with faults around it."""
        return Link(transport or self.transport, **({"now": self.now} if self.now else {}))

    def fly(self, link: Link, count: int) -> None:
        """Greets, sends windows and compares."""
        hello = link.greet()
        outcome = Flight(link, hello, count, self.windows.__getitem__).run()
        assert (outcome.lost, outcome.stopped) == (0, "")
        assert [result.input_crc32 for result in outcome.results] == self.input_crc32[:count]


@pytest.fixture(params=LINES)
def line(request):
    if request.param == "memory":
        board = fake_board(session=0)
        board.session = 0
        windows = np.random.default_rng(4).integers(-30000, 30000, (9, 200, 6), np.int16)
        yield Line(board, windows, [board.answer(window)[2] for window in windows], board.now)
        return
    for tool in NEEDS[request.param]:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    request.getfixturevalue("build_folder")
    bundle = read_run_bundle(request.getfixturevalue("folder"))
    golden = read_golden(bundle)
    machine = "native" if request.param == "native" else "mps2-an386"
    firmware = board_module.build(bundle, machine)
    start = emulator.native(firmware) if machine == "native" else emulator.qemu(firmware, machine)
    with start as transport:
        yield Line(transport, golden.counts[0], golden.input_crc32[0].tolist())


def answer_bytes(line: Line) -> bytes:
    """What comes until nothing more does."""
    data = b""
    while piece := line.transport.read(0.5):
        data += piece
    return data


def test_a_clean_line(line):
    line.fly(line.link(), 9)


@pytest.mark.parametrize(
    ("percent", "seed"), [(0.1, 5), *(pytest.param(1, n, marks=pytest.mark.faults) for n in (5, 6))]
)
def test_a_damaged_line(line, percent, seed):
    line.fly(line.link(FaultyLine(line.transport, percent / 100, seed)), 3)


def test_nothing_is_answered_before_the_greeting(line):
    line.transport.write(encode(WireFrame(Type.STATS, 7)))
    (frame,) = Decoder().feed(answer_bytes(line))
    assert (frame.type, frame.seq) == (Type.ERROR, 7)
    line.fly(line.link(), 2)


def test_boot_text_and_half_a_frame_before_the_greeting(line):
    """Text of a boot loader in the board's ear and half a frame of a host that died: flushed, counted, forgotten."""
    line.transport.write(b"ets Jun  8 2016 00:22:57\r\nrst:0x1\r\n" + encode(WireFrame(Type.BENCH, 3))[:5])
    line.fly(line.link(), 2)


def test_a_host_that_died_in_mid_frame(line):
    """At every tenth byte of a chunk: the next host has a session of its own, and right answers."""
    chunk = encode(WireFrame(Type.WINDOW, 1, window_chunk(0, 0, line.windows[5][:20])))
    for at in range(1, len(chunk), 10):
        link = line.link()
        link.greet()
        line.transport.write(chunk[:at])
    line.fly(line.link(), 2)


def test_chunks_out_of_turn_change_nothing(line):
    """Doubled, stale and far ahead, the board says what it wants, and the window comes out right."""
    link = line.link()
    hello = link.greet()

    def wanted(number: int, start: int, n: int) -> int:
        chunk = window_chunk(number, start, line.windows[0][start : start + n])
        return Wanted.parse(link.request(Type.WINDOW, chunk).payload, hello).next

    assert [wanted(0, 0, 20), wanted(0, 0, 20), wanted(0, 40, 20), wanted(9, 0, 20), wanted(0xFFFF, 0, 1)] == [20] * 5
    line.fly(link, 2)


class Chunks:
    """Sends chunks of the line's windows to a greeted board."""

    def __init__(self, line: Line) -> None:
        self.line, self.link = line, line.link()
        self.hello = self.link.greet()

    def answer(self, number: int, start: int, n: int) -> Wanted:
        chunk = window_chunk(number, start, self.line.windows[number % 9][start : start + n])
        return Wanted.parse(self.link.request(Type.WINDOW, chunk).payload, self.hello)

    def wanted(self, start: int, n: int) -> int:
        return self.answer(0, start, n).next


def test_chunks_behind_a_gap_are_kept(line):
    """One behind the other up to 512 bytes, until the gap is closed."""
    chunks = Chunks(line)
    assert [chunks.wanted(*at) for at in ((0, 9), (18, 9), (27, 9), (9, 9))] == [9, 9, 9, 36]
    assert [chunks.wanted(*at) for at in ((37, 42), (79, 1), (36, 1))] == [36, 36, 79]  # 504 bytes, 516 bytes
    assert [chunks.wanted(*at) for at in ((81, 43), (79, 2))] == [79, 81]  # 516 bytes
    assert [chunks.wanted(*at) for at in ((90, 5), (96, 5), (81, 9), (95, 1))] == [81, 81, 95, 96]  # behind another gap
    assert [chunks.wanted(*at) for at in ((100, 5), (96, 9))] == [96, 105]  # has come another way


def test_the_beginning_of_the_next_window_is_kept(line):
    """Whether its whole end is missing or a part of it. The result is the wanted window's all the same."""
    chunks = Chunks(line)
    raw = chunks.hello.raw_samples
    for number, behind in ((0, 0), (1, 4)):
        for start in range(9 * number, raw - 10, 80):
            chunks.answer(number, start, min(80, raw - 10 - start))
        if behind:
            chunks.answer(number, raw - behind, behind)
        assert chunks.answer(number + 1, 0, 9).next == raw - 10
        answer = chunks.answer(number, raw - 10, 10 - behind)
        assert (answer.window, answer.next) == (number, raw) and answer.result.input_crc32 == line.input_crc32[number]
        answer = chunks.answer(number + 1, 20, 1)
        assert (answer.window, answer.next) == (number + 1, 9)


def test_what_ends_a_window_ends_what_is_kept(line):
    chunks = Chunks(line)
    values = np.tile([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1], 2).astype("<f4").tobytes()
    for kind, payload in ((Type.STREAM, b"\4\0"), (Type.CALIBRATION, bytes(8) + values)):
        assert [chunks.wanted(*at) for at in ((0, 9), (18, 9))] == [9, 9]
        chunks.link.request(kind, payload)
        assert [chunks.wanted(*at) for at in ((0, 9), (9, 9))] == [9, 18]
        chunks.link.greet()
    assert [chunks.wanted(*at) for at in ((18, 9), (0, 18))] == [0, 18]  # came before the session's first sample


@pytest.mark.parametrize(("seed", "count"), [(0, 250), pytest.param(1, 700, marks=pytest.mark.faults)])
def test_chunks_in_any_order(line, seed, count):
    """Every answer is that of the board made up in memory, and every result the right one."""
    chunks, rng = Chunks(line), np.random.default_rng(seed)
    raw = chunks.hello.raw_samples
    board = fake_board(raw_samples=raw)
    for _ in range(count):
        place = board.window[0], len(board.window[1]) - 1
        base = board.kept[-1][0] if board.kept and rng.random() < 0.5 else place
        at = base[0] * raw + base[1] + 1 + int(rng.choice([0, 0, 0, 1, 9, -3, 30]))
        number, start = divmod(max(0, at), raw)
        n = min(int(rng.choice([1, 9, 9, 20, 42, 60])), raw - start)
        answer = chunks.answer(number, start, n)
        payload = window_chunk(number, start, line.windows[number % 9][start : start + n])
        ((_kind, expected),) = board.take_chunk(payload)
        right = Wanted.parse(expected, board.hello)
        assert (answer.window, answer.next) == (right.window, right.next), (number, start, n)
        if answer.result:
            assert answer.result.input_crc32 == line.input_crc32[answer.window % 9]
    assert board.window[0] > 3


def test_a_host_that_stops_reading(line):
    """The board is asked for more than it can be rid of; when the host reads again, what comes is whole frames."""
    link = line.link()
    request, most = encode(WireFrame(Type.STATS, 9)), link.greet().receive // 16
    for _ in range(most // 2):
        line.transport.write(request)
    decoder = Decoder()
    frames = decoder.feed(answer_bytes(line))
    assert decoder.errors == 0 and 1 <= len(frames) <= most // 2
    assert {frame.type for frame in frames} == {Type.STATS | 0x80}
    line.fly(line.link(), 2)


def test_two_hosts_on_one_board(line):
    """The second takes the session; the first notices by asking, and its late chunk is refused by number."""
    first, second = line.link(), line.link()
    hello = first.greet()
    first.request(Type.WINDOW, window_chunk(0, 0, line.windows[0][:20]))
    second.greet()
    assert first.ask().session == second.session != first.session
    answer = first.request(Type.WINDOW, window_chunk(0, 20, line.windows[0][20:40]))
    assert Wanted.parse(answer.payload, hello).next == 0  # nothing of the first host's window is kept
    answer = second.request(Type.WINDOW, window_chunk(0, 0, line.windows[1][:20]))
    assert Wanted.parse(answer.payload, hello).next == 20
    second.greet()
    line.fly(second, 2)


def test_a_second_host_in_mid_flight(line):
    """The first ends with the cause named, and believes nothing of the other's session."""
    first, second = line.link(), line.link()
    hello = first.greet()

    def intrude(settled: int) -> None:
        if settled == 2:
            second.greet()

    outcome = Flight(first, hello, 6, line.windows.__getitem__, intrude).run()
    assert "another program speaks to it too: close that one and start again" in outcome.stopped
    assert [r.input_crc32 for r in outcome.results if r] == line.input_crc32[: 6 - outcome.lost]
    line.fly(second, 2)
