"""Frames over a transport: sequence numbers, counters, request and answer with retries, greeting and session.

A session is a random number that the host gives with its greeting. The board forgets it at a reset and refuses every
request until it is greeted again, so no answer of a board that was reset can be taken for one of the board before.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from firmware_host.messages import BoardError, ErrorCode, Hello, MessageError, Stats, greeting
from firmware_host.protocol import ANSWER, PROTOCOL_VERSION, Decoder, Frame, Type, encode
from firmware_host.transport import Transport
from scl.artifacts import InputError

ANSWER_TIMEOUT_S = 3.0  # to a frame on an idle line
REQUEST_ATTEMPTS = 5
HELLO_TIMEOUT_S = 0.5  # between two HELLOs
BOOT_TIMEOUT_S = 10.0  # boards that reset when the port opens run their boot loader first


class BoardResetError(InputError):
    """The board was reset since its greeting: calibration, window, stream and counters are gone."""

    def __init__(self, port: str, when: str) -> None:
        super().__init__(
            f"port {port}: the board was reset (its session is gone) {when}; check its power supply and what may reset "
            "it (a watchdog, a fault, another program that opens the port), then run the command again"
        )


@contextmanager
def resets_named(port: str, when: Callable[[], str]) -> Iterator[None]:
    """Has a BoardResetError from within say how far the command was: `when`() as in "after 3 of 20 windows"."""
    try:
        yield
    except BoardResetError as error:
        raise BoardResetError(port, when()) from error


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
        self.session = 0  # of the latest greeting
        self.windows = 0  # that the board has finished in this session
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

        Raises BoardResetError if the board has no session any more, InputError if no answer comes or the board refuses.
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
        """Begins a new session: repeats HELLO until the board answers.

        Raises InputError if it does not within `boot_timeout_s`, in words that tell a silent line from a noisy one, and
        if it speaks another protocol version.
        """
        session = random.randrange(1, 1 << 32)
        answer = self._hello(session, boot_timeout_s)
        if answer is None:
            raise InputError(self._silence(boot_timeout_s))
        hello = self._greeted(answer)
        if hello.session != session:
            raise MessageError(f"session {hello.session:08x} in its HELLO answer, {session:08x} was named")
        self.session = session
        self.windows = 0
        return hello

    def ask(self) -> Hello:
        """What the board says of itself now; its session is 0 if it was reset. Changes nothing on the board.

        Raises InputError if it does not answer.
        """
        answer = self._hello(0, BOOT_TIMEOUT_S)
        if answer is None:
            raise InputError(
                f"port {self.name}: the board stopped answering (no HELLO within {BOOT_TIMEOUT_S:g} s); check the "
                "cable and its power, reset it and run the command again"
            )
        return self._greeted(answer)

    def stats(self) -> Stats:
        """The board's counters."""
        return Stats.parse(self.request(Type.STATS).payload)

    def close(self) -> None:
        self._transport.close()

    def _hello(self, session: int, timeout_s: float) -> Frame | None:
        deadline = self.now() + timeout_s
        while True:
            self.flush()
            seq, _size = self.send(Type.HELLO, greeting(session))
            answer = self._await(seq, Type.HELLO, HELLO_TIMEOUT_S)
            if answer is not None or self.now() >= deadline:
                return answer

    def _greeted(self, answer: Frame) -> Hello:
        version = Hello.version(answer.payload)
        if version != PROTOCOL_VERSION:
            raise InputError(
                f"port {self.name}: the board speaks protocol version {version}, this program version "
                f"{PROTOCOL_VERSION}; "
                + ("flash firmware built from this checkout" if version < PROTOCOL_VERSION else "update this program")
            )
        return Hello.parse(answer.payload)

    def _await(self, seq: int, kind: Type, timeout_s: float) -> Frame | None:
        deadline = self.now() + timeout_s
        while (left := deadline - self.now()) > 0:
            for frame in self.receive(left):
                if frame.seq == seq and frame.type == Type.ERROR:
                    raise self._refusal(kind, BoardError.parse(frame.payload))
                if frame.seq == seq and frame.type == kind | ANSWER:
                    return frame
        return None

    def _refusal(self, kind: Type, error: BoardError) -> InputError:
        if error.code == ErrorCode.NO_SESSION:
            return BoardResetError(self.name, f"before it answered {kind.name}")
        return InputError(f"port {self.name}: the board refused {kind.name}: {error}")

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
