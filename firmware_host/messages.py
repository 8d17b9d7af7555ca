"""What the payloads of the other frames than HELLO mean; docs/PROTOCOL.md has the same tables in words."""

import struct
from dataclasses import astuple, dataclass
from enum import IntEnum

import numpy as np

from firmware_host.hello import RESULT_HEADER, Hello
from firmware_host.message_error import MessageError
from firmware_host.protocol import PROTOCOL_VERSION
from scl.belief import ONE

_GREETING = struct.Struct("<BI")
_WINDOW = struct.Struct("<HH")
_RESULT = struct.Struct("<HHHBIIHH")
_SAMPLES_ANSWER = struct.Struct("<IIIHBHH")
_STATS = struct.Struct("<4I")
_CAPTURE = struct.Struct("<II")
_PROBE = struct.Struct("<HI")
_LIVE = struct.Struct("<HI")
_LIVE_PROGRESS = struct.Struct("<3I")
_LIVE_ANSWER = struct.Struct("<3IHBHH")
_PROBE_ANSWER = struct.Struct("<IIH")
_ERROR = struct.Struct("<BHH")

_BENCH = struct.Struct("<I")

ABSTAIN = 0xFFFF  # instead of a class: the lead was off
UNSURE_CODE = 0xFFFE  # instead of a class, as a decision: the two likeliest are too close


class ErrorCode(IntEnum):
    UNKNOWN_TYPE = 1
    BAD_LENGTH = 2
    NO_SENSOR = 4
    NOT_STREAMING = 5
    BAD_VALUE = 6
    NO_SESSION = 7
    NO_WINDOW = 8
    WRONG_INPUT = 9
    NO_DECISION = 10


@dataclass(frozen=True)
class Result:
    """What the network made of a window: int8 features (kept latent) and logits as they left it."""

    predicted: int
    flags: int
    input_crc32: int
    ticks: int
    decided: int  # a class, UNSURE_CODE or ABSTAIN
    confidence: int  # in 2^-15
    features: np.ndarray  # (features,) int8
    logits: np.ndarray  # (classes,) int8


@dataclass(frozen=True)
class Wanted:
    """The answer to a chunk of a window: where the board stands, or the result of the window that it has finished."""

    window: int  # number of the window, modulo 2^16
    next: int  # sensor sample that continues it; raw_samples with a result
    result: Result | None

    @classmethod
    def parse(cls, payload: bytes, hello: Hello) -> "Wanted":
        """MessageError if it is not an answer of the board that described itself as `hello`."""
        if len(payload) == _WINDOW.size:
            window, following = _WINDOW.unpack(payload)
            if following >= hello.raw_samples:
                raise MessageError(
                    f"a WINDOW answer that wants sample {following} of {hello.raw_samples} and has no result"
                )
            return cls(window, following, None)
        size = RESULT_HEADER + hello.features + hello.classes
        if len(payload) != size:
            raise MessageError(
                f"a WINDOW answer of {len(payload)} bytes; {_WINDOW.size}, or {RESULT_HEADER} + {hello.features} "
                f"features + {hello.classes} logits expected"
            )
        values = np.frombuffer(payload, np.int8, offset=RESULT_HEADER)
        window, following, predicted, flags, crc, ticks, *decision = _RESULT.unpack_from(payload)
        if following != hello.raw_samples:
            raise MessageError(f"a result of a window after {following} of its {hello.raw_samples} samples")
        _check_confidence(decision[1])
        result = Result(predicted, flags, crc, ticks, decision[0], decision[1], *_outputs(values, hello))
        return cls(window, following, result)

    def pack(self) -> bytes:
        if self.result is None:
            return _WINDOW.pack(self.window, self.next)
        r = self.result
        fields = r.predicted, r.flags, r.input_crc32, r.ticks, r.decided, r.confidence
        head = _RESULT.pack(self.window, self.next, *fields)
        return head + r.features.tobytes() + r.logits.tobytes()


