"""Sends windows and survives lost, damaged, doubled and late frames, as docs/PROTOCOL.md describes it.

Order. The board wants one sample at a time and says with every answer which one. Chunks are sent ahead of the answers;
an answer that names an earlier sample than its chunk's first tells that a chunk before it is lost, and that one is sent
again (pieces.py): the board keeps some of what came behind it. The last chunk of a window waits for the result of the
window before, which the board would overwrite.

Flow control. A board says in HELLO how many bytes it holds while the network runs (`receive`, capacity.py). So at most
that many are in flight: sent, and not known to have been read. A frame that is longer goes out alone, to a board that
waits for it. The board works through frames in order, so an answer to a frame tells that it and everything sent before
it has been read, damaged frames included. At the start, and on a line with losses, CHUNKS_IN_NOISE chunks are in flight
at most: more than the board keeps would be sent in vain.

Loss. The line keeps order, so an answer to a later frame tells that the answers before it are lost. Where no later
chunk can be sent, a STATS request goes behind the last one: the marker. Only where all answers are lost the time-out is
needed, which follows the measured round trips. Chunks get shorter as more frames are lost (noise.py).

Time. A flight ends when nothing has moved on for STALL_S: no sample that the board took, no result. What was answered
until then is in the outcome, with the reason. So is an answer that no sound board gives, and a port that breaks.

Reset. A board that was reset refuses whatever comes with ERROR NO_SESSION, so every answer is of a board that has been
greeted. Whoever gives `resume`, which greets it again, gets the windows that were on their way sent once more.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firmware_host.capacity import MARKER_BYTES, chunk_samples, reserve_bytes
from firmware_host.hello import Hello
from firmware_host.link import ANSWER_TIMEOUT_S, BoardResetError, Link
from firmware_host.messages import BoardError, ErrorCode, Result, Wanted, window_chunk
from firmware_host.noise import Noise
from firmware_host.outcome import Outcome
from firmware_host.pieces import Piece, Pieces, Place
from firmware_host.protocol import ANSWER, Frame, Type, wire_size
from firmware_host.round_trip import RoundTrip
from scl.artifacts import InputError

STALL_S = 30.0  # without a sample taken or a result: the flight ends
RESETS_IN_A_ROW = 3  # without an answer between: the windows themselves may reset the board
CHUNKS_IN_NOISE = 3  # in flight: with fewer the line stands still behind a lost one


@dataclass
class _Sent:
    """A frame in flight."""

    seq: int
    size: int
    at: float  # clock
    network: bool  # the network runs before its answer
    piece: Piece | None = None  # None for a marker
    lost: bool = False  # counted as such


class Flight:
    """One run of `count` windows; `counts(index)` gives the samples (raw_samples, channels) of one.

    `done(settled)` is called with the number of windows answered so far, `resume` once the board was reset: it has to
    greet it again. Without it a reset ends the flight.
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
        self.resume = resume
        self._outcome = Outcome([None] * count, [float("nan")] * count, [0] * count)
        self._settled = 0  # windows with a result, and the index of the one that is awaited
        self._stands: Place = (0, 0)  # the sample that the board wants, by its latest answer
        self._farthest: Place = (0, 0)  # that it ever wanted: to go back and forth is no progress
        self._pieces = Pieces(hello.raw_samples, hello.sample_bytes)
        self._begun: dict[int, tuple[float, np.ndarray]] = {}  # clock at the first byte, and counts, of unsettled ones
        self._flying: deque[_Sent] = deque()
        self._resets_in_a_row = 0
        self._noise = Noise()
        self._reserve = reserve_bytes(hello.receive)
        self._trips = {network: RoundTrip(timeout_s) for network in (False, True)}
        self._moved = self._heard = link.now()  # clock at the latest sample taken or result, at the latest answer

    def run(self) -> Outcome:
        """Sends every window, or as many as can be sent.

        Raises BoardResetError if the board was reset and there is no `resume`.
        """
        try:
            while self._settled < self.count:
                try:
                    self._step()
                except BoardResetError as error:
                    self._after_reset(error)
        except BoardResetError:
            if self.resume is None:
                raise
            self._outcome.stopped = self._reset_again()
        except InputError as error:
            self._outcome.stopped = str(error)
        return self._outcome

    def _step(self) -> None:
        self._fill()
        trip, last = self._trip(), self._moved + STALL_S
        deadline = min(last, max(self._heard, self._flying[-1].at) + trip.timeout_s)
        frames = self.link.receive(max(0.0, deadline - self.link.now()))
        ours = [self._settled < self.count and self._take(frame) for frame in frames]
        now = self.link.now()
        if any(ours):
            self._heard = now
        if now >= self._moved + STALL_S:
            raise InputError(
                f"port {self.link.name}: nothing moved on for {STALL_S:g} s after {self._settled} of {self.count} "
                f"windows; {self._noise}; check the cable and the board's power, reset it and run the command again"
            )
        if now >= deadline and not any(ours):
            self._silence(trip)

    def _trip(self) -> RoundTrip:
        return self._trips[any(sent.network for sent in self._flying)]

    def _fill(self) -> None:
        """Sends chunks as long as the board has room for them, and a marker behind them where it may be needed."""
        while self._may_send() and self._send_chunk():
            pass
        if not self._flying or (self._wants_marker() and self._fits(MARKER_BYTES + self._reserve)):
            self._send(Type.STATS)

    def _send_chunk(self) -> bool:
        """What is lost goes first; False if the board has no room for it."""
        lost = self._pieces.lost()
        index, start = (lost.index, lost.start) if lost else self._pieces.front
        end = min(start + self._chunk_samples(), lost.end if lost else self.hello.raw_samples)
        chunk = self._window(index)[start:end]
        payload = window_chunk((self.link.windows + index - self._settled) & 0xFFFF, start, chunk)
        if self._flying and not self._fits(wire_size(len(payload)) + MARKER_BYTES + self._reserve):
            return False
        sent = self._send(Type.WINDOW, payload, end == self.hello.raw_samples or self._pieces.keeps_a_last_one)
        if lost:
            self._outcome.attempts[index] += not lost.rest
            sent.piece = self._pieces.again(lost, end - start, sent.seq)
        else:
            sent.piece = self._pieces.further(end - start, sent.seq)
        return True

    def _wants_marker(self) -> bool:
        """Behind the newest chunk if none will follow, on a line with losses; and if its time-out is not known yet."""
        newest = self._flying[-1]
        if newest.piece is None:
            return False
        return (self._noise.losses and not self._has_more()) or self._trips[newest.network].srtt_s is None

    def _may_send(self) -> bool:
        if self._noise.careful and sum(bool(s.piece) and not s.lost for s in self._flying) >= CHUNKS_IN_NOISE:
            return False
        return self._has_more()

    def _has_more(self) -> bool:
        if self._pieces.lost():
            return True
        index, start = self._pieces.front
        if index >= self.count or index > self._settled + 1:
            return False
        return index == self._settled or start + self._chunk_samples() < self.hello.raw_samples

    def _chunk_samples(self) -> int:
        return max(1, min(chunk_samples(self.hello), self._noise.best_bytes() // self.hello.sample_bytes))

    def _window(self, index: int) -> np.ndarray:
        if index not in self._begun:
            self._outcome.attempts[index] += 1
            self._begun[index] = self.link.now(), self.counts(index)
        return self._begun[index][1]

    def _fits(self, size: int) -> bool:
        return sum(sent.size for sent in self._flying) + size <= self.hello.receive

    def _send(self, kind: Type, payload: bytes = b"", network: bool = False) -> _Sent:
        at = self.link.now()
        network = network or any(sent.network for sent in self._flying)
        seq, size = self.link.send(kind, payload)
        self._flying.append(sent := _Sent(seq, size, at, network))
        return sent

    def _take(self, frame: Frame) -> bool:
        """Draws every conclusion from a frame of the board; False if it answers nothing that is in flight."""
        if not any(sent.seq == frame.seq for sent in self._flying):
            self._outcome.duplicated += frame.type == Type.WINDOW | ANSWER
            return False
        while (sent := self._flying.popleft()).seq != frame.seq:
            self._lose(sent)
        if not sent.lost:
            self._noise.arrived(sent.size)
        if frame.type == Type.ERROR:
            raise self._refusal(BoardError.parse(frame.payload))
        self._trips[sent.network].add(self.link.now() - sent.at)
        if frame.type == Type.WINDOW | ANSWER and sent.piece:
            self._advance(Wanted.parse(frame.payload, self.hello))
            self._pieces.answered(sent.piece, sent.seq)
        return True

    def _lose(self, sent: _Sent) -> None:
        if not sent.lost:
            sent.lost = True
            self._noise.lost(sent.size)
        if sent.piece:
            self._pieces.lose(sent.piece, sent.seq)

    def _advance(self, wanted: Wanted) -> None:
        """Notes where the board stands.

        Raises InputError for a window that no board wants which has got ours alone.
        """
        ahead = (wanted.window - self.link.windows) & 0xFFFF
        if ahead == 0xFFFF and wanted.result is not None:
            return  # to a repeated chunk of the window before
        if ahead == 0 and wanted.result is not None:
            self._settle(wanted.result)
        elif ahead <= 1 and wanted.result is None:
            place = (self._settled + ahead, wanted.next)
            if place > self._farthest:
                self._farthest = place
                self._moved = self.link.now()
            elif place < self._stands:
                self._pieces.restart(place)
            self._stands = place
            if ahead == 1:
                self._pieces.ask(self._settled)
            self._pieces.wanted(place)
        else:
            raise InputError(
                f"port {self.link.name}: the board answers about window {wanted.window}, {self.link.windows & 0xFFFF} "
                "is the one that it has to want; another program speaks to it too: close that one and start again"
            )

    def _settle(self, result: Result) -> None:
        index = self._settled
        self._moved = self.link.now()
        self._outcome.results[index] = result
        self._outcome.latency_s[index] = self._moved - self._begun.pop(index)[0]
        self._resets_in_a_row = 0
        self._pieces.settled(index)
        self._settled += 1
        self._stands = max(self._stands, (self._settled, 0))
        self.link.windows += 1
        self.done(self._settled)

    def _silence(self, trip: RoundTrip) -> None:
        """No answer in time: a marker goes out, whose answer tells what is lost, behind an end of half a frame.

        On a line with losses all in flight is taken for lost at once. The board may only be slow and its ring full, so
        it stays counted there, and the marker goes out even where no chunk fits. Where it has no room itself, a board
        that is that slow drops it and counts the bytes.
        """
        if self._noise.losses:
            for sent in self._flying:
                self._lose(sent)
        trip.backoff()
        self._heard = self.link.now()
        self.link.flush()
        self._send(Type.STATS)

    def _refusal(self, error: BoardError) -> InputError:
        if error.code == ErrorCode.NO_SESSION:
            return BoardResetError(self.link.name, f"after {self._settled} of {self.count} windows")
        return InputError(f"port {self.link.name}: {error}; flash firmware built from this checkout")

    def _after_reset(self, error: BoardResetError) -> None:
        """Greets the board again; it gets every window on its way once more. No frame of before is answered now."""
        self._resets_in_a_row += 1
        if self.resume is None or self._resets_in_a_row == RESETS_IN_A_ROW:
            raise error
        self.resume()
        self._flying.clear()
        self._stands = self._farthest = (self._settled, 0)
        self._pieces.restart(self._stands)
        for index in self._begun:
            self._outcome.attempts[index] += 1
        self._moved = self._heard = self.link.now()

    def _reset_again(self) -> str:
        when = f"after {self._settled} of {self.count} windows, {RESETS_IN_A_ROW} times in a row without an answer"
        return str(BoardResetError(self.link.name, when))
