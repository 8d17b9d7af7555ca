"""A session of heartbeats of the board's own sensor."""

from contextlib import closing

from firmware_host.beats import BeatRecord
from firmware_host.board import Board
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.monitoring.heart import Heart
from firmware_host.monitoring.messages import Message, Press
from firmware_host.own_beats import LiveBeats
from firmware_host.own_sensor import ENDLESS, Block
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest


class OwnHeart(Heart):
    """A board that finds heartbeats in its own sensor's samples.

    Attributes:
        dropped, missed: samples that the board lost, and beats that the line lost, since it was greeted.
    """

    dropped = missed = 0

    def order(self, message: Message) -> None:
        """Presses a button that records; nothing else can be ordered."""
        with self.changed:
            if isinstance(message, Press):
                self.kept.press(message.button)
            self._tell()

    def greeted(self, seat: int, board: str) -> None:
        with self.changed:
            self._begin_anew(0)
            self.dropped = self.missed = 0
            if self.kept.samples:  # nobody knows how many samples are missing behind them
                self.kept.on = False
            super().greeted(seat, board)

    def take_block(self, block: Block) -> None:
        """Samples of the sensor; behind lost ones the picture begins anew."""
        with self.changed:
            if block.start != self.passed:
                self._begin_anew(block.start)
            self.dropped = max(self.dropped, block.dropped)
            self._show_counts(block.counts)
            self.kept.add(self.passed, block.counts, "")
            self._tell()

    def take_beat(self, record: BeatRecord, missed: int) -> None:
        """A beat; `missed` were lost on the line so far."""
        with self.changed:
            self.missed = missed
            self._show_beats([record], 0)
            self._tell()


def listen(session: OwnHeart, bundle: Bundle[BundleManifest], board: Board) -> None:
    """Until the session ends. Raises InputError when the board is lost, has no sensor, or answers what none can."""
    if board.hello.calibration_hash != NOMINAL_HASH:
        nominal(bundle).send(board.link)
    live = LiveBeats(board, bundle.manifest, ENDLESS, blocks=True)
    with closing(live.items()) as items:
        for item in items:
            if session.ended:
                return
            if isinstance(item, Block):
                session.take_block(item)
            else:
                session.take_beat(item, live.lost)
