"""What every session of the monitor shares between threads: one lock, who is told of news, and the boards' places."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware_host.monitoring.kept import Kept
from firmware_host.monitoring.messages import Message
from scl.artifacts.capture import Capture
from scl.artifacts.manifest import BundleManifest

POINTS = 120  # of the time line
LATE_S = 3.0  # without an answer that is due


@dataclass
class Place:
    """One board's place in a session.

    Attributes:
        cause: why there is no board; None while there is one.
        asked: clock since which an answer is due; None if none is.
    """

    manifest: BundleManifest
    board: str = ""
    cause: str | None = "it is being started"
    losses: int = 0
    asked: float | None = None


class Shared:
    """A session: orders come from a page or a terminal, answers from the threads of its boards.

    Attributes:
        manifest: of the first board's bundle.
        kept: what is recorded.
        fault: of the monitor itself, in a thread.
    """

    def __init__(self, manifest: BundleManifest, now: Callable[[], float] = time.monotonic) -> None:
        self.manifest, self.now = manifest, now
        self.kept = Kept()
        self.fault: BaseException | None = None
        self.started = now()
        self.changed = threading.Condition()
        self._listeners: set[Callable[[], None]] = set()
        self._ended = False

    def place(self, seat: int) -> Place:
        """Of one of the boards."""
        raise NotImplementedError

    def order(self, message: Message) -> None:
        """What the user wants."""
        raise NotImplementedError

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Has `listener` called, in any thread, whenever there is something new to show; returns what ends that."""
        with self.changed:
            self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    @property
    def ended(self) -> bool:
        return self._ended

    def end(self, fault: BaseException | None = None) -> None:
        """Nothing comes after it."""
        with self.changed:
            self._ended, self.fault = True, self.fault or fault
            self._tell()

    def greeted(self, seat: int, board: str) -> None:
        """The board of a seat is there."""
        with self.changed:
            one = self.place(seat)
            one.board, one.cause, one.asked = board, None, None
            self._tell()

    def lost(self, seat: int, cause: str) -> None:
        """The board of a seat is gone."""
        with self.changed:
            one = self.place(seat)
            one.losses += one.cause is None
            one.cause, one.asked = cause, None
            self._tell()

    def late(self, seat: int) -> float | None:
        """Seconds for which an answer has been due, if they are more than LATE_S."""
        asked = self.place(seat).asked
        waited = 0.0 if asked is None else self.now() - asked
        return waited if waited > LATE_S else None

    def capture(self) -> Capture:
        """What was recorded. Raises ValueError for nothing, and without a front end, whose input no sensor counts."""
        frontend = self.manifest.frontend
        if frontend is None:
            raise ValueError("a model without a front end takes no sensor's counts")
        with self.changed:
            return self.kept.capture(frontend.sensor, self.manifest.channels)

    def _tell(self) -> None:
        self.changed.notify_all()
        for listener in tuple(self._listeners):
            listener()
