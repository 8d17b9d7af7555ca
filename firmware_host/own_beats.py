"""LIVE of heartbeats: the records of the beats that a board finds in its own sensor's samples, and those samples too.

LIVE tells of each beat unasked; BEATS, asked behind each, has its record. A lost answer is made up for by the next one,
since the board keeps its latest 8 beats; beyond these they are counted as lost.
"""

from collections.abc import Generator, Sequence
from contextlib import closing

from firmware_host.beats import BeatRecord, BeatsAnswer, beats
from firmware_host.board import Board
from firmware_host.message_error import MessageError
from firmware_host.messages import LiveAnswer
from firmware_host.own_sensor import Block, Live
from firmware_host.playing_beats import HOP
from firmware_host.protocol import ANSWER, Frame, Type
from scl.artifacts.manifest import BundleManifest

SILENCE_S = 60.0  # without a beat: a lead may be off, or a heart may stand still


class LiveBeats(Live):
    """One LIVE of a bundle of heartbeats.

    Attributes:
        lost: beats of which no record came.
    """

    def __init__(self, board: Board, manifest: BundleManifest, hops: int, blocks: bool = False) -> None:
        super().__init__(board, manifest, HOP, hops, blocks)
        self.lost = 0
        self._silence_s = SILENCE_S
        self._beats_seq = -1
        self._wanted = 0  # number of the next record
        self._said: dict[int, tuple[int, int, int]] = {}  # end, class and flags that LIVE told of beats from there on
        self._records: list[BeatRecord] = []
        self._latest: tuple[LiveAnswer, ...] = ()

    def beats(self) -> Generator[BeatRecord, None, None]:
        """Each beat once and in order, as it comes. Raises as `live`."""
        with closing(self.items()) as items:
            for item in items:
                if isinstance(item, BeatRecord):
                    yield item

    def items(self) -> Generator[BeatRecord | Block, None, None]:
        """The beats, and with `blocks` the samples, as they come. Raises as `live`."""
        with closing(self.run()) as answers:
            for answer in answers:
                if isinstance(answer, Block):
                    yield answer
                yield from self._drain()
        if self.number > self._wanted:
            self._take_records(self._link.request(Type.BEATS, beats(self._wanted)).payload)
            yield from self._drain()
        self.lost += self.number - self._wanted

    def _drain(self) -> list[BeatRecord]:
        records, self._records = self._records, []
        return records

    def _take(self, frame: Frame) -> Sequence[LiveAnswer | Block]:
        """Hands an answer on when its record is there."""
        if frame.type == Type.BEATS | ANSWER and frame.seq == self._beats_seq:
            return self._take_records(frame.payload)
        for answer in super()._take(frame):
            if isinstance(answer, Block):
                return (answer,)
            self._said[answer.number] = answer.end, answer.predicted, answer.flags
            self._latest = (answer,)
            self._beats_seq, _size = self._link.send(Type.BEATS, beats(self._wanted))
        return ()

    def _take_records(self, payload: bytes) -> Sequence[LiveAnswer]:
        found = BeatsAnswer.parse(payload, self._hello)
        for record in found.records:
            if record.number < self._wanted:
                continue
            said = record.end, record.predicted, record.flags
            if self._said.get(record.number, said) != said:
                raise MessageError(
                    f"beat {record.number} as {said} (end, class, flags), which LIVE told as "
                    f"{self._said[record.number]}"
                )
            self.lost += record.number - self._wanted
            self._wanted = record.number + 1
            self._records.append(record)
        self._said = {number: said for number, said in self._said.items() if number >= self._wanted}
        return self._latest

    def _check_due(self, answer: LiveAnswer, dropped: int) -> None:
        """When a beat comes is the heart's."""
