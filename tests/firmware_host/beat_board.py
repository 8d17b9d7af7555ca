"""A board of heartbeats made up in memory: it answers given records when their samples have come."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from firmware_host.beats import KEPT, BeatRecord, BeatsAnswer
from firmware_host.hello import Hello, InputKind
from firmware_host.messages import BoardError, ErrorCode, Hop, LiveAnswer, LiveProgress
from firmware_host.protocol import ANSWER, PROTOCOL_VERSION, Decoder, Frame, Type, encode
from tests.firmware.beat_model import KEPT as PARTITION
from tests.firmware.beat_model import LABELS, MODEL_HASH

BEAT_S = 0.8


def honest(_kind: int, payload: bytes) -> bytes:
    return payload


@dataclass
class BeatBoard:
    """The board's side of docs/PROTOCOL.md as a transport. `loses(n)`: whether the n-th frame is lost, in either
    direction; `lie(type, payload)`: what becomes of an answer.
    """

    records: Sequence[BeatRecord]
    inputs: int
    raw_samples: int
    loses: Callable[[int], bool] = lambda _number: False
    lie: Callable[[int, bytes], bytes] = honest
    name: str = "fake"
    clock: float = 0.0
    session: int = 0
    next: int = -1  # sample; -1: no stream
    frames: int = 0
    longest: int = 0  # samples of a chunk
    live: int = -1  # number of the next beat of LIVE; -1: it does not run
    live_seq: int = 0
    out: deque = field(default_factory=deque)
    decoder: Decoder = field(default_factory=Decoder)

    @property
    def hello(self) -> Hello:
        shape = self.raw_samples, 1, 1, PARTITION.kept_size, len(LABELS), 1030
        rest = 25_000_000, bytes(8), self.session, InputKind.BEATS, 4096, "fake", "0.0", LABELS
        return Hello(PROTOCOL_VERSION, MODEL_HASH, *shape, *rest)

    def now(self) -> float:
        return self.clock

    def write(self, data: bytes) -> None:
        if self._lost():
            return
        for frame in self.decoder.feed(data):
            kind, payload = self.answer(frame)
            self._send(kind, frame.seq, payload)

    def read(self, timeout_s: float) -> bytes:
        if not self.out and 0 <= self.live < len(self.records):
            beat = self.records[self.live]
            self.next, self.live = beat.end, self.live + 1
            outputs = beat.features, beat.logits
            answer = LiveAnswer(beat.number, beat.end, 0, beat.predicted, beat.flags, beat.predicted, 0, *outputs)
            self._send(Type.LIVE | ANSWER, self.live_seq, answer.pack())
        if self.out:
            return self.out.popleft()
        self.clock += min(timeout_s, BEAT_S) if self.live >= 0 else timeout_s
        return b""

    def close(self) -> None:
        pass

    def answer(self, frame: Frame) -> tuple[int, bytes]:
        kind, payload = frame.type, frame.payload
        if kind == Type.HELLO:
            self.session = int.from_bytes(payload[1:5], "little") or self.session
            return kind | ANSWER, self.hello.pack()
        if kind == Type.STREAM:
            self.next = 0
            return kind | ANSWER, payload
        if kind == Type.LIVE:
            begins = payload[2:] != bytes(4)
            self.live, self.live_seq, self.next = (0, frame.seq, 0) if begins else (-1, 0, self.next)
            done = sum(record.end <= self.next for record in self.records)
            return kind | ANSWER, LiveProgress(done, self.next, 0).pack()
        done = [record for record in self.records if record.end <= self.next]
        if kind == Type.BEATS:
            wanted = max(int.from_bytes(payload, "little"), len(done) - KEPT)
            return kind | ANSWER, BeatsAnswer(len(done), self.inputs, tuple(done[wanted:])).pack()
        if kind == Type.SAMPLES and self.next >= 0:
            count = (len(payload) - 4) // 2
            self.longest = max(self.longest, count)
            if int.from_bytes(payload[:4], "little") == self.next:
                self.next += count
            done = [record for record in self.records if record.end <= self.next]
            latest = (done[-1].end, done[-1].predicted, done[-1].flags) if done else (0, 0, 0)
            return kind | ANSWER, Hop(self.next, len(done), *latest, latest[1], 0).pack()
        return Type.ERROR, BoardError(ErrorCode.UNKNOWN_TYPE, 0, kind).pack()

    def _send(self, kind: int, seq: int, payload: bytes) -> None:
        answer = encode(Frame(kind, seq, self.lie(kind, payload)))
        if not self._lost():
            self.out.append(answer)

    def _lost(self) -> bool:
        self.frames += 1
        return self.loses(self.frames)
