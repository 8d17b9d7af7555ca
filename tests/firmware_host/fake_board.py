"""A board made up in memory, for faults that no real board shows on demand.

Real firmware runs in test_real_boards.py.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from firmware_host.hello import Hello
from firmware_host.messages import BoardError, ErrorCode, Hop, Probe, Result, Stats, Wanted
from firmware_host.protocol import ANSWER, PROTOCOL_VERSION, Decoder, Frame, Type, encode
from tests.bundles import CHANNELS, CLASSES, FEATURES, LABELS, MODEL_HASH, SAMPLES, network

OPERATORS = 4


def through(_number: int, frame: bytes) -> list[bytes]:
    return [frame]


def never(_frame: Frame) -> bool:
    return False


@dataclass
class FakeBoard:
    """The board's side of docs/PROTOCOL.md as a transport.

    It reads its receive ring only while the host waits, and stops at each answer, so the host has to keep the ring from
    overflowing by itself. It has a session from the start, for tests that leave the greeting out. `to_board` and
    `to_host` get (frame number, bytes) and return what becomes of it on the line.
    """

    hello: Hello
    to_board: Callable[[int, bytes], list[bytes]] = through
    to_host: Callable[[int, bytes], list[bytes]] = through
    delay_s: dict[int, float] = field(default_factory=dict)  # frame number -> how late it and all behind it come
    answer: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, int]] = network
    name: str = "fake"
    most_queued: int = 0  # bytes in the ring at the fullest, those that the line made up left out
    clock: float = 0.0  # moves only while the host waits
    ring: deque = field(default_factory=deque)
    out: deque = field(default_factory=deque)
    decoder: Decoder = field(default_factory=Decoder)
    stats: list = field(default_factory=lambda: [0, 0])  # frames the board took, frames it sent
    window: list = field(default_factory=lambda: [0, np.zeros((0, CHANNELS), np.int16)])  # wanted number, its counts
    result: bytes = b""  # the answer with the latest one
    keeps_bytes: int = 512  # of samples behind a gap
    kept: list = field(default_factory=list)  # window, sample and counts of what it keeps, one entry a sample
    writes: int = 0
    calibration: bytes = b""
    session: int = 1
    whole: bool = False  # a window has come in this session
    reset_before: Callable[[Frame], bool] = never  # asked for every frame that arrives
    comes_back: dict[str, object] = field(default_factory=dict)  # fields of HELLO that are others after a reset
    stream: list = field(default_factory=list)  # hop, samples consumed, hops, end
    sensor: Callable[[int], list[bytes]] | None = None  # CAPTURE payloads for a number of samples
    live: Callable[[int, int], list[bytes]] | None = None  # LIVE payloads for a hop and a number of them

    def write(self, data: bytes) -> None:
        arrived = self.to_board(self.writes, data)
        self.ring.extend((part, 0 if index else len(part)) for index, part in enumerate(arrived))
        self.writes += 1
        self.most_queued = max(self.most_queued, sum(size for _, size in self.ring))

    def now(self) -> float:
        return self.clock

    def read(self, timeout_s: float) -> bytes:
        while self.ring and not self.out:
            for frame in self.decoder.feed(self.ring.popleft()[0]):
                if self.reset_before(frame):
                    self.reset()
                self.stats[0] += 1
                for kind, payload in self.respond(frame):
                    self.send(Frame(kind, frame.seq, payload))
        ready = self.out[0][0] if self.out else float("inf")
        if ready > self.clock + timeout_s:
            self.clock += timeout_s
            return b""
        self.clock = max(self.clock, ready)
        return self.out.popleft()[1]

    def send(self, frame: Frame) -> None:
        ready = self.clock + self.delay_s.get(self.stats[1], 0.0)
        self.out.extend((ready, data) for data in self.to_host(self.stats[1], encode(frame)))
        self.stats[1] += 1

    def close(self) -> None:
        pass

    def reset(self) -> None:
        """Counters of what passed on the line stay the test's own."""
        self.hello = replace(self.hello, **{"calibration_hash": bytes(8)} | self.comes_back)
        self.session, self.whole, self.stream, self.stats[0] = 0, False, [], 0
        self.calibration = b""
        self.forget_windows()

    def forget_windows(self) -> None:
        self.window, self.result, self.kept = [0, np.zeros((0, CHANNELS), np.int16)], b"", []

    def greet(self, payload: bytes) -> Hello:
        named = int.from_bytes(payload[1:5], "little") if payload[0] == PROTOCOL_VERSION else 0
        if named not in (0, self.session):
            self.session, self.whole, self.stream = named, False, []
            self.forget_windows()
        return replace(self.hello, session=self.session)

    def respond(self, frame: Frame) -> list[tuple[int, bytes]]:
        kind, payload = frame.type, frame.payload
        if kind == Type.HELLO:
            return [(kind | ANSWER, self.greet(payload).pack())]
        if self.session == 0:
            return [(Type.ERROR, BoardError(ErrorCode.NO_SESSION, 0, 0).pack())]
        if kind in (Type.BENCH, Type.PROBE) and not self.whole:
            return [(Type.ERROR, BoardError(ErrorCode.NO_WINDOW, 0, 0).pack())]
        if kind in (Type.STREAM, Type.CALIBRATION):
            self.window[1], self.kept = self.window[1][:0], []
        if kind == Type.STATS:
            return [(kind | ANSWER, Stats(self.stats[0], self.decoder.errors, 0, 0).pack())]
        if kind == Type.BENCH:
            return [(kind | ANSWER, (1000).to_bytes(4, "little"))]
        if kind == Type.CALIBRATION:
            self.calibration = payload
            self.hello = replace(self.hello, calibration_hash=payload[:8])
            return [(kind | ANSWER, payload[:8])]
        if kind == Type.PROBE:
            operator, values = payload[0], np.arange(payload[0], payload[0] + 4, dtype=np.int8)
            return [(kind | ANSWER, Probe(10 + operator, 4, OPERATORS, values).pack())]
        if kind == Type.WINDOW:
            return self.take_chunk(payload)
        if kind == Type.STREAM:
            self.stream = [int.from_bytes(payload, "little"), 0, 0, 0]
            return [(kind | ANSWER, payload)]
        if kind == Type.CAPTURE and self.sensor is not None:
            return [(kind | ANSWER, block) for block in self.sensor(int.from_bytes(payload, "little"))]
        if kind == Type.LIVE and self.live is not None:
            hop, hops = int.from_bytes(payload[:2], "little"), int.from_bytes(payload[2:], "little")
            return [(kind | ANSWER, answer) for answer in self.live(hop, hops)]
        if kind == Type.SAMPLES:
            return self.take_samples(payload)
        return [(Type.ERROR, BoardError(ErrorCode.UNKNOWN_TYPE, 0, kind).pack())]

    def take_chunk(self, payload: bytes) -> list[tuple[int, bytes]]:
        number, start = (int.from_bytes(payload[at : at + 2], "little") for at in (0, 2))
        counts = np.frombuffer(payload, "<i2", offset=4).reshape(-1, CHANNELS)
        if (number, start) == (self.window[0], len(self.window[1])):
            self.push(counts)
            self.push_kept()
        else:
            self.keep(number, start, counts)
        if self.result and number == (self.window[0] - 1) & 0xFFFF:
            return [(Type.WINDOW | ANSWER, self.result)]
        return [(Type.WINDOW | ANSWER, Wanted(self.window[0], len(self.window[1]), None).pack())]

    def push(self, counts: np.ndarray) -> None:
        wanted, have = self.window
        have = self.window[1] = np.concatenate([have, counts])
        if len(have) == self.hello.raw_samples:
            self.whole = True
            features, logits, crc = self.answer(have)
            result = Result(int(logits.argmax()), 0, crc, 7, int(logits.argmax()), 0, features, logits)
            self.result = Wanted(wanted, len(have), result).pack()
            self.window = [(wanted + 1) & 0xFFFF, have[:0]]

    def place(self) -> tuple[int, int]:
        return self.window[0], len(self.window[1])

    def push_kept(self) -> None:
        while self.kept and self.kept[0][0] == self.place():
            self.push(self.kept.pop(0)[1][None])
        if self.kept and self.ahead(*self.kept[0][0]) <= len(self.window[1]):
            self.kept = []

    def ahead(self, number: int, start: int) -> int:
        """Samples from the beginning of the wanted window on; -1 for other windows than that and the next one."""
        windows = (number - self.window[0]) & 0xFFFF
        return windows * self.hello.raw_samples + start if windows <= 1 else -1

    def keep(self, number: int, start: int, counts: np.ndarray) -> None:
        """Samples behind a gap, without another one between them; not the last of the window after the wanted one."""
        raw, at = self.hello.raw_samples, self.ahead(number, start)
        last = at >= raw and start + len(counts) == raw
        joins = not self.kept or self.ahead(*self.kept[0][0]) + len(self.kept) == at
        fits = (len(self.kept) + len(counts)) * 2 * CHANNELS <= self.keeps_bytes
        begun = self.result or len(self.window[1])  # else it may be of the host before
        if begun and at > len(self.window[1]) and joins and fits and not last:
            self.kept += [((number, start + i), count) for i, count in enumerate(counts)]

    def take_samples(self, payload: bytes) -> list[tuple[int, bytes]]:
        """A class every `hop` samples once a whole window is in: the count of hops modulo the classes."""
        start, n = int.from_bytes(payload[:4], "little"), (len(payload) - 4) // (2 * CHANNELS)
        hop, consumed, hops, end = self.stream
        if start == consumed:
            for at in range(consumed + 1, consumed + n + 1):
                if at >= self.hello.window and (at - self.hello.window) % hop == 0:
                    hops, end, self.whole = hops + 1, at, True
            self.stream = [hop, consumed + n, hops, end]
        hop, consumed, hops, end = self.stream
        return [(Type.SAMPLES | ANSWER, Hop(consumed, hops, end, hops % CLASSES, 0, hops % CLASSES, 0).pack())]


def fake_board(**options: Any) -> FakeBoard:
    """A board whose HELLO says `raw_samples=..., protocol=..., ...`; other arguments are FakeBoard's."""
    fields: dict[str, Any] = {
        **{
            "protocol": PROTOCOL_VERSION,
            "model_hash": MODEL_HASH,
            "raw_samples": SAMPLES,
            "channels": CHANNELS,
            "window": SAMPLES,
        },
        **{"features": FEATURES, "classes": CLASSES, "max_payload": 1030, "tick_hz": 25_000_000},
        **{
            "calibration_hash": bytes(8),
            "session": 0,
            "input": 0,
            "receive": 4096,
            "board": "fake",
            "firmware": "0.0",
            "labels": LABELS,
        },
    }
    hello = Hello(**{name: options.pop(name, value) for name, value in fields.items()})
    return FakeBoard(hello, **options)
