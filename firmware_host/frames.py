"""What a frame says, in words, whichever way it went: for people who read a trace."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from firmware_host.beats import BeatsAnswer
from firmware_host.decisions import decides_by
from firmware_host.hello import Hello
from firmware_host.message_error import MessageError
from firmware_host.messages import (
    BoardError,
    Hop,
    LiveProgress,
    Probe,
    Stats,
    Wanted,
    bench_ticks,
    capture_block,
    live_answer,
)
from firmware_host.protocol import ANSWER, Frame, Type


@dataclass
class Reader:
    """Puts the frames of one line into words; the latest HELLO answer says how long the others are."""

    hello: Hello | None = None
    malformed: int = 0  # frames whose payload is not what their type promises
    first_malformed: str = ""

    def request(self, frame: Frame) -> str:
        """Of a frame that went to the board."""
        return self._words(frame, "", _REQUESTS.get(frame.type))

    def answer(self, frame: Frame) -> str:
        """Of a frame that came from the board. A malformed one is said to be so, in the host's own words."""
        is_answer = frame.type & ANSWER and frame.type != Type.ERROR
        parsers = {
            Type.HELLO | ANSWER: self._hello,
            Type.WINDOW | ANSWER: self._wanted,
            Type.CAPTURE | ANSWER: self._capture,
            Type.LIVE | ANSWER: self._live,
            Type.BEATS | ANSWER: self._beats,
            **_ANSWERS,
        }
        return self._words(frame, " answer" if is_answer else "", parsers.get(frame.type))

    def _words(self, frame: Frame, suffix: str, parser: Callable[[bytes], str] | None) -> str:
        kind = frame.type & ~ANSWER if suffix else frame.type
        name = f"{Type(kind).name}{suffix}" if kind in set(Type) else f"type 0x{frame.type:02x}"
        if parser is None:
            return f"{name} seq {frame.seq}: unknown here, {len(frame.payload)} bytes"
        try:
            text = parser(frame.payload)
        except (MessageError, struct.error) as error:
            text = f"malformed: {error}"
            self.malformed += 1
            self.first_malformed = self.first_malformed or f"{name} seq {frame.seq}: {error}"
        return f"{name} seq {frame.seq}" + (f": {text}" if text else "")

    def _hello(self, payload: bytes) -> str:
        self.hello = hello = Hello.parse(payload)
        return (
            f"protocol {hello.protocol}, board {hello.board!r}, firmware {hello.firmware!r}, session "
            f"{hello.session:08x}, model {hello.model_hash[:16]}..., {hello.raw_samples} samples of {hello.channels} "
            f"channels, {hello.features} features, {hello.classes} classes, payloads up to {hello.max_payload} bytes, "
            f"{hello.tick_hz} ticks/s, calibration {hello.calibration_hash.hex()}"
        )

    def _wanted(self, payload: bytes) -> str:
        if self.hello is None:
            return f"{len(payload)} bytes, before any HELLO answer that says how many there should be"
        answer = Wanted.parse(payload, self.hello)
        if answer.result is None:
            return f"window {answer.window}, sample {answer.next} is wanted"
        result = answer.result
        return f"window {answer.window}, class {result.predicted}, flags {result.flags}, {result.ticks} ticks"

    def _capture(self, payload: bytes) -> str:
        if self.hello is None:
            return f"{len(payload)} bytes, before any HELLO answer that says how many channels there are"
        start, dropped, counts = capture_block(payload, self.hello.channels)
        return f"{len(counts)} samples from {start} on, {dropped} dropped so far"

    def _live(self, payload: bytes) -> str:
        if self.hello is None:
            return f"{len(payload)} bytes, before any HELLO answer that says how many there should be"
        answer = live_answer(payload, self.hello)
        passed = f"{answer.end} samples passed, {answer.dropped} dropped so far"
        if isinstance(answer, LiveProgress):
            return f"{answer.hops} hops so far, {passed}"
        return f"hop {answer.number}, class {answer.predicted}, flags {answer.flags}, {passed}"

    def _beats(self, payload: bytes) -> str:
        if self.hello is None:
            return f"{len(payload)} bytes, before any HELLO answer that says how many there should be"
        answer = BeatsAnswer.parse(payload, self.hello)
        records = "; ".join(
            f"beat {beat.number} at sample {beat.sample}, class {beat.predicted}" for beat in answer.records
        )
        return f"{answer.total} beats so far" + (f"; {records}" if records else "")


def _greeting(payload: bytes) -> str:
    protocol, session = struct.unpack_from("<BI", payload)
    return f"protocol {protocol}, " + (f"names session {session:08x}" if session else "only asks")


def _chunk(payload: bytes) -> str:
    window, start = struct.unpack_from("<HH", payload)
    return f"window {window}, from sample {start} on, {len(payload) - 4} bytes of counts"


def _samples(payload: bytes) -> str:
    return f"from sensor sample {struct.unpack_from('<I', payload)[0]} on, {len(payload) - 4} bytes of counts"


def _probe(payload: bytes) -> str:
    return "operator {}, output from byte {} on".format(*struct.unpack("<HI", payload))


def _live(payload: bytes) -> str:
    hop, hops = struct.unpack("<HI", payload)
    return f"{hops} hops of {hop}" if hops else "ends"


def _probed(payload: bytes) -> str:
    answer = Probe.parse(payload)
    return f"{answer.ticks} ticks, {len(answer.values)} of {answer.size} values, {answer.operators} operators"


def _calibration(payload: bytes) -> str:
    return f"hash {payload[:8].hex()}, {len(payload[8:]) // 4} numbers"


_REQUESTS: dict[int, Callable[[bytes], str]] = {
    Type.HELLO: _greeting,
    Type.WINDOW: _chunk,
    Type.BENCH: lambda _payload: "",
    Type.STREAM: lambda payload: f"hop {struct.unpack('<H', payload)[0]}",
    Type.SAMPLES: _samples,
    Type.CALIBRATION: _calibration,
    Type.STATS: lambda _payload: "",
    Type.CAPTURE: lambda payload: f"{struct.unpack('<I', payload)[0]} samples",
    Type.PROBE: _probe,
    Type.LIVE: _live,
    Type.DECIDE: lambda payload: str(decides_by(payload)) if payload else "only asks",
    Type.BEATS: lambda payload: f"from beat {struct.unpack('<I', payload)[0]} on",
}
_ANSWERS: dict[int, Callable[[bytes], str]] = {
    Type.BENCH | ANSWER: lambda payload: f"{bench_ticks(payload)} ticks",
    Type.STREAM | ANSWER: lambda payload: f"hop {struct.unpack('<H', payload)[0]}",
    Type.SAMPLES | ANSWER: lambda payload: str(Hop.parse(payload)),
    Type.CALIBRATION | ANSWER: lambda payload: f"hash {payload.hex()}",
    Type.STATS | ANSWER: lambda payload: str(Stats.parse(payload)),
    Type.PROBE | ANSWER: _probed,
    Type.DECIDE | ANSWER: lambda payload: str(decides_by(payload)),
    Type.ERROR: lambda payload: str(BoardError.parse(payload)),
}
