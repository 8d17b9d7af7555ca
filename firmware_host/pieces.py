"""Which samples of the windows are on their way to the board, in the pieces that they were sent in.

Pieces lie one behind the other, without a gap, from where the board stands to the front: the sample that has never been
sent. One is SENT, LOST (and sent again before anything new is), or KEPT: the board has it, but waits for one before it.

A board keeps BOARD_KEEPS_BYTES of samples that begin behind a gap and go on without another one (docs/PROTOCOL.md). Its
answers do not say what it keeps, so it is inferred here. Where an answer was lost that may be wrong: the board wants a
piece that should be kept, and that is sent again.
"""

from dataclasses import dataclass
from enum import Enum, auto

BOARD_KEEPS_BYTES = 512  # SCL_KEPT_SIZE of firmware/src/app/session.h

Place = tuple[int, int]  # window index and sample


class State(Enum):
    SENT = auto()
    LOST = auto()
    KEPT = auto()


@dataclass(eq=False)
class Piece:
    """Samples `start` to `end` of a window."""

    index: int
    start: int
    end: int
    state: State = State.SENT
    seq: int = -1  # of its latest sending
    rest: bool = False  # of a lost piece that is sent again in several


class Pieces:
    """What was sent of windows of `raw_samples` samples of `sample_bytes`, and the board is not known to have taken."""

    def __init__(self, raw_samples: int, sample_bytes: int) -> None:
        self.front: Place = (0, 0)
        self._raw_samples = raw_samples
        self._sample_bytes = sample_bytes
        self._pieces: list[Piece] = []
        self._question: Piece | None = None  # for a result that is lost

    def restart(self, place: Place) -> None:
        """Nothing is on its way, and `place` is sent next."""
        self._pieces.clear()
        self._question = None
        self.front = place

    def lost(self) -> Piece | None:
        """The first one that has to be sent again."""
        if self._question is not None and self._question.state == State.LOST:
            return self._question
        return next((piece for piece in self._pieces if piece.state == State.LOST), None)

    def again(self, piece: Piece, samples: int, seq: int) -> Piece:
        """The first `samples` of a lost piece go out once more; the rest stays lost."""
        if (end := piece.start + samples) < piece.end:
            rest = Piece(piece.index, end, piece.end, State.LOST, rest=True)
            self._pieces.insert(self._pieces.index(piece) + 1, rest)
            piece.end = end
        piece.state, piece.seq, piece.rest = State.SENT, seq, False
        return piece

    def further(self, samples: int, seq: int) -> Piece:
        """So many samples go out at the front."""
        index, start = self.front
        piece = Piece(index, start, start + samples, seq=seq)
        self._pieces.append(piece)
        self.front = self._behind(piece)
        return piece

    def ask(self, index: int) -> None:
        """The result of a window that the board has finished is lost: its last sample, sent again, asks for it."""
        if self._question is None:
            last = self._raw_samples - 1
            asking = [p for p in self._pieces if p.state == State.SENT and (p.index, p.end) == (index, last + 1)]
            self._question = asking[0] if asking else Piece(index, last, last + 1, State.LOST)
            self._question.start = last

    def settled(self, index: int) -> None:
        """The result of a window is there."""
        self._question = None
        self._take((index + 1, 0))

    def wanted(self, place: Place) -> None:
        """An answer says which sample the board wants: it has all before, and it does not keep this one."""
        self._take(place)
        if self._pieces and self._pieces[0].state == State.KEPT:
            for piece in self._kept():
                piece.state = State.LOST

    def answered(self, piece: Piece, seq: int) -> None:
        """The sending `seq` of a piece was answered: unless the board has taken it, it lies behind a gap."""
        kept = self._kept()
        if piece in self._pieces[1:] and piece.state != State.KEPT and self._joins(piece, kept):
            piece.state = State.KEPT
        else:
            self.lose(piece, seq)

    def lose(self, piece: Piece, seq: int) -> None:
        """The sending `seq` of a piece is lost, or its answer is. Nothing, if it was sent again, taken or kept."""
        if piece.state == State.SENT and piece.seq == seq:
            piece.state = State.LOST

    @property
    def keeps_a_last_one(self) -> bool:
        """Whether the network will run as soon as a gap is filled."""
        return any(piece.end == self._raw_samples for piece in self._kept())

    def _kept(self) -> list[Piece]:
        return [piece for piece in self._pieces if piece.state == State.KEPT]

    def _joins(self, piece: Piece, kept: list[Piece]) -> bool:
        samples = sum(each.end - each.start for each in [*kept, piece])
        return samples * self._sample_bytes <= BOARD_KEEPS_BYTES and (
            not kept or self._behind(kept[-1]) == (piece.index, piece.start)
        )

    def _behind(self, piece: Piece) -> Place:
        return (piece.index, piece.end) if piece.end < self._raw_samples else (piece.index + 1, 0)

    def _take(self, place: Place) -> None:
        """Everything before `place` has arrived."""
        self.front = max(self.front, place)
        while self._pieces and self._behind(self._pieces[0]) <= place:
            self._pieces.pop(0)
        if self._pieces and self._pieces[0].index == place[0]:
            self._pieces[0].start = max(self._pieces[0].start, place[1])
