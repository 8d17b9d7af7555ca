"""LIVE: a board classifies its own sensor and answers unasked, hop by hop; with CAPTURE beside it, what it saw, too.

Answers are numbered, so what the line loses is counted. The board answers for no window with a gap: behind samples that
it lost its front end begins anew, and the next answer comes a whole window later. Silence may be a silent sensor, a
board that loses samples in every window, a line that loses all, a reset or a board that is gone. So the board is asked
to end, and its answer tells how far it was; without one it is asked whether our session is still there.
"""

import struct
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from firmware_host import messages
from firmware_host.board import Board
from firmware_host.decisions import decision_name
from firmware_host.link import BoardResetError, explain_silence, resets_named
from firmware_host.message_error import MessageError
from firmware_host.messages import BoardError, ErrorCode, LiveAnswer, LiveProgress, capture_block, live_answer
from firmware_host.model import is_class
from firmware_host.playing import Due
from firmware_host.protocol import ANSWER, Frame, Type
from firmware_host.recording import BLOCK_SAMPLES, SLOWEST
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest

ENDLESS = 0xFFFFFFFF  # hops, and samples of the blocks beside them
CONFIRM_TIMEOUT_S = 1.0  # until a request is sent again
START_ATTEMPTS = 8
STOP_ATTEMPTS = 5
SILENCE_S = 5.0  # without an answer, besides the time that the sensor takes for a window


class NoSensorError(InputError):
    """The board has no sensor of its own."""


class SilentSensorError(InputError):
    """The board is there and gives no answer: its sensor is silent, it loses samples, or the line loses all."""


@dataclass(frozen=True)
class Block:
    """Samples of the board's own sensor, in the numbering of the answers, without a gap."""

    start: int  # number of the first one
    dropped: int  # samples that the board has lost before it
    counts: np.ndarray  # (n, channels) int16


def live(
    board: Board, bundle: Bundle[BundleManifest], hop: int, hops: int = ENDLESS, blocks: bool = False
) -> Generator[LiveAnswer | Block, None, None]:
    """Has the board classify its own sensor; yields its answers, and with `blocks` its samples, as they come.

    `hop` is in model-rate samples, the answers end after `hops`. However the iteration is left, the board is told to
    end (by close(), where it is left in the midst). Raises NoSensorError, SilentSensorError, BoardResetError,
    MessageError for an answer that no board with this model gives, and InputError if the port breaks.
    """
    return Live(board, bundle.manifest, hop, hops, blocks).run()


