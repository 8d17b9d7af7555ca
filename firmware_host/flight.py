"""Sends windows, several in flight at once, and survives lost, damaged and doubled frames.

Flow control. A board's receive ring holds RX_RING_BYTES, and the firmware does not read it while the network runs. So
at most that many bytes are in flight: sent, and not known to be out of the ring. The board works through frames in
order, so an answer to a frame tells that it and everything sent before it has left the ring, damaged frames included.
Only the last chunk of a window is answered; where half a ring goes out without such a chunk, a STATS request is put in
to be answered. Therefore some frame in flight will always be answered, and the ring cannot overflow on any line,
however long the network takes.

Loss. The line keeps order, so an answer to a later frame tells that the answers before it are lost, and ERROR GAP
tells that a chunk is. Either way the whole window is sent again at once. Only silence needs the time-out, and after
one nothing but a STATS request goes out until the board answers. After WINDOW_ATTEMPTS attempts a window counts as
lost.

Reset. A board that was reset refuses whatever comes with ERROR NO_SESSION, so every answer is of a board that has been
greeted. Whoever gives `resume`, which greets it again, gets the windows that were on their way sent once more.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firmware_host.link import ANSWER_TIMEOUT_S, BoardResetError, Link
from firmware_host.messages import BoardError, ErrorCode, Hello, Result, chunk_samples, window_chunk
from firmware_host.protocol import ANSWER, Frame, Type, wire_size
from scl.artifacts import InputError

RX_RING_BYTES = 4096  # SCL_RING_SIZE of firmware/src/link/ring.h
WINDOW_ATTEMPTS = 5
SILENT_TIMEOUTS = 4  # in a row: the board is gone
RESETS_IN_A_ROW = 3  # without an answer between: the windows themselves may reset the board
_RESERVE_BYTES = (1 + SILENT_TIMEOUTS) * (wire_size(0) + 1)  # a marker, and one with a flush after each silence


@dataclass
class Outcome:
    """What came back, by window index."""

    results: list[Result | None]  # None: lost
    latency_s: list[float]  # first byte handed to the port until the answer; NaN where lost
    attempts: list[int]
    retried: int = 0  # windows sent again, every time counted
    duplicated: int = 0  # answers that came twice or after the window had been given up

    @property
    def lost(self) -> int:
        return sum(result is None for result in self.results)


@dataclass
class _Sent:
    """A frame in flight."""

    seq: int
    size: int
    index: int = -1  # window; -1 for a marker
    attempt: int = 0
    last: bool = False  # last chunk of its window


@dataclass
class _Sending:
    """The window that is being cut into chunks."""

    index: int
    counts: np.ndarray  # (samples, channels) int16
    start: int = 0


class Flight:
    """One run of `count` windows; `counts(index)` gives the int16 counts (raw_samples, channels) of one.

    `done(settled)` is called with the number of windows answered or given up so far, `resume` once the board was reset:
    it has to greet it again. Without it a reset ends the flight.
    """

    def __init__(
        self,
        link: Link,
        hello: Hello,
        count: int,
        counts: Callable[[int], np.ndarray],
        done: Callable[[int], None] = lambda _settled: None,
        timeout_s: float = ANSWER_TIMEOUT_S,
        resume: Callable[[], None] | None = None,
    ) -> None:
        self.link = link
        self.hello = hello
        self.count = count
        self.counts = counts
        self.done = done
        self.timeout_s = timeout_s
        self.resume = resume
        self._outcome = Outcome([None] * count, [float("nan")] * count, [0] * count)
        self._settled = 0
        self._resets_in_a_row = 0
        self._todo = deque(range(count))
        self._sending: _Sending | None = None
        self._flying: deque[_Sent] = deque()
        self._open: dict[int, int] = {}  # number on the wire -> index, of windows begun and not settled
        self._started: dict[int, float] = {}  # index -> clock at the first byte of its latest attempt

    def run(self) -> Outcome:
        """Sends every window.

        Raises BoardResetError if the board was reset and cannot be resumed, InputError if it falls silent, refuses a
        frame or the port breaks.
        """
        silent = 0
        deadline = self.link.now() + self.timeout_s
        while self._settled < self.count:
            self._fill()
            frames = self.link.receive(max(0.0, deadline - self.link.now()))
            ours = [self._take(frame) for frame in frames]
            if any(ours):
                silent = 0
            elif self.link.now() < deadline:
                continue
            else:
                silent += 1
                if silent == SILENT_TIMEOUTS:
                    raise InputError(
                        f"port {self.link.name}: the board stopped answering after {self._settled} of {self.count} "
                        "windows; check the cable and its power, reset it and run the command again"
                    )
                self._give_up_flying()
            deadline = self.link.now() + self.timeout_s
        return self._outcome

    def _fill(self) -> None:
        """Sends chunks as long as they fit into the board's ring."""
        samples = chunk_samples(self.hello.max_payload, self.hello.channels)
        while self._sending or self._todo:
            if self._sending is None:
                self._sending = self._begin(self._todo.popleft())
            sending = self._sending
            chunk = sending.counts[sending.start : sending.start + samples]
            last = sending.start + len(chunk) == len(sending.counts)
            payload = window_chunk(sending.index & 0xFFFF, sending.start, chunk)
            if self._in_flight() + wire_size(len(payload)) + _RESERVE_BYTES > RX_RING_BYTES:
                return
            attempt = self._outcome.attempts[sending.index]
            seq, size = self.link.send(Type.WINDOW, payload)
            self._flying.append(_Sent(seq, size, sending.index, attempt, last))
            sending.start += len(chunk)
            if last:
                self._sending = None
            elif self._unmarked() > RX_RING_BYTES // 2:
                self._flying.append(_Sent(*self.link.send(Type.STATS)))

    def _begin(self, index: int) -> _Sending:
        self._outcome.attempts[index] += 1
        self._outcome.retried += self._outcome.attempts[index] > 1
        self._open[index & 0xFFFF] = index
        self._started[index] = self.link.now()
        return _Sending(index, self.counts(index))

    def _unmarked(self) -> int:
        """Bytes in flight behind the last frame that will be answered."""
        size = 0
        for sent in reversed(self._flying):
            if sent.last or sent.index < 0:
                break
            size += sent.size
        return size

    def _take(self, frame: Frame) -> bool:
        """Draws every conclusion from a frame of the board; False if it is none of ours."""
        is_result = frame.type == Type.WINDOW | ANSWER
        if is_result:
            self._settle(Result.parse(frame.payload, self.hello.features, self.hello.classes))
        if not any(sent.seq == frame.seq for sent in self._flying):
            return is_result  # late: its window has been given up or settled
        while self._flying:
            sent = self._flying.popleft()
            if sent.last:
                self._again(sent)  # does nothing where the answer has come
            if sent.seq == frame.seq:
                break
        if frame.type == Type.ERROR:
            error = BoardError.parse(frame.payload)
            if error.code == ErrorCode.NO_SESSION:
                self._start_over()
                return True
            if error.code != ErrorCode.GAP:
                raise InputError(f"port {self.link.name}: {error}; flash firmware built from this checkout")
            self._again(sent)
        return True

    def _settle(self, result: Result) -> None:
        index = self._open.pop(result.window, None)
        if index is None:
            self._outcome.duplicated += 1
            return
        self._resets_in_a_row = 0
        self._outcome.results[index] = result
        self._outcome.latency_s[index] = self.link.now() - self._started[index]
        if index in self._todo:
            self._todo.remove(index)
        self._close(index)

    def _again(self, sent: _Sent) -> None:
        """Queues the window of `sent` once more, unless that attempt has been settled or given up already."""
        index = sent.index
        if (
            self._open.get(index & 0xFFFF) != index
            or sent.attempt != self._outcome.attempts[index]
            or index in self._todo
        ):
            return
        if sent.attempt >= WINDOW_ATTEMPTS:
            del self._open[index & 0xFFFF]
            self._close(index)
            return
        self._stop_sending(index)
        self._todo.appendleft(index)

    def _start_over(self) -> None:
        """After a reset: a greeting, and every window on its way once more. No frame of before is answered now."""
        when = f"after {self._settled} of {self.count} windows"
        if self.resume is None:
            raise BoardResetError(self.link.name, when)
        self._resets_in_a_row += 1
        if self._resets_in_a_row == RESETS_IN_A_ROW:
            raise BoardResetError(self.link.name, f"{when}, {RESETS_IN_A_ROW} times in a row without an answer")
        self.resume()
        self._flying.clear()
        self._sending = None
        self._todo = deque(sorted({*self._todo, *self._open.values()}))
        self._open.clear()

    def _close(self, index: int) -> None:
        self._stop_sending(index)
        self._settled += 1
        self.done(self._settled)

    def _stop_sending(self, index: int) -> None:
        if self._sending is not None and self._sending.index == index:
            self._sending = None

    def _give_up_flying(self) -> None:
        """After a silence no window in flight is expected any more, and half a frame may sit in the board.

        The board may only be slow and its ring full, so nothing but a marker is sent until it is answered.
        """
        self.link.flush()
        for sent in self._flying:
            if sent.index >= 0:
                self._again(sent)
        seq, size = self.link.send(Type.STATS)
        self._flying = deque([_Sent(seq, size + 1 + self._in_flight())])

    def _in_flight(self) -> int:
        return sum(sent.size for sent in self._flying)
