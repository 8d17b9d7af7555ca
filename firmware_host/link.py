"""Frames over a transport: sequence numbers, counters, request and answer with retries, greeting and session.

Every request may be repeated: its answer is the same, or it sets up the same thing once more. So a request is sent
again when no answer has come in the time that answers of its type have taken so far (round_trip.py), or at once when a
damaged frame came instead, and the answer to any of its sendings is taken. What bounds it is time, not a number.

A session is a random number that the host gives with its greeting. The board forgets it at a reset and refuses every
request until it is greeted again, so no answer of a board that was reset can be taken for one of the board before.
"""

import random
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn, Protocol

from firmware_host.hello import Hello
from firmware_host.message_error import MessageError
from firmware_host.messages import BoardError, ErrorCode, Stats, greeting
from firmware_host.port_errors import PortReopenedError
from firmware_host.protocol import ANSWER, PROTOCOL_VERSION, Decoder, Frame, Type, encode
from firmware_host.round_trip import GRANULARITY_S, RoundTrip
from firmware_host.silence import Heard
from firmware_host.transport import Transport
from scl.artifacts import InputError

ANSWER_TIMEOUT_S = 3.0  # longest wait for an answer before a request is sent again
REQUEST_DEADLINE_S = 15.0  # for a request with all its repetitions
HELLO_TIMEOUT_S = 0.5  # longest time between two HELLOs
RETURNS_IN_A_ROW = 3  # of a port that goes away during a greeting
BOOT_TIMEOUT_S = 10.0  # boards that reset when the port opens run their boot loader first
_AGAIN = "another program may use the board too: close that one and run the command again"
_ADVICE: dict[int, str] = {
    ErrorCode.NO_SENSOR: "use a board that has a sensor",
    ErrorCode.NOT_STREAMING: _AGAIN,
    ErrorCode.NO_WINDOW: _AGAIN,
    ErrorCode.NO_DECISION: "flash the firmware of this bundle",
}


class BoardResetError(InputError):
    """The board was reset since its greeting: calibration, window, stream and counters are gone."""

    text = (
        "port {port}: the board was reset (its session is gone) {when}; check its power supply and what may reset it "
        "(a watchdog, a fault, another program that opens the port), then run the command again"
    )

    def __init__(self, port: str, when: str) -> None:
        super().__init__(self.text.format(port=port, when=when))


class PortReturnedError(BoardResetError):
    """The port went away and came back, so that nothing of the board before may be relied on."""

    text = (
        "port {port}: it went away and came back {when}; what the board had been given may be gone: check the cable "
        "and run the command again"
    )


@contextmanager
def resets_named(port: str, when: Callable[[], str]) -> Iterator[None]:
    """Has a BoardResetError from within say how far the command was: `when`() as in "after 3 of 20 windows"."""
    try:
        yield
    except BoardResetError as error:
        raise type(error)(port, when()) from error


@dataclass
class Traffic:
    """What passed on the line, counted by the host."""

    bytes_sent: int = 0
    bytes_received: int = 0
    frames_sent: int = 0
    frames_received: int = 0


class Numbers(Protocol):
    """What the link needs of random.Random."""

    def randrange(self, start: int, stop: int | None = None) -> int: ...