@dataclass(frozen=True)
class Hop:
    """The answer to SAMPLES: what the board wants next and its latest class."""

    next: int  # sensor sample
    hops: int  # classified so far
    end: int  # sensor samples consumed when the latest hop was classified
    predicted: int
    flags: int
    decided: int  # as in a Result
    confidence: int

    @classmethod
    def parse(cls, payload: bytes) -> "Hop":
        return cls(*_unpack(_SAMPLES_ANSWER, payload, "SAMPLES answer"))

    def pack(self) -> bytes:
        return _SAMPLES_ANSWER.pack(*astuple(self))


@dataclass(frozen=True)
class Stats:
    """The board's counters since it started; each wraps at 2^32."""

    frames: int
    crc_errors: int
    framing_errors: int
    overrun_bytes: int

    @classmethod
    def parse(cls, payload: bytes) -> "Stats":
        return cls(*_unpack(_STATS, payload, "STATS answer"))

    def pack(self) -> bytes:
        return _STATS.pack(self.frames, self.crc_errors, self.framing_errors, self.overrun_bytes)


@dataclass(frozen=True)
class Probe:
    """What one operator of the network took, and a piece of what it wrote."""

    ticks: int
    size: int  # bytes of the whole output
    operators: int  # of the network
    values: np.ndarray  # int8, from the offset that was asked for

    @classmethod
    def parse(cls, payload: bytes) -> "Probe":
        if len(payload) <= _PROBE_ANSWER.size:
            raise MessageError(f"a PROBE answer of {len(payload)} bytes; more than {_PROBE_ANSWER.size} expected")
        ticks, size, operators = _PROBE_ANSWER.unpack_from(payload)
        values = np.frombuffer(payload, np.int8, offset=_PROBE_ANSWER.size)
        if not operators or len(values) > size:
            raise MessageError(
                f"a PROBE answer with {len(values)} of {size} values of one of {operators} operators; no more than all "
                "of them expected"
            )
        return cls(ticks, size, operators, values)

    def pack(self) -> bytes:
        return _PROBE_ANSWER.pack(self.ticks, self.size, self.operators) + self.values.tobytes()


@dataclass(frozen=True)
class LiveProgress:
    """How far LIVE is, or was when it ended: what confirms its start, and the answer to its end."""

    hops: int  # answered so far
    end: int  # the sensor's samples that have passed, lost ones included
    dropped: int  # of them, what the board lost

    def pack(self) -> bytes:
        return _LIVE_PROGRESS.pack(self.hops, self.end, self.dropped)


@dataclass(frozen=True)
class LiveAnswer:
    """What the network made of the newest window of the board's own sensor, which has no gap."""

    number: int  # of the hop, from 0
    end: int  # the sensor's samples that have passed, lost ones included
    dropped: int  # of them, what the board lost
    predicted: int
    flags: int
    decided: int  # as in a Result
    confidence: int
    features: np.ndarray  # (features,) int8
    logits: np.ndarray  # (classes,) int8

    def pack(self) -> bytes:
        said = self.predicted, self.flags, self.decided, self.confidence
        head = _LIVE_ANSWER.pack(self.number, self.end, self.dropped, *said)
        return head + self.features.tobytes() + self.logits.tobytes()


