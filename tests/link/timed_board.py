"""A made-up board behind a line with a rate, both ways, and a network that takes its time: for figures of time."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from firmware_host.flight import Flight
from firmware_host.link import Link
from firmware_host.outcome import Outcome
from firmware_host.protocol import MAX_ENCODED, Type
from tests.firmware_host.fake_board import FakeBoard, fake_board
from tests.link.faulty_line import Damage

BYTES_PER_S = 11_520  # 115,200 baud, 8N1
NETWORK_S = 0.005
MOST_FRAMES_IN_FLIGHT = 600  # of 4096 bytes in flight no frame takes fewer than seven, with its flush


def undamaged(data: bytes) -> bytes:
    return data


@dataclass
class TimedBoard(FakeBoard):
    """Bytes come when the line has carried them; the board answers when it has read, and its network has run."""

    damage: tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]] = (undamaged, undamaged)
    sent_at: float = 0.0  # clock at which the line to the board is free again
    answered_at: float = 0.0  # likewise to the host
    free_at: float = 0.0  # clock at which the board has done what came so far
    arriving: deque[tuple[float, bytes]] = field(default_factory=deque)

    def write(self, data: bytes) -> None:
        self.sent_at = max(self.sent_at, self.clock) + len(data) / BYTES_PER_S
        self.arriving.append((self.sent_at, self.damage[0](data)))

    def read(self, timeout_s: float) -> bytes:
        while self.arriving:
            at, data = self.arriving.popleft()
            self.free_at = max(self.free_at, at)
            for frame in self.decoder.feed(data):
                before = self.window[0]
                self.stats[0] += 1
                answers = self.respond(frame)
                self.free_at += NETWORK_S * (frame.type == Type.WINDOW and self.window[0] != before)
                for kind, payload in answers:
                    self.send(type(frame)(kind, frame.seq, payload))
        if not self.out or self.out[0][0] > self.clock + timeout_s:
            self.clock += timeout_s
            return b""
        at, data = self.out.popleft()
        self.clock = max(self.clock, at)
        return data

    def send(self, frame) -> None:
        super().send(frame)
        _, data = self.out.pop()
        self.answered_at = max(self.answered_at, self.free_at) + len(data) / BYTES_PER_S
        self.out.append((self.answered_at, self.damage[1](data)))


@dataclass(frozen=True)
class Flown:
    """A flight of windows over a line that damages a share of the bytes."""

    outcome: Outcome
    seconds: float  # of the modelled line
    frames: int  # both ways
    sent_bytes: int
    damaged_bytes: int


def fly(share: float, seed: int, count: int, samples: int) -> Flown:
    """Sends `count` windows of `samples` and checks each result, and on the way that all that is kept is bounded."""
    ways = Damage(share, 2 * seed), Damage(share, 2 * seed + 1)
    made = fake_board(raw_samples=samples)
    board = TimedBoard(made.hello, damage=ways)
    link = Link(board, board.now, random.Random(1))
    windows = np.random.default_rng(seed).integers(-30000, 30000, (64, samples, 6), np.int16)
    case = f"fly(share={share}, seed={seed}, count={count}, samples={samples})"

    def bounded(_settled: int) -> None:
        assert len(flight._flying) <= MOST_FRAMES_IN_FLIGHT and len(flight._begun) <= 2, case
        assert len(board.arriving) + len(board.out) <= 2 * MOST_FRAMES_IN_FLIGHT, case
        assert len(link._decoder._pending) <= MAX_ENCODED and len(board.decoder._pending) <= MAX_ENCODED, case

    flight = Flight(link, board.hello, count, lambda index: windows[index % 64], bounded)
    outcome = flight.run()
    answers = [board.answer(window) for window in windows]
    for index, result in enumerate(outcome.results):
        if result is not None:
            features, logits, crc = answers[index % 64]
            assert result.input_crc32 == crc, f"{case}: window {index}"
            assert (result.features == features).all() and (result.logits == logits).all(), f"{case}: window {index}"
    frames = link.traffic.frames_sent + board.stats[1]
    return Flown(outcome, board.clock, frames, link.traffic.bytes_sent, sum(way.count for way in ways))