class Link:
    """One board at the other end of a transport.

    `now` is the clock of every time-out, in seconds; `numbers` gives the first sequence number and the sessions.
    """

    def __init__(
        self, transport: Transport, now: Callable[[], float] = time.monotonic, numbers: Numbers | None = None
    ) -> None:
        self.name = transport.name
        self.now = now
        self.traffic = Traffic()
        self.session = 0  # of the latest greeting
        self.windows = 0  # that the board has finished in this session
        self._transport = transport
        self._decoder = Decoder()
        self._heard = Heard()  # since the latest greeting
        # A random start keeps late answers to an earlier command apart from ours.
        self._numbers = numbers or random.Random()
        self._seq = self._numbers.randrange(1 << 16)
        self._round_trips: dict[Type, RoundTrip] = {}  # some requests run the network, others only read a counter

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
        with self._returns_named():
            data = self._transport.read(timeout_s)
        self._heard.add(data)
        frames = self._decoder.feed(data)
        self.traffic.bytes_received += len(data)
        self.traffic.frames_received += len(frames)
        return frames

    def request(self, kind: Type, payload: bytes = b"") -> Frame:
        """Sends a frame and returns its answer, sending again on silence and on damage.

        Raises BoardResetError if the board has no session any more, InputError if no answer comes within
        REQUEST_DEADLINE_S or the board refuses.
        """
        sent, damaged = self.traffic.frames_sent, self.errors
        answer = self._exchange(kind, payload, REQUEST_DEADLINE_S, ANSWER_TIMEOUT_S)
        if answer is not None:
            return answer
        damaged = self.errors - damaged
        raise InputError(
            f"port {self.name}: no answer to {kind.name} within {REQUEST_DEADLINE_S:g} s "
            f"({self.traffic.frames_sent - sent} attempts, {damaged} damaged frames came); "
            + ("the line damages too much: check the cable" if damaged else "the board hangs: reset it")
            + " and the baud rate, or see --trace"
        )

    def greet(self, boot_timeout_s: float = BOOT_TIMEOUT_S) -> Hello:
        """Begins a new session: repeats HELLO until the board answers.

        Raises InputError if it does not within `boot_timeout_s`, with the likely cause (silence.py), and if it speaks
        another protocol version. A port that goes away and comes back meanwhile is greeted anew.
        """
        session = self._numbers.randrange(1, 1 << 32)
        self._heard = Heard()
        for _ in range(RETURNS_IN_A_ROW - 1):
            with suppress(PortReturnedError):
                answer = self._hello(session, boot_timeout_s)
                break
        else:
            answer = self._hello(session, boot_timeout_s)
        if answer is None:
            raise InputError(f"port {self.name}: within {boot_timeout_s:g} s {self._heard.cause()}")
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
        return self._exchange(Type.HELLO, greeting(session), timeout_s, HELLO_TIMEOUT_S)

    def _exchange(self, kind: Type, payload: bytes, deadline_s: float, longest_s: float) -> Frame | None:
        """The answer to one of the sendings of a request; None if none comes within `deadline_s`.

        A flush before each ends a half-received frame on the board, be it of the sending before.
        """
        trip = self._round_trips.setdefault(kind, RoundTrip(longest_s))
        deadline = self.now() + deadline_s
        sent: dict[int, float] = {}  # sequence number -> when
        while True:
            if sent or kind == Type.HELLO:
                self.flush()
            seq, _size = self.send(kind, payload)
            sent[seq] = self.now()
            answer = self._await(sent, kind, min(trip.timeout_s, max(0.0, deadline - sent[seq])))
            if answer is not None:
                trip.add(self.now() - sent[answer.seq])
                return answer
            if self.now() >= deadline:
                return None
            trip.backoff()

    def _greeted(self, answer: Frame) -> Hello:
        version = Hello.version(answer.payload)
        if version != PROTOCOL_VERSION:
            raise InputError(
                f"port {self.name}: the board speaks protocol version {version}, this program version "
                f"{PROTOCOL_VERSION}; "
                + ("flash firmware built from this checkout" if version < PROTOCOL_VERSION else "update this program")
            )
        return Hello.parse(answer.payload)

    def _await(self, sent: Container[int], kind: Type, timeout_s: float) -> Frame | None:
        """The answer to a frame of `kind` whose sequence number is in `sent`; waits at most `timeout_s`.

        A damaged frame is most likely the answer, so behind one the wait is cut short, and the board is not slow.
        """
        deadline, errors = self.now() + timeout_s, self.errors
        while (left := deadline - self.now()) > 0:
            for frame in self.receive(left):
                if frame.seq in sent and frame.type == Type.ERROR:
                    raise self._refusal(kind, BoardError.parse(frame.payload))
                if frame.seq in sent and frame.type == kind | ANSWER:
                    return frame
            if self.errors > errors:
                errors = self.errors
                deadline = min(deadline, self.now() + GRANULARITY_S)
                self._round_trips[kind].alive()
        return None

    def _refusal(self, kind: Type, error: BoardError) -> InputError:
        if error.code == ErrorCode.NO_SESSION:
            return BoardResetError(self.name, f"before it answered {kind.name}")
        advice = _ADVICE.get(error.code, "flash firmware built from this checkout")
        return InputError(f"port {self.name}: the board refused {kind.name}: {error}; {advice}")

    def _write(self, data: bytes) -> None:
        with self._returns_named():
            self._transport.write(data)
        self.traffic.bytes_sent += len(data)

    @contextmanager
    def _returns_named(self) -> Iterator[None]:
        """A port that was opened again may have a board that was reset. Half a frame of before is a damaged one."""
        try:
            yield
        except PortReopenedError as error:
            self._decoder.feed(b"\0")
            raise PortReturnedError(self.name, "while the board was asked") from error


def explain_silence(link: Link, request: str, when: str) -> NoReturn:
    """Raises the cause for a board that answers no `request`, not even one to end: BoardResetError, or InputError."""
    if link.ask().session == 0:
        raise BoardResetError(link.name, when)
    raise InputError(
        f"port {link.name}: the board greets, but does not answer {request}, {when}; reset it and try again, or see "
        "--trace"
    )
