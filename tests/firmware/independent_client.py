"""A client of the link, written from docs/PROTOCOL.md alone: it shares no code with firmware_host.

It is slow and obvious: one request in flight, and the next one when it is answered.
"""

import os
import random
import select
import socket
import struct
import time
import tty
import zlib
from dataclasses import dataclass

HELLO, WINDOW, BENCH, STREAM, SAMPLES, CALIBRATION, STATS, CAPTURE, PROBE, LIVE, BEATS, DECIDE, ERROR = (
    *range(1, 13),
    0xFF,
)
UNKNOWN_TYPE, BAD_LENGTH, NO_SENSOR, NOT_STREAMING, BAD_VALUE, NO_SESSION, NO_WINDOW, WRONG_INPUT, NO_DECISION = (
    *(1, 2),
    *range(4, 11),
)
TIMEOUT_S = 10.0


class RefusedError(Exception):
    def __init__(self, payload: bytes) -> None:
        self.code, self.window, self.detail = struct.unpack("<BHH", payload)
        super().__init__(f"code {self.code}, window {self.window}, detail {self.detail}")


def stuff(raw: bytes) -> bytes:
    """COBS: a code before each run of at most 254 bytes that are not zero."""
    out, run = bytearray(), bytearray()
    for byte in raw + b"\0":
        if byte:
            run.append(byte)
        if byte == 0 or len(run) == 254:
            out += bytes([len(run) + 1]) + run
            run.clear()
    return bytes(out)


def unstuff(coded: bytes) -> bytes | None:
    out, at = bytearray(), 0
    while at < len(coded):
        code = coded[at]
        if at + code > len(coded):
            return None
        out += coded[at + 1 : at + code]
        at += code
        if code < 255 and at < len(coded):
            out.append(0)
    return bytes(out)


def frame(kind: int, seq: int, payload: bytes) -> bytes:
    body = struct.pack("<BH", kind, seq) + payload
    return stuff(body + struct.pack("<I", zlib.crc32(body))) + b"\0"


@dataclass
class Board:
    """What HELLO tells."""

    payload: bytes

    def __post_init__(self) -> None:
        p = self.payload
        self.protocol, self.model = p[0], p[1:33]
        self.raw_samples, self.channels, self.window, self.features, self.classes, self.max_payload = (
            struct.unpack_from("<6H", p, 33)
        )
        self.tick_hz, self.calibration, self.session = struct.unpack_from("<I8sI", p, 45)
        self.input, self.receives = struct.unpack_from("<BH", p, 61)
        self.name, self.firmware, *self.labels = p[64:].decode().split("\n")  # of every class, or none


class Client:
    """On a file descriptor: a pseudo-terminal or a socket."""

    def __init__(self, fd: int) -> None:
        self.fd, self.seq, self.buffer, self.damaged = fd, random.randrange(65536), b"", 0

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.fd, data) :]

    def receive(self) -> tuple[int, int, bytes]:
        """The next good frame: type, seq, payload."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            end = self.buffer.find(b"\0")
            if end < 0:
                if select.select([self.fd], [], [], 0.1)[0]:
                    self.buffer += os.read(self.fd, 4096)
                continue
            coded, self.buffer = self.buffer[:end], self.buffer[end + 1 :]
            raw = unstuff(coded)
            if raw and len(raw) >= 7 and struct.unpack("<I", raw[-4:])[0] == zlib.crc32(raw[:-4]):
                return raw[0], *struct.unpack_from("<H", raw, 1), raw[3:-4]
            self.damaged += bool(coded)
        raise TimeoutError("the board did not answer")

    def ask(self, kind: int, payload: bytes = b"") -> bytes:
        """The answer to one request. Raises RefusedError for an ERROR."""
        self.seq = (self.seq + 1) & 0xFFFF
        self.write(frame(kind, self.seq, payload))
        while True:
            answer, seq, came = self.receive()
            if seq == self.seq and answer == ERROR:
                raise RefusedError(came)
            if seq == self.seq and answer == kind | 0x80:
                return came

    def hello(self, session: int = 0, protocol: int = 9) -> Board:
        return Board(self.ask(HELLO, struct.pack("<BI", protocol, session)))

    def chunk(self, window: int, start: int, samples: list[list[int]]) -> tuple[int, int, bytes]:
        """Number and next sample of the answer, and the result behind them, if there is one."""
        counts = b"".join(struct.pack(f"<{len(sample)}h", *sample) for sample in samples)
        came = self.ask(WINDOW, struct.pack("<HH", window, start) + counts)
        return *struct.unpack_from("<HH", came), came[4:]

    def samples(self, start: int, samples: list[list[int]]) -> tuple[int, ...]:
        """next, hops, end, class, flags, decision and confidence."""
        counts = b"".join(struct.pack(f"<{len(sample)}h", *sample) for sample in samples)
        return struct.unpack("<IIIHBHH", self.ask(SAMPLES, struct.pack("<I", start) + counts))


def on_terminal(path: str) -> Client:
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)
    return Client(fd)


def on_socket(connection: socket.socket) -> Client:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Client(connection.fileno())
