"""What `firmware_host.replay --json` says of a trace by itself."""

from dataclasses import dataclass

from scl.answers import Document


@dataclass(frozen=True)
class Line:
    """What passed in one direction."""

    bytes: int
    frames: int
    damaged: int


@dataclass(frozen=True)
class TraceAccount(Document):
    """What a trace holds, by itself.

    Attributes:
        head: what the trace's first lines say, by name.
        silences: reads that ended by their time-out.
        refused: requests for want of a session: the board was reset.
        unanswered: requests without an answer, in words.
        remark: the latest one of the host.
    """

    head: dict[str, str]
    to_board: Line
    from_board: Line
    silences: int
    sessions: tuple[str, ...]
    refused: int
    unanswered: tuple[str, ...]
    malformed: int
    remark: str | None

    kind = "trace"
    schema = 1
