"""The frame codec of the link; docs/PROTOCOL.md has the byte tables.

    raw frame:   | type u8 | seq u16 | payload 0..1030 bytes | crc32 u32 |      little endian
    on the wire: COBS(raw frame) 0x00

The CRC is zlib's, over type, seq and payload. COBS leaves no zero byte in a frame, so a zero always ends one and a
damaged byte costs one frame, or two when it was the delimiter between them.

Overhead for a payload of n bytes: 3 + 4 bytes of header and check, at most ceil((n + 7) / 254) of COBS, 1 delimiter.
The largest payload, 1030 bytes, takes at most 1030 + 7 + 5 + 1 = 1043 bytes on the wire: 1.3 %.
"""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from cobs import cobs

PROTOCOL_VERSION = 9
MAX_PAYLOAD = 1030  # bytes
ANSWER = 0x80  # bit that marks an answer's type

_HEADER = struct.Struct("<BH")
_CRC = struct.Struct("<I")
_MAX_RAW = _HEADER.size + MAX_PAYLOAD + _CRC.size
MAX_ENCODED = _MAX_RAW + -(-_MAX_RAW // 254)  # bytes, delimiter not counted


def wire_size(payload_bytes: int) -> int:
    """Most bytes that a frame with such a payload takes on the wire, delimiter included."""
    raw = _HEADER.size + payload_bytes + _CRC.size
    return raw + -(-raw // 254) + 1


def payload_size(wire_bytes: int) -> int:
    """Most bytes of payload in a frame that takes at most so many on the wire; below 0 if none fits."""
    return (wire_bytes - 1) * 254 // 255 - _HEADER.size - _CRC.size


class Type(IntEnum):
    """Requests; an answer has bit 7 set as well."""

    HELLO = 0x01
    WINDOW = 0x02
    BENCH = 0x03
    STREAM = 0x04
    SAMPLES = 0x05
    CALIBRATION = 0x06
    STATS = 0x07
    CAPTURE = 0x08
    PROBE = 0x09
    LIVE = 0x0A
    BEATS = 0x0B
    DECIDE = 0x0C
    ERROR = 0xFF


@dataclass(frozen=True)
class Frame:
    type: int
    seq: int
    payload: bytes = b""


def encode(frame: Frame) -> bytes:
    """The bytes on the wire, delimiter included. ValueError if the payload is longer than MAX_PAYLOAD."""
    if len(frame.payload) > MAX_PAYLOAD:
        raise ValueError(f"a payload of {len(frame.payload)} bytes is longer than the largest, {MAX_PAYLOAD}")
    body = _HEADER.pack(frame.type, frame.seq) + frame.payload
    return bytes(cobs.encode(body + _CRC.pack(zlib.crc32(body)))) + b"\0"


def decode(encoded: bytes) -> Frame | None:
    """The frame in `encoded` (delimiter taken off), or None if its COBS code, length or CRC is wrong."""
    try:
        raw = cobs.decode(encoded)
    except cobs.DecodeError:
        return None
    if not _HEADER.size + _CRC.size <= len(raw) <= _MAX_RAW:
        return None
    body, (crc,) = raw[: -_CRC.size], _CRC.unpack(raw[-_CRC.size :])
    if zlib.crc32(body) != crc:
        return None
    kind, seq = _HEADER.unpack_from(body)
    return Frame(kind, seq, body[_HEADER.size :])


class Decoder:
    """Cuts a byte stream into frames. `errors` counts what had to be dropped."""

    def __init__(self) -> None:
        self.errors = 0
        self._pending = bytearray()
        self._skipping = False  # dropping everything up to the next delimiter

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        frames = []
        *ended, rest = data.split(b"\0")
        for part in ended:
            self._append(part)
            if self._pending and (frame := decode(bytes(self._pending))) is not None:
                frames.append(frame)
            elif self._pending:
                self.errors += 1
            self._pending.clear()
            self._skipping = False
        self._append(rest)
        return frames

    def _append(self, part: bytes) -> None:
        if self._skipping:
            return
        self._pending += part
        if len(self._pending) > MAX_ENCODED:
            self._pending.clear()
            self._skipping = True
            self.errors += 1
