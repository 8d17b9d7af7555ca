"""One CAPTURE of a board's own sensor, which sends unasked: started, listened to, and stopped whatever happens.

Silence may be a lost block, a silent sensor, a reset or a board that is gone. So the board is asked to stop, and its
answer tells how far it was; without one it is asked whether our session is still there.
"""

import struct
from collections.abc import Callable
from contextlib import suppress

from firmware_host.blocks import Blocks
from firmware_host.link import BoardResetError, Link, explain_silence, resets_named
from firmware_host.message_error import MessageError
from firmware_host.messages import BoardError, ErrorCode, capture_block
from firmware_host.protocol import ANSWER, Type
from scl.artifacts import InputError

BLOCK_SAMPLES = 16  # most in a block: SCL_CAPTURE_SAMPLES of firmware/src/app/capture.h
BLOCK_TIMEOUT_S = 5.0  # between two blocks, besides the time that the sensor takes for one
START_ATTEMPTS = 3  # without a single block
STOP_ATTEMPTS = 5
STOP_TIMEOUT_S = 1.0
SLOWEST = 0.5  # of the sensor's rate: a board that gives fewer samples is given up


class Recording:
    """The capture of `samples` samples at `rate_hz` of `channels` counts each.

    `done(passed)` is called with the number of samples that have passed.

    Attributes:
        blocks: what has come.
    """

    def __init__(self, link: Link, samples: int, channels: int, rate_hz: float, done: Callable[[int], None]) -> None:
        self.link = link
        self.samples = samples
        self.channels = channels
        self.done = done
        self.silence_s = BLOCK_TIMEOUT_S + BLOCK_SAMPLES / rate_hz
        self.longest_s = samples / rate_hz / SLOWEST + self.silence_s
        self.blocks = Blocks(samples, channels, late=round(self.silence_s * rate_hz / SLOWEST))
        self._start = -1  # sequence number of the request
        self._stops: set[int] = set()  # those of the requests to stop
        self._stopped = False  # one of them was answered

    def run(self) -> InputError | KeyboardInterrupt | None:
        """Records until all samples have passed; returns why it ended before, None if it did not.

        It takes no longer than three times `longest_s` and some seconds.
        """
        cause: InputError | KeyboardInterrupt
        try:
            with resets_named(self.link.name, self._when):
                self._record()
            return None
        except MessageError as error:  # no later block is believed either
            with suppress(InputError):
                self._ask_to_stop()
            return InputError(f"port {self.link.name}: {error}")
        except (InputError, KeyboardInterrupt) as error:
            cause = error
        if not self._stops:
            with suppress(InputError):  # the port, or the board, may be what failed
                self._stop()
        return cause

    def _record(self) -> None:
        for _ in range(START_ATTEMPTS):
            self.link.flush()
            self._start, _size = self.link.send(Type.CAPTURE, struct.pack("<I", self.samples))
            if self._listen():
                return
            if self.blocks.end:
                break
        if not self._stop():
            explain_silence(self.link, "CAPTURE", self._when())
        if self.blocks.end < self.samples:
            raise InputError(
                f"port {self.link.name}: no sample for {self.silence_s:g} s, {self._when()}"
                + f" ({self.blocks.skipped} blocks came twice or late)" * (self.blocks.skipped > 0)
                + "; the sensor is silent or the line loses all: check both, reset the board and try again"
            )

    def _listen(self) -> bool:
        """Takes blocks until all samples have passed; False: none passed for `silence_s`."""
        now = self.link.now()
        deadline, latest = now + self.silence_s, now + self.longest_s
        while self.blocks.end < self.samples:
            if (now := self.link.now()) >= latest:
                raise InputError(
                    f"port {self.link.name}: too slow, {self._when()} in {self.longest_s:g} s; the sensor gives less "
                    f"than {SLOWEST:g} of its rate or the line loses most: check the bundle's sensor and --baud"
                )
            if now >= deadline:
                return False
            if self._receive(min(deadline, latest) - now):
                deadline = self.link.now() + self.silence_s
        return True

    def _receive(self, timeout_s: float) -> bool:
        """Takes the blocks that arrive; whether samples passed."""
        passed = False
        for frame in self.link.receive(timeout_s):
            if frame.seq != self._start and frame.seq not in self._stops:
                continue
            if frame.type == Type.ERROR:
                raise self._refusal(BoardError.parse(frame.payload))
            if frame.type == Type.CAPTURE | ANSWER:
                passed |= self.blocks.take(*capture_block(frame.payload, self.channels))
                self._stopped |= frame.seq in self._stops
        if passed:
            self.done(min(self.blocks.end, self.samples))
        return passed

    def _stop(self) -> bool:
        """Asks the board to stop, and takes what it still held; False: no answer came."""
        for _ in range(STOP_ATTEMPTS):
            self._stops.add(self._ask_to_stop())
            deadline = self.link.now() + STOP_TIMEOUT_S
            while not self._stopped and (left := deadline - self.link.now()) > 0:
                self._receive(left)
            if self._stopped:
                return True
        return False

    def _ask_to_stop(self) -> int:
        self.link.flush()
        seq, _size = self.link.send(Type.CAPTURE, struct.pack("<I", 0))
        return seq

    def _refusal(self, error: BoardError) -> InputError:
        if error.code == ErrorCode.NO_SESSION:
            return BoardResetError(self.link.name, self._when())
        return InputError(
            f"port {self.link.name}: the board cannot capture: {error}; capture with one that has a sensor"
        )

    def _when(self) -> str:
        return f"after {self.blocks.end} of {self.samples} samples"
