"""`python -m firmware_host.replay TRACE`: what a trace says, frame by frame, and what the host makes of it.

Every line has the seconds since the trace began, an arrow (-> to the board, <- from it), the frame's type, sequence
number and meaning; damage is counted where it came. With a BUNDLE the trace of a `validate` run is put through the
host's own code once more, and what it measures is printed: a trace is a test of the host that needs no board.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_host.board import Board
from firmware_host.frames import Reader
from firmware_host.link import Link
from firmware_host.message_error import MessageError
from firmware_host.messages import BoardError, ErrorCode
from firmware_host.model import check_board
from firmware_host.protocol import ANSWER, Decoder, Frame, Type
from firmware_host.recorded_board import RecordedBoard, ReplayError
from firmware_host.silence import Heard
from firmware_host.trace import Record, read_head, read_trace
from firmware_host.trace_account import Line, TraceAccount
from firmware_host.validate import exit_status, judge
from scl.answers import Answer
from scl.arguments import Parser
from scl.artifacts import InputError, command
from scl.artifacts.bundle import Bundle, read_bundle
from scl.artifacts.golden import read_golden
from scl.artifacts.manifest import BundleManifest
from scl.text import say

if TYPE_CHECKING:
    from firmware_host.validation import Measured

UNASKED = (Type.CAPTURE | ANSWER, Type.LIVE | ANSWER)
ARROWS = {">": "->", "<": "<-", "!": "!!"}


@dataclass
class Direction:
    """One direction of a line."""

    decoder: Decoder = field(default_factory=Decoder)
    count: int = 0  # bytes
    frames: int = 0

    def feed(self, data: bytes) -> tuple[list[Frame], int]:
        """Frames that `data` completes, and how many damaged ones it brought."""
        errors = self.decoder.errors
        frames = self.decoder.feed(data)
        self.count += len(data)
        self.frames += len(frames)
        return frames, self.decoder.errors - errors

    @property
    def line(self) -> Line:
        return Line(self.count, self.frames, self.decoder.errors)

    def __str__(self) -> str:
        return f"{self.frames} whole frames and {self.decoder.errors} damaged ones in {self.count} bytes"


class Account:
    """Reads a trace record by record; knows in the end what came of it."""

    def __init__(self) -> None:
        self.to_board = Direction()
        self.from_board = Direction()
        self.reader = Reader()
        self.heard = Heard()
        self.silences = 0  # reads that ended by their time-out
        self.sessions: list[int] = []
        self.refused = 0  # by NO_SESSION: the board was reset
        self.open: dict[int, str] = {}  # requests without an answer so far, by sequence number
        self.repeated = 0
        self.remark = ""  # the latest

    def lines(self, record: Record) -> Iterator[str]:
        """The record in words: a line for each frame that it completes."""
        head = f"{record.seconds:11.6f} {ARROWS[record.kind]} "
        if record.kind == "!":
            self.remark = record.remark
            yield head + record.remark
            return
        direction = self.to_board if record.kind == ">" else self.from_board
        if record.kind == "<":
            self.heard.add(record.data)
            if not record.data:
                self.silences += 1
                yield f"{head}nothing, until the time-out"
        frames, damaged = direction.feed(record.data)
        for frame in frames:
            yield head + (self._sent(frame) if record.kind == ">" else self._received(frame))
        if damaged:
            yield f"{head}damaged frames: {damaged} ({direction.decoder.errors} so far)"

    def conclusion(self) -> Iterator[str]:
        """What the host would say at the end."""
        yield f"to the board: {self.to_board}"
        yield f"from the board: {self.from_board}, {self.silences} reads without a byte"
        sessions = ", ".join(f"{session:08x}" for session in self.sessions) or "none"
        yield f"sessions: {sessions}; refused for want of one: {self.refused}"
        if self.open:
            newest = list(self.open.values())[-1]
            yield f"requests without an answer: {len(self.open)}, the latest of them {newest}"
        if self.reader.hello is None:
            yield f"no HELLO was answered: {self.heard.cause()}"
        if self.reader.malformed:
            yield f"malformed answers: {self.reader.malformed}, the first one: {self.reader.first_malformed}"
        if self.remark:
            yield f"in the end: {self.remark}"

    def document(self, head: dict[str, str]) -> TraceAccount:
        """The conclusion for programs."""
        return TraceAccount(
            head=head,
            to_board=self.to_board.line,
            from_board=self.from_board.line,
            silences=self.silences,
            sessions=tuple(f"{session:08x}" for session in self.sessions),
            refused=self.refused,
            unanswered=tuple(self.open.values()),
            malformed=self.reader.malformed,
            remark=self.remark or None,
        )

    def _sent(self, frame: Frame) -> str:
        words = self.reader.request(frame)
        self.open[frame.seq] = words.partition(":")[0]
        if frame.type == Type.HELLO and len(frame.payload) >= 5:
            session = int.from_bytes(frame.payload[1:5], "little")
            if session and session not in self.sessions[-1:]:
                self.sessions.append(session)
        return words

    def _received(self, frame: Frame) -> str:
        words = self.reader.answer(frame)
        if self.open.pop(frame.seq, None) is None and frame.type not in UNASKED:
            words += " (answers nothing that is open)"
        if frame.type == Type.ERROR and _code(frame) == ErrorCode.NO_SESSION:
            self.refused += 1
        return words


def _code(frame: Frame) -> int | None:
    try:
        return BoardError.parse(frame.payload).code
    except MessageError:
        return None


def explain(path: Path, account: Account | None = None) -> Iterator[str]:
    """The trace in words, counted in `account`. Raises InputError with the line's number where it is damaged, behind
    what came before.
    """
    account = account or Account()
    for name, value in read_head(path).items():
        yield f"{name}: {value}" if value else name
    try:
        for record in read_trace(path):
            yield from account.lines(record)
    except InputError:
        yield from account.conclusion()
        raise
    yield from account.conclusion()


def replay(path: Path, bundle: Bundle[BundleManifest]) -> "Measured":
    """What `validate` measures of the recorded board.

    Raises ReplayError where the host's code does not do what it did, whatever `validate` itself raises, and InputError
    with the line's number where the trace is damaged.
    """
    from firmware_host.measure import measure

    head = read_head(path)
    limit = re.search(r"--limit[ =](\d+)", head.get("command", ""))
    golden = read_golden(bundle).limited(int(limit[1]) if limit else None)
    recorded = RecordedBoard(path)
    link = Link(recorded, recorded.now, recorded.numbers)
    hello = link.greet()
    check_board(hello, bundle, link.name)
    baud = head.get("baud", "")
    board = Board(link, hello, recorded.name.startswith("emulator"), int(baud) if baud.isdecimal() else None)
    return measure(board, bundle, golden)[0]


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    with Answer(options.json) as answer:
        return _replay(options, answer)


def _replay(options: argparse.Namespace, answer: Answer) -> int:
    if options.bundle is None:
        account = Account()
        for line in explain(options.trace, account):
            say(line)
        answer.give(account.document(read_head(options.trace)))
        return 0
    from firmware_host.replayed import Replayed
    from firmware_host.validation_table import print_table

    try:
        bundle = read_bundle(options.bundle)
        measured = replay(options.trace, bundle)
    except ReplayError as error:
        raise InputError(str(error)) from error
    judged = judge(measured, None, None)
    answer.give(Replayed(**vars(measured), **vars(judged)))
    print_table(measured, judged)
    return exit_status(judged)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.replay",
        description=__doc__,
        figures=True,
        examples=("board.trace", "board.trace bundles/imu"),
    )
    parser.add_argument("trace", type=Path, help="file that --trace has written")
    parser.add_argument("bundle", type=Path, nargs="?", help="play a validate run again, with the bundle it was of")
    return parser


if __name__ == "__main__":
    command(main)
