"""The monitor's session: what is played, how it is turned or shifted, what goes to the boards, and what they answered.

Each board has a thread of its own (driver.py, asking.py), which asks for the newest job and hands in its answers; the
page or the terminal gives orders and reads states. The thread that asks moves the recording on when its time has come:
so a slow board is asked less often, and nothing piles up.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from firmware_host.monitoring import answers
from firmware_host.monitoring.answers import Answered, Point, Reading
from firmware_host.monitoring.messages import Message, Press, Shift, Turn
from firmware_host.monitoring.shared import POINTS, Place, Shared
from firmware_host.monitoring.source import Source, Step
from scl.artifacts.manifest import BundleManifest
from scl.frontend.counts import turned
from scl.transforms import rotation_matrices

AS_WORN = (1.0, 0.0, 0.0, 0.0)
STEADY = 1e-6  # of a quaternion's vector part beside its length: no turn


@dataclass(frozen=True, eq=False)
class Job:
    """What a board is asked next.

    Attributes:
        serial: rises with every step and every order.
        turn: how many steps came before, which no restart sets back.
        end: samples of all those steps and this one, each counted once.
        quaternion, shift: as the user turned or shifted the window.
        plain: counts (samples, values) as recorded; moved: as the user turned or shifted them, None where they did not.
    """

    serial: int
    turn: int
    end: int
    quaternion: tuple[float, ...]
    shift: int
    step: Step
    plain: np.ndarray
    moved: np.ndarray | None

    @property
    def pose(self) -> tuple[object, ...]:
        """What makes a pair: two jobs with an equal one send the same windows."""
        return self.turn, self.quaternion, self.shift


@dataclass
class Seat(Place):
    """A board's place, with what it has answered."""

    answered: Answered = field(kw_only=True)
    points: deque[Point] = field(default_factory=lambda: deque(maxlen=POINTS))


class Session(Shared):
    """A recording that is played to boards.

    Attributes:
        turns: whether the bundle has a sensor of three axes, which can be turned.
    """

    def __init__(
        self, source: Source, manifests: Sequence[BundleManifest], now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(manifests[0], now)
        self.source = source
        self.seats = [Seat(one, answered=Answered(answers.Right.of(one))) for one in manifests]
        frontend = self.manifest.frontend
        self.turns = frontend is not None and any(part.axes == 3 for part in frontend.sensor.parts)
        self.quaternion, self.shift = AS_WORN, 0
        self.paused = False
        self._serial, self._turn = 1, 0
        self._step = source.step(0)
        self._end = self._step.fresh
        self._due = self.started + source.interval_s
        self._job: Job | None = None

    def place(self, seat: int) -> Place:
        """Of board 0 or 1."""
        return self.seats[seat]

    def order(self, message: Message) -> None:
        """Turns, shifts or presses a button; orders of a board's own sensor change nothing."""
        with self.changed:
            if isinstance(message, Turn):
                self.quaternion = message.quaternion if self.turns else AS_WORN
            elif isinstance(message, Shift):
                least, most = self.source.shifts
                self.shift = min(max(message.samples, least), most)
            elif isinstance(message, Press):
                self._press(message.button)
            self._serial += 1
            self._tell()

    def job(self, seat: int, after: int) -> Job | None:
        """The newest job behind the one with serial `after`, when it has come; None when the session has ended."""
        with self.changed:
            while not self._ended:
                left = None if self.paused else self._due - self.now()
                if left is not None and left <= 0:
                    self._move_on()
                elif self._serial != after:
                    self.seats[seat].asked_at = self.now()
                    return self._newest()
                else:
                    self.changed.wait(left)
        return None

    def take(self, seat: int, job: Job, plain: Reading, moved: Reading | None) -> None:
        """A board's answers to a job."""
        with self.changed:
            one = self.seats[seat]
            size = answers.invariant_size(one.manifest)
            one.asked_at = None
            kept = one.answered
            holds = None if moved is None else answers.holds(moved, plain)
            if holds is not None and job.pose != kept.pose:
                kept.pairs.add(holds)
            if job.turn != kept.step:
                kept.right.add(plain.name, job.step.label)
            if seat == 0:
                sent = job.plain if job.moved is None else job.moved
                self.kept.add(job.end, sent, job.step.label)
            kept.serial, kept.step, kept.pose, kept.holds = job.serial, job.turn, job.pose, holds
            kept.plain, kept.moved = plain, moved
            kept.similarity = None if moved is None else answers.similarity(plain, moved, size)
            shown = plain if moved is None else moved
            one.points.append(Point(self.now() - self.started, plain.confidence, shown.confidence, holds))
            self._tell()

    @property
    def current(self) -> Job:
        """What is played now; to be asked for under the lock, `changed`."""
        return self._newest()

    def _press(self, button: str) -> None:
        if button in ("pause", "play"):
            self.paused = button == "pause"
            self._due = self.now() + self.source.interval_s
        elif button == "step":
            self.paused = True
            self._move_on()
        elif button == "restart":
            self._go(0)
        elif self.manifest.frontend is not None:
            self.kept.press(button)

    def _move_on(self) -> None:
        self._go((self._step.number + 1) % self.source.count)

    def _go(self, number: int) -> None:
        self._step, self._turn = self.source.step(number), self._turn + 1
        self._end += self._step.fresh
        self._serial += 1
        self._due = self.now() + self.source.interval_s
        self._tell()

    def _newest(self) -> Job:
        if self._job is None or self._job.serial != self._serial:
            samples = self.manifest.raw_samples
            plain = self._step.window(samples)
            place = self._turn, self._end, self.quaternion, self.shift
            self._job = Job(self._serial, *place, self._step, plain, self._moved(plain))
        return self._job

    def _moved(self, plain: np.ndarray) -> np.ndarray | None:
        """The window as the user moved it: a turned watch sees, in its own axes, what did not turn with it."""
        if self.shift:
            return self._step.window(self.manifest.raw_samples, self.shift)
        w, *vector = self.quaternion
        if self.turns and max(map(abs, vector)) > STEADY:
            back = rotation_matrices(np.array([[w, *(-part for part in vector)]]))[0]
            return turned(plain, back, self.manifest.sensor)
        return None