def live_answer(payload: bytes, hello: Hello) -> LiveProgress | LiveAnswer:
    """What a LIVE answer of the board that described itself as `hello` says. MessageError if it is none."""
    answer: LiveProgress | LiveAnswer
    if len(payload) == _LIVE_PROGRESS.size:
        answer = LiveProgress(*_LIVE_PROGRESS.unpack(payload))
    elif len(payload) == RESULT_HEADER + hello.features + hello.classes:
        values = np.frombuffer(payload, np.int8, offset=_LIVE_ANSWER.size)
        number, end, dropped, predicted, flags, decided, confidence = _LIVE_ANSWER.unpack_from(payload)
        _check_confidence(confidence)
        said = predicted, flags, decided, confidence
        answer = LiveAnswer(number, end, dropped, *said, *_outputs(values, hello))
    else:
        raise MessageError(
            f"a LIVE answer of {len(payload)} bytes; {_LIVE_PROGRESS.size}, or {RESULT_HEADER} + {hello.features} "
            f"features + {hello.classes} logits expected"
        )
    if answer.dropped > answer.end:
        raise MessageError(f"a LIVE answer that counts {answer.dropped} of {answer.end} samples as dropped")
    return answer


@dataclass(frozen=True)
class BoardError:
    code: int
    window: int
    detail: int

    @classmethod
    def parse(cls, payload: bytes) -> "BoardError":
        return cls(*_unpack(_ERROR, payload, "ERROR"))

    def pack(self) -> bytes:
        return _ERROR.pack(self.code, self.window, self.detail)

    def __str__(self) -> str:
        name = ErrorCode(self.code).name if self.code in set(ErrorCode) else str(self.code)
        return f"ERROR {name} (window {self.window}, detail {self.detail})"


def _outputs(values: np.ndarray, hello: Hello) -> tuple[np.ndarray, np.ndarray]:
    """Features and logits."""
    return values[: hello.features], values[hello.features :]


def bench_ticks(payload: bytes) -> int:
    """What an inference took, of a BENCH answer."""
    (ticks,) = _unpack(_BENCH, payload, "BENCH answer")
    return ticks


def greeting(session: int) -> bytes:
    """Payload of a HELLO request: names the session, or asks with 0."""
    return _GREETING.pack(PROTOCOL_VERSION, session)


def window_chunk(window: int, start: int, counts: np.ndarray) -> bytes:
    """Payload of a WINDOW frame: `counts` (n, channels), int16 or the network's int8, from sample `start` on."""
    return _WINDOW.pack(window, start) + _little_endian(counts)


def samples_chunk(start: int, counts: np.ndarray) -> bytes:
    """Payload of a SAMPLES frame: as `window_chunk`, from sample `start` of the stream on."""
    return struct.pack("<I", start) + _little_endian(counts)


def probe(operator: int, offset: int) -> bytes:
    """Payload of a PROBE request."""
    return _PROBE.pack(operator, offset)


def live(hop: int, hops: int) -> bytes:
    """Payload of a LIVE request: `hops` answers, `hop` model-rate samples apart; 0 hops end it."""
    return _LIVE.pack(hop, hops)


def probe_values(max_payload: int) -> int:
    """Values of an operator's output that fit into one PROBE answer."""
    return max_payload - _PROBE_ANSWER.size


def capture_block(payload: bytes, channels: int) -> tuple[int, int, np.ndarray]:
    """`start`, `dropped` and counts (n, channels) int16 of a CAPTURE frame."""
    size = len(payload) - _CAPTURE.size
    if size < 0 or size % (2 * channels):
        raise MessageError(f"a CAPTURE block of {len(payload)} bytes for {channels} channels")
    counts = np.frombuffer(payload, "<i2", offset=_CAPTURE.size).astype(np.int16)
    return *_CAPTURE.unpack_from(payload), counts.reshape(-1, channels)


def _little_endian(counts: np.ndarray) -> bytes:
    return counts.astype(counts.dtype.newbyteorder("<")).tobytes()


def _unpack(layout: struct.Struct, payload: bytes, name: str) -> tuple[int, ...]:
    if len(payload) != layout.size:
        raise MessageError(f"a {name} of {len(payload)} bytes; {layout.size} expected")
    return layout.unpack(payload)


def _check_confidence(confidence: int) -> None:
    """MessageError for a share of more than everything."""
    if confidence > ONE:
        raise MessageError(f"a confidence of {confidence}; at most {ONE} expected")
