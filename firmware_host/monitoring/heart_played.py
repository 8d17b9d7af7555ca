"""A session of heartbeats in which recordings are played to a board, disturbed as the user wants."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from firmware_host.beats import BeatRecord
from firmware_host.board import Board
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.link import resets_named
from firmware_host.monitoring.agreement import Agreement, agreement
from firmware_host.monitoring.disturbance import Disturbance
from firmware_host.monitoring.heart import Beat, Heart
from firmware_host.monitoring.heart_source import Marks, Recordings
from firmware_host.monitoring.messages import Disturb, Message, Play, Press
from firmware_host.playing import begin
from firmware_host.playing_beats import HOP, BeatStream
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest
from scl.ec57.matching import match_window

REFRESH_S = 0.1  # of ECG that is sent at once
STEP_S = 1.0  # of ECG that the button plays
MOST_BEHIND_S = 0.5  # that a slow board may catch up with


@dataclass(frozen=True, eq=False)
class Part:
    """What a board gets as one stream.

    Attributes:
        turn: rises whenever the recording is another one or begins anew.
        base: the recording's sample with which the stream begins.
        counts: int16 (samples, 1) from there on; as recorded where they are not sent yet, behind it as they were sent.
    """

    turn: int
    base: int
    counts: np.ndarray


class PlayedHeart(Heart):
    """Recordings that are played to a board.

    Attributes:
        number: of the recording; `position`: samples of it that were sent, `base` of them in earlier streams.
        pace_hz: samples sent a second.
        truth: the board's beats beside annotated ones since the stream began; None without any.
        held: beats that were sent disturbed beside what the desktop says of them as recorded; None where it says
            nothing.
    """

    def __init__(self, source: Recordings, manifest: BundleManifest, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(manifest, now)
        self.source, self.pace_hz = source, self.rate_hz
        self.disturbance, self.paused = Disturbance(), False
        self.number = self.position = self.base = 0
        self.truth: Agreement | None = None
        self.held: Agreement | None = None
        self._turn = self._sent = self._until = 0
        self._beats: list[Beat] = []
        self._due = self.started
        self._go(0)

    def order(self, message: Message) -> None:
        """Disturbs the lead, chooses a recording or presses a button; orders of other sessions change nothing."""
        with self.changed:
            if isinstance(message, Disturb):
                self.disturbance = Disturbance(message.gain, message.wander, message.inverted)
            elif isinstance(message, Play) and message.number < len(self.source.names):
                self._go(message.number)
            elif isinstance(message, Press):
                self._press(message.button)
            self._tell()

    def begin(self) -> Part | None:
        """What the board gets from now on, as a new stream; None when the session has ended."""
        with self.changed:
            if self.ended:
                return None
            self.base, self._beats = self.position, []
            self._begin_anew(self.base)
            self._compare()
            return Part(self._turn, self.base, self.stretch.counts[self.base :].copy())

    def prepare(self, part: Part, first: int, stop: int) -> int | None:
        """Waits until samples `first` to `stop` - 1 of a part are due, or as many as a step allows, and disturbs them.

        Returns the sample behind them; None: the part is over.
        """
        with self.changed:
            while not self.ended and part.turn == self._turn:
                left, allowed = self._due - self.now(), self._until - part.base if self.paused else stop
                if allowed <= first:
                    self.changed.wait()
                elif left > 0:
                    self.changed.wait(left)
                else:
                    stop = min(stop, allowed)
                    self._due = max(self._due, self.now() - MOST_BEHIND_S) + (stop - first) / self.pace_hz
                    counts, place = part.counts[first:stop], part.base + first
                    part.counts[first:stop] = self.disturbance.applied(counts, place, self.manifest.sensor)
                    self._disturbed[place : part.base + stop] = self.disturbance != Disturbance()
                    self.seat.asked_at = self.now()
                    return stop
        return None

    def take(self, part: Part, stop: int, records: Sequence[BeatRecord]) -> None:
        """The part was sent up to sample `stop` - 1, and the board answered with these beats."""
        with self.changed:
            self.seat.asked_at = None
            if part.turn != self._turn:
                return
            counts = part.counts[self.position - part.base : stop]
            self.position = part.base + stop
            self._sent += len(counts)
            self.kept.add(self._sent, counts, "")
            self._show_counts(counts)
            self._beats += self._show_beats(records, part.base)
            if records:
                self._compare()
            if self.position == len(self.stretch.counts):
                self._go((self.number + 1) % len(self.source.names))
            self._tell()

    def _press(self, button: str) -> None:
        if button in ("pause", "play"):
            self.paused = button == "pause"
            self._due, self._until = self.now(), 0
        elif button == "step":
            if not self.paused:
                self.paused, self._until = True, self.position
            self._due = self.now()
            self._until = max(self._until, self.position) + round(STEP_S * self.rate_hz)
        elif button == "restart":
            self._go(self.number)
        else:
            self.kept.press(button)

    def _go(self, number: int) -> None:
        self.number, self.stretch = number, self.source.stretch(number)
        self.position, self.base, self._turn, self._until = 0, 0, self._turn + 1, 0
        self._disturbed = np.zeros(len(self.stretch.counts), bool)
        self._beats = []
        self._due = self.now()
        self._begin_anew(0)
        self._compare()

    def _compare(self) -> None:
        """The stream's beats beside those that others know."""
        everything = np.ones(len(self._disturbed), bool)
        self.truth = self._beside(self.stretch.truth, everything)
        self.held = self._beside(self.stretch.desktop, self._disturbed)

    def _beside(self, marks: Marks | None, counted: np.ndarray) -> Agreement | None:
        if marks is None:
            return None
        at = np.array([beat.at for beat in self._beats], np.int64)
        names, within = [beat.name for beat in self._beats], match_window(self.rate_hz)
        known = marks.within(self.base, len(counted))
        return agreement(known, at, names, self.manifest.labels, within, counted)


def play(session: PlayedHeart, bundle: Bundle[BundleManifest], board: Board) -> None:
    """Until the session ends. Raises InputError when the board is lost, or answers what no sound one does."""
    if board.hello.calibration_hash != NOMINAL_HASH:
        nominal(bundle).send(board.link)
    while (part := session.begin()) is not None:
        stream = BeatStream(board, bundle.manifest, part.counts, REFRESH_S)
        with resets_named(board.link.name, partial(_when, stream, part)):
            begin(board.link, HOP)
            while (stop := session.prepare(part, stream.position, stream.next_end())) is not None:
                session.take(part, stop, list(stream.send(stop)))


def _when(stream: BeatStream, part: Part) -> str:
    return f"after {part.base + stream.position} of {part.base + len(part.counts)} samples"
