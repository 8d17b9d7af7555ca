"""Frames over a transport: sequence numbers, counters, request and answer with retries, and the first greeting."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware_host.messages import BoardError, Hello, Stats
from firmware_host.protocol import ANSWER, PROTOCOL_VERSION, Decoder, Frame, Type, encode
from firmware_host.transport import Transport
from scl.artifacts import InputError

ANSWER_TIMEOUT_S = 3.0  # to a frame on an idle line
REQUEST_ATTEMPTS = 5
HELLO_TIMEOUT_S = 0.5  # between two HELLOs
BOOT_TIMEOUT_S = 10.0  # boards that reset when the port opens run their boot loader first


@dataclass
class Traffic:
    """What passed on the line, counted by the host."""

    bytes_sent: int = 0
    bytes_received: int = 0
    frames_sent: int = 0
    frames_received: int = 0


class Link:
    """One board at the other end of a transport. `now` is the clock of every time-out, in seconds."""

    def __init__(self, transport: Transport, now: Callable[[], float] = time.monotonic) -> None:
        self.name = transport.name
        self.now = now
        self.traffic = Traffic()
        self._transport = transport
        self._decoder = Decoder()
        # A random start keeps late answers to an earlier command apart from ours.
        self._seq = random.randrange(1 << 16)

    @property
    def errors(self) -> int:
        """Frames from the board that arrived damaged."""
        return self._decoder.errors

    def send(self, kind: Type, payload: bytes = b"") -> tuple[int, int]:
        """Sends one frame; returns its sequence number and its size on the wire in bytes."""
        self._seq = (self._seq + 1) & 0xFFFF
        data = encode(Frame(kind, self._seq, payload))
        self._write(data)
        self.traffic.frames_sent += 1
        return self._seq, len(data)

    def flush(self) -> None:
        """Ends a half-received frame on the board, if there is one."""
        self._write(b"\0")

    def receive(self, timeout_s: float) -> list[Frame]:
        """Frames that have arrived; waits at most `timeout_s` for the first byte, so the list may be empty early."""
        data = self._transport.read(timeout_s)
        frames = self._decoder.feed(data)
        self.traffic.bytes_received += len(data)
        self.traffic.frames_received += len(frames)
        return frames

    def request(self, kind: Type, payload: bytes = b"", timeout_s: float = ANSWER_TIMEOUT_S) -> Frame:
        """Sends a frame and returns its answer, sending again on silence.

        Raises InputError if no answer comes or the board answers ERROR.
        """
        for _ in range(REQUEST_ATTEMPTS):
            seq, _size = self.send(kind, payload)
            answer = self._await(seq, kind, timeout_s)
            if answer is not None:
                return answer
            self.flush()
        raise InputError(
            f"port {self.name}: no answer to {kind.name} in {REQUEST_ATTEMPTS} attempts of {timeout_s:g} s; "
            "the board hangs or the line loses data: reset the board, check the baud rate, or see --trace"
        )

    def greet(self, boot_timeout_s: float = BOOT_TIMEOUT_S) -> Hello:
        """Repeats HELLO until the board answers.

        Raises InputError if it does not within `boot_timeout_s`, in words that tell a silent line from a noisy one, and
        if it speaks another protocol version.
        """
        deadline = self.now() + boot_timeout_s
        while True:
            self.flush()
            seq, _size = self.send(Type.HELLO, bytes([PROTOCOL_VERSION]))
            answer = self._await(seq, Type.HELLO, HELLO_TIMEOUT_S)
            if answer is not None:
                break
            if self.now() >= deadline:
                raise InputError(self._silence(boot_timeout_s))
        version = Hello.version(answer.payload)
        if version != PROTOCOL_VERSION:
            raise InputError(
                f"port {self.name}: the board speaks protocol version {version}, this program version "
                f"{PROTOCOL_VERSION}; "
                + ("flash firmware built from this checkout" if version < PROTOCOL_VERSION else "update this program")
            )
        return Hello.parse(answer.payload)

    def stats(self) -> Stats:
        """The board's counters."""
        return Stats.parse(self.request(Type.STATS).payload)

    def close(self) -> None:
        self._transport.close()

    def _await(self, seq: int, kind: Type, timeout_s: float) -> Frame | None:
        deadline = self.now() + timeout_s
        while (left := deadline - self.now()) > 0:
            for frame in self.receive(left):
                if frame.seq == seq and frame.type == Type.ERROR:
                    raise InputError(
                        f"port {self.name}: the board refused {kind.name}: {BoardError.parse(frame.payload)}"
                    )
                if frame.seq == seq and frame.type == kind | ANSWER:
                    return frame
        return None

    def _silence(self, seconds: float) -> str:
        if not self.traffic.bytes_received:
            return (
                f"port {self.name}: no board answered within {seconds:g} s (not a byte came); check that this "
                "is the board's port (`python -m firmware_host.ports`), that it is powered and flashed, "
                "and that RX and TX are not swapped"
            )
        return (
            f"port {self.name}: {self.traffic.bytes_received} bytes came within {seconds:g} s, but no valid answer; "
            "the baud rate differs (--baud) or another program runs on the board: flash firmware built from the bundle"
        )

    def _write(self, data: bytes) -> None:
        self._transport.write(data)
        self.traffic.bytes_sent += len(data)