class Live:
    """One LIVE, as `live` describes it.

    Attributes:
        begin: the sensor's sample with which it began; None until the board has confirmed.
        number: of the next answer.
        received: answers that came; `number` - `received` were lost on the line.
        end, dropped: the sensor's samples that have passed, and what the board lost of them, by the latest answer.
    """

    def __init__(self, board: Board, manifest: BundleManifest, hop: int, hops: int, blocks: bool) -> None:
        self.begin: int | None = None
        self.number = self.received = self.end = self.dropped = 0
        self._link, self._hello, self._manifest = board.link, board.hello, manifest
        self._hop, self._hops, self._due = hop, hops, Due.of(manifest, hop)
        self._blocks = blocks
        longest = max(self._due.end(1), self._due.end(2) - self._due.end(1)) / manifest.sensor.rate_hz
        self._silence_s = SILENCE_S + longest / SLOWEST
        self._block_s = SILENCE_S + BLOCK_SAMPLES / manifest.sensor.rate_hz / SLOWEST
        self._seq = self._block_seq = -1  # of the latest requests
        self._block_end = 0
        self._block_deadline = float("inf")
        self._anchor: tuple[int, int] | None = None  # sample at which the front end began, number of its first answer

    def run(self) -> Generator[LiveAnswer | Block, None, None]:
        """The answers and blocks, as they come."""
        try:
            with resets_named(self._link.name, self._when):
                yield from self._listen()
        finally:
            with suppress(InputError):  # the port, or the board, may be what failed
                self._send_end()

    def _listen(self) -> Iterator[LiveAnswer | Block]:
        attempts, deadline = 0, self._link.now()
        while self.number < self._hops:
            now = self._link.now()
            if now >= deadline and self.begin is None:
                if attempts == START_ATTEMPTS:
                    explain_silence(self._link, "LIVE", self._when())
                attempts, deadline = attempts + 1, now + CONFIRM_TIMEOUT_S
                self._ask()
            elif now >= deadline:
                self._silent()
                return
            elif now >= self._block_deadline:
                self._ask_for_blocks()
            for frame in self._link.receive(max(0.0, min(deadline, self._block_deadline) - now)):
                progress, confirmed = self.number, self.begin
                items = self._take(frame)
                if self.number > progress or self.begin != confirmed:
                    deadline = self._link.now() + self._silence_s
                yield from items

    def _ask(self) -> None:
        self._link.flush()
        if self._blocks:
            self._ask_for_blocks()
        self._seq, _size = self._link.send(Type.LIVE, messages.live(self._hop, self._hops))

    def _ask_for_blocks(self) -> None:
        self._block_seq, _size = self._link.send(Type.CAPTURE, struct.pack("<I", ENDLESS))
        self._block_deadline = self._link.now() + self._block_s

    def _take(self, frame: Frame) -> Sequence[LiveAnswer | Block]:
        """What a frame says that is worth handing on."""
        if frame.type == Type.ERROR and frame.seq in (self._seq, self._block_seq):
            raise self._refusal(BoardError.parse(frame.payload))
        if frame.type == Type.CAPTURE | ANSWER and frame.seq == self._block_seq:
            return self._take_block(frame.payload)
        if frame.type != Type.LIVE | ANSWER or frame.seq != self._seq:
            return ()
        answer = live_answer(frame.payload, self._hello)
        if isinstance(answer, LiveProgress):
            self._confirm(answer)
            return ()
        if self.begin is None or answer.number < self.number:  # unconfirmed and asked for again, doubled, or late
            return ()
        self._check(answer)
        self.number, self.end, self.dropped = answer.number + 1, answer.end, answer.dropped
        self.received += 1
        return (answer,)

    def _confirm(self, progress: LiveProgress) -> None:
        if progress.hops != 0:
            raise MessageError(f"a LIVE answer that confirms a start with {progress.hops} hops behind it")
        if self.begin is None:
            self.begin, self.end, self.dropped = progress.end, progress.end, progress.dropped
            self._anchor = progress.end, 0

    def _take_block(self, payload: bytes) -> Sequence[Block]:
        start, dropped, counts = capture_block(payload, self._hello.channels)
        self._block_deadline = self._link.now() + self._block_s
        if start < self._block_end or not len(counts):
            return ()
        if dropped > start:
            raise MessageError(f"a CAPTURE block that counts {dropped} of {start} samples as dropped")
        self._block_end = start + len(counts)
        return (Block(start, dropped, counts),)

    def _check(self, answer: LiveAnswer) -> None:
        """MessageError for an answer that this LIVE cannot get."""
        passed, dropped = answer.end - self.end, answer.dropped - self.dropped
        if answer.number >= self._hops or passed < 1 or not 0 <= dropped < passed:
            raise MessageError(
                f"hop {answer.number} of {self._hops} after {answer.end} samples, {answer.dropped} of them dropped; "
                f"{self.number} is the next one, after more than {self.end} samples, {self.dropped} of them dropped"
            )
        self._check_due(answer, dropped)
        decision_name(self._manifest, answer)  # MessageError for a class that the model lacks
        if not is_class(self._manifest, answer.predicted):
            raise MessageError(f"class {answer.predicted}, of a model with {self._manifest.classes} classes")

    def _check_due(self, answer: LiveAnswer, dropped: int) -> None:
        """MessageError for an answer whose window does not lie where it should; `dropped` are new."""
        if dropped:  # the front end began anew; if answers are missing, it is not known where
            missing = answer.number - self.number
            self._anchor = None if missing else (answer.end - self._due.end(1), answer.number)
        elif self._anchor is not None:
            begun, first = self._anchor
            due = begun + self._due.end(answer.number - first + 1)
            if answer.end != due:
                raise MessageError(f"hop {answer.number} after {answer.end} samples; it was due after {due}")

    def _silent(self) -> None:
        """Takes the last answers as lost where the board is through. Raises SilentSensorError or InputError if not."""
        progress = self._end()
        if progress is None:
            explain_silence(self._link, "LIVE", self._when())
        elif progress.hops >= self._hops:
            self.number, self.end, self.dropped = self._hops, progress.end, progress.dropped
        else:
            lost, passed = progress.dropped - self.dropped, progress.end - self.end
            if lost > 0:
                cause_and_advice = (
                    f"the board lost {lost} of {passed} samples meanwhile, so that no window was whole: it is too slow "
                    "for this model at this rate; give a longer hop, or a driver that holds more samples"
                )
            elif progress.hops > self.number:
                cause_and_advice = (
                    f"the line lost {progress.hops - self.number} answers; check the cable and the baud rate"
                )
            else:
                cause_and_advice = f"the sensor gave {passed} samples meanwhile; check its wiring and its driver's rate"
            raise SilentSensorError(
                f"port {self._link.name}: no answer for {self._silence_s:g} s, {self._when()}: {cause_and_advice}"
            )

    def _end(self) -> LiveProgress | None:
        """How far the board says that it was, asked to end; None: no answer came."""
        for _ in range(STOP_ATTEMPTS):
            seq = self._send_end()
            deadline = self._link.now() + CONFIRM_TIMEOUT_S
            while (left := deadline - self._link.now()) > 0:
                for frame in self._link.receive(left):
                    if frame.seq != seq or frame.type != Type.LIVE | ANSWER:
                        continue
                    answer = live_answer(frame.payload, self._hello)
                    if isinstance(answer, LiveProgress):
                        return answer
        return None

    def _send_end(self) -> int:
        self._link.flush()
        if self._blocks:
            self._link.send(Type.CAPTURE, struct.pack("<I", 0))
        return self._link.send(Type.LIVE, messages.live(0, 0))[0]

    def _refusal(self, error: BoardError) -> InputError:
        if error.code == ErrorCode.NO_SESSION:
            return BoardResetError(self._link.name, self._when())
        if error.code == ErrorCode.NO_SENSOR:
            return NoSensorError(
                f"port {self._link.name}: the board has no sensor of its own: {error}; use one that has, or play a "
                "recording to it with python -m firmware_host.stream"
            )
        return InputError(f"port {self._link.name}: the board refused LIVE: {error}; flash firmware of this checkout")

    def _when(self) -> str:
        return f"after {self.number} hops"
