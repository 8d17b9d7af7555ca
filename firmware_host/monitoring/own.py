"""The board's own sensor: what the board says while the user repeats an activity in six positions.

The user names the activity and the position; nobody else knows them. The class of reference is the one that the board
gave most often in the first position of the same activity. A model that always says one class keeps it in every
position, so the figures of a single activity are no verdict. An answer counts for an activity and a position if all of
its window came behind the order that named them.
"""

import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from firmware_host.board import Board
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.messages import LiveAnswer
from firmware_host.monitoring.answers import Point, Reading
from firmware_host.monitoring.messages import POSITIONS, Activity, Message, Position, Press
from firmware_host.monitoring.shared import POINTS, Place, Shared
from firmware_host.own_sensor import Block, live
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest
from scl.text import folded


@dataclass
class Repeated:
    """One activity in every position: how often the board gave each class."""

    classes: list[Counter[str]] = field(default_factory=lambda: [Counter() for _ in range(POSITIONS)])

    @property
    def answers(self) -> int:
        """How many there are."""
        return sum(position.total() for position in self.classes)

    def right(self, activity: str) -> int:
        """Answers that are the activity."""
        return sum(n for position in self.classes for name, n in position.items() if folded(name) == folded(activity))

    @property
    def kept(self) -> tuple[int, int]:
        """Answers in the other positions that are the first one's class, and all answers there; (0, 0) without it."""
        if not self.classes[0]:
            return 0, 0
        (reference, _times), *_rest = self.classes[0].most_common(1)
        return sum(one[reference] for one in self.classes[1:]), sum(one.total() for one in self.classes[1:])


class Own(Shared):
    """A board that classifies its own sensor.

    Attributes:
        activity: that the user says to be doing, a label of the model; empty: answers are shown and not counted.
        position: 0 to POSITIONS - 1.
        counts: (samples, channels) the newest ones, a window at most.
        dropped, missed: samples that the board lost, and answers that the line lost, since it was greeted.
    """

    def __init__(self, manifest: BundleManifest, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(manifest, now)
        self.seat = Place(manifest)
        self.activity, self.position = "", 0
        self.repeated: dict[str, Repeated] = {}
        self.counts = np.zeros((0, manifest.values), np.int16)
        self.reading: Reading | None = None
        self.points: deque[Point] = deque(maxlen=POINTS)
        self.answers = self.dropped = self.missed = 0
        self._end: int | None = None  # sample behind the latest block; None before the first of this board
        self._since: int | None = None  # sample from which the activity and position hold; None until one has come

    def place(self, seat: int) -> Place:
        """Of the only board."""
        return self.seat

    def order(self, message: Message) -> None:
        """Names the activity or the position, or presses a button; what turns or shifts a recording changes nothing."""
        labels = self.manifest.labels
        with self.changed:
            if isinstance(message, Activity) and (message.number is None or message.number < len(labels)):
                self.activity = "" if message.number is None else labels[message.number]
                self.position, self._since = 0, None
            elif isinstance(message, Position):
                self.position, self._since = message.number, None
            elif isinstance(message, Press) and message.button == "restart":
                self.repeated = {}
                self.position, self._since = 0, None
            elif isinstance(message, Press):
                self.kept.press(message.button)
            self._tell()

    def greeted(self, seat: int, board: str) -> None:
        with self.changed:
            self.counts, self.reading = self.counts[:0], None
            self.dropped = self.missed = 0
            self._end = self._since = None
            if self.kept.samples:  # nobody knows how many samples are missing behind them
                self.kept.on = False
            super().greeted(seat, board)

    def take_block(self, block: Block) -> None:
        """Samples of the sensor; behind lost ones the picture begins anew."""
        with self.changed:
            if block.start != self._end:
                self.counts = self.counts[:0]
            self._end = block.start + len(block.counts)
            self._since = self._end if self._since is None else self._since
            self.dropped = max(self.dropped, block.dropped)
            self.counts = np.concatenate([self.counts, block.counts])[-self.manifest.raw_samples :]
            self.kept.add(self._end, block.counts, self.activity)
            self._tell()

    def take_answer(self, answer: LiveAnswer, missed: int) -> None:
        """An answer of the board; `missed` were lost on the line so far."""
        with self.changed:
            self.reading, self.missed = Reading.of(answer, self.manifest), missed
            self.dropped = max(self.dropped, answer.dropped)
            self.answers += 1
            confidence = self.reading.confidence
            self.points.append(Point(self.now() - self.started, None, confidence, None))
            self._since = answer.end if self._since is None else self._since
            if self.activity and answer.end - self._since >= self.manifest.raw_samples:
                repeated = self.repeated.setdefault(self.activity, Repeated())
                repeated.classes[self.position][self.reading.name] += 1
            self._tell()


def listen(session: Own, bundle: Bundle[BundleManifest], board: Board) -> None:
    """Until the session ends. Raises InputError when the board is lost, has no sensor, or answers what none can."""
    if board.hello.calibration_hash != NOMINAL_HASH:
        nominal(bundle).send(board.link)
    received = 0
    with closing(live(board, bundle, bundle.manifest.default_hop, blocks=True)) as items:
        for item in items:
            if session.ended:
                return
            if isinstance(item, Block):
                session.take_block(item)
            else:
                received += 1
                session.take_answer(item, item.number + 1 - received)
