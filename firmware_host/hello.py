"""What a board says about itself: the answer to HELLO; docs/PROTOCOL.md has the same table in words."""

import dataclasses
import struct
from dataclasses import dataclass
from enum import IntEnum

from firmware_host.message_error import MessageError
from firmware_host.protocol import MAX_PAYLOAD
from scl.artifacts import shortened

_LAYOUT = struct.Struct("<B32s6HI8sIBH")

CHUNK_HEADER = 4  # bytes before the samples of WINDOW and SAMPLES
RESULT_HEADER = 19  # bytes before the features and logits of a WINDOW answer
NO_DEVICE = "Not a medical device: a model under test, of no use for diagnosis."  # said of boards that find heartbeats
LONGEST_NAME = 64  # characters of a board's name and its firmware's version


class InputKind(IntEnum):
    """What a sample of the link is."""

    COUNTS = 0  # int16 counts of a sensor, of which the board makes the network's input
    TENSOR = 1  # the network's int8 input itself
    BEATS = 2  # counts as well, of which the board finds heartbeats; a beat is a hop, and there are no windows


@dataclass(frozen=True)
class Hello:
    """What a board says about itself."""

    protocol: int
    model_hash: str  # hex
    raw_samples: int  # of a WINDOW
    channels: int  # values of a sample
    window: int
    features: int
    classes: int
    max_payload: int  # bytes
    tick_hz: int
    calibration_hash: bytes  # 8 zeros: nominal sensor
    session: int  # what the host named; 0: the board was started and has not been greeted yet
    input: int  # of InputKind
    receive: int  # bytes that the board holds while its network runs
    board: str
    firmware: str
    labels: tuple[str, ...]  # of every class, or none: then classes are told by number

    @staticmethod
    def version(payload: bytes) -> int:
        """The protocol version, which any answer to HELLO starts with, whatever follows."""
        if not payload:
            raise MessageError("a HELLO answer without a byte")
        return payload[0]

    @classmethod
    def parse(cls, payload: bytes) -> "Hello":
        if len(payload) < _LAYOUT.size:
            raise MessageError(f"a HELLO answer of {len(payload)} bytes; at least {_LAYOUT.size} expected")
        try:
            board, firmware, *labels = payload[_LAYOUT.size :].decode().split("\n")
        except ValueError as error:
            raise MessageError(
                f"a HELLO answer with the text {shortened(payload[_LAYOUT.size :])}; lines of UTF-8 with board name, "
                "firmware version and labels expected"
            ) from error
        names = [field.name for field in dataclasses.fields(cls)]
        known = dict(zip(names, _LAYOUT.unpack_from(payload), strict=False))  # thirteen; the text has the rest
        known["model_hash"] = known["model_hash"].hex()
        hello = cls(**known, board=board, firmware=firmware, labels=tuple(labels))
        hello._check()
        return hello

    def _check(self) -> None:
        """MessageError for what no board can be; what the bundle's model is, check_board compares."""
        for name, value, low, high in (
            ("raw_samples", self.raw_samples, 1, 0xFFFF),
            ("input", self.input, 0, len(InputKind) - 1),
            ("receive", self.receive, 1, 0xFFFF),
            ("channels", self.channels, 1, (MAX_PAYLOAD - CHUNK_HEADER) // self.value_bytes),  # a sample fits a frame
            ("window", self.window, 1, 0xFFFF),
            ("classes", self.classes, 1, MAX_PAYLOAD - RESULT_HEADER),
            ("features", self.features, 0, MAX_PAYLOAD - RESULT_HEADER - self.classes),
            ("max_payload", self.max_payload, CHUNK_HEADER + self.sample_bytes, MAX_PAYLOAD),  # from one sample on
            ("tick_hz", self.tick_hz, 1, 0xFFFFFFFF),
            ("the length of the board's name", len(self.board), 1, LONGEST_NAME),
            ("the length of the firmware's version", len(self.firmware), 1, LONGEST_NAME),
        ):
            if not low <= value <= high:
                expected = f"{low} to {high}" if low < high else f"{low}"
                raise MessageError(f"a HELLO answer in which {name} is {value}; {expected} expected")
        if self.input == InputKind.BEATS and self.window != 1:
            raise MessageError(f"a HELLO answer in which window is {self.window} of beats; 1 expected")
        if self.labels and len(self.labels) != self.classes:
            raise MessageError(
                f"a HELLO answer in which the number of labels is {len(self.labels)}; {self.classes} or none expected"
            )

    @property
    def value_bytes(self) -> int:
        """Bytes of one value of a sample."""
        return 1 if self.input == InputKind.TENSOR else 2

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample on the wire."""
        return self.channels * self.value_bytes

    def pack(self) -> bytes:
        numbers = self.raw_samples, self.channels, self.window, self.features, self.classes, self.max_payload
        text = "\n".join((self.board, self.firmware, *self.labels)).encode()
        hashed = self.tick_hz, self.calibration_hash, self.session, self.input, self.receive
        return _LAYOUT.pack(self.protocol, bytes.fromhex(self.model_hash), *numbers, *hashed) + text
