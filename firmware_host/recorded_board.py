"""The board of a trace as a transport: gives the host what the board gave it, as long as the host does what it did.

The host's random numbers (its first sequence number and the sessions it names) are taken from the trace, and the clock
is the trace's. So the host's own code goes through the recorded run again, time-outs included, and must write the very
same bytes. Where it does not, the trace is of other code or damaged, and the line is named.
"""

from collections.abc import Iterator
from pathlib import Path

from firmware_host import port_errors
from firmware_host.port_errors import PortError, PortLostError
from firmware_host.protocol import Decoder, Frame, Type
from firmware_host.trace import Record, read_head, read_trace


class ReplayError(Exception):
    """The host does not do what it did when the trace was written, or the trace ends.

    No InputError: those end a measurement with what was measured until then.
    """


class RecordedBoard:
    """A transport with `now`, the clock for the link, and `numbers`, its source of random numbers."""

    def __init__(self, path: Path) -> None:
        """Raises InputError with the line's number where the trace is damaged."""
        self.name = read_head(path).get("port", "recorded board")
        self.numbers = RecordedNumbers(path)
        self._path = path
        self._records = read_trace(path)
        self._next: Record | None = next(self._records, None)
        self._clock = 0.0

    def now(self) -> float:
        return self._clock

    def read(self, timeout_s: float) -> bytes:
        self._raise_remark("read")
        return self._take("<", "reads").data

    def write(self, data: bytes) -> None:
        record = self._take(">", "writes")
        if record.data != data:
            raise self._other(record, f"writes {_named(data)}", f"wrote {_named(record.data)}")
        self._raise_remark("write")

    def close(self) -> None:
        pass

    def _take(self, kind: str, does: str) -> Record:
        record = self._next
        if record is None:
            raise ReplayError(
                f"{self._path}: the trace ends at {self._clock:.6f} s, where the host {does} once more; "
                "write a whole trace"
            )
        if record.kind != kind:
            raise self._other(record, does, {">": "wrote", "<": "read", "!": "met an error of the port"}[record.kind])
        self._advance(record)
        return record

    def _advance(self, record: Record) -> None:
        self._clock = max(self._clock, record.seconds)
        self._next = next(self._records, None)

    def _raise_remark(self, operation: str) -> None:
        """Raises the PortError that the port raised at this point, if it did."""
        record = self._next
        if record is None or record.kind != "!" or not record.remark.startswith(f"{operation} "):
            return
        self._advance(record)
        name, _, text = record.remark.removeprefix(f"{operation} ").partition(": ")
        kind = getattr(port_errors, name, None)
        if isinstance(kind, type) and issubclass(kind, PortError):
            raise kind(text)
        raise PortLostError(text)

    def _other(self, record: Record, does: str, did: str) -> ReplayError:
        return ReplayError(
            f"{self._path}, line {record.line}: the host {does} here, and {did} when the trace was written; use the "
            "version of this program and the bundle that it was written with"
        )


class RecordedNumbers:
    """Stands in for `random` in the link: its first sequence number, and the session of each greeting."""

    def __init__(self, path: Path) -> None:
        self._path = path
        first = next(_frames(path), None)
        self._seq = (first.seq - 1) & 0xFFFF if first else 0
        self._sessions = _sessions(path)

    def randrange(self, start: int, stop: int | None = None) -> int:
        """randrange(65536) is the sequence number before the first; randrange(1, 2^32) the next session."""
        return self._seq if stop is None else next(self._sessions, 1)


def _sessions(path: Path) -> Iterator[int]:
    """The sessions that the host named, each once in a row."""
    latest = 0
    for frame in _frames(path):
        if frame.type == Type.HELLO and len(frame.payload) >= 5:
            session = int.from_bytes(frame.payload[1:5], "little")
            if session not in (0, latest):
                latest = session
                yield session


def _frames(path: Path) -> Iterator[Frame]:
    """The frames that the host sent."""
    decoder = Decoder()
    for record in read_trace(path):
        if record.kind == ">":
            yield from decoder.feed(record.data)


def _named(data: bytes) -> str:
    """The bytes of a write, by the frame in them if there is one."""
    frames = Decoder().feed(data)
    if len(frames) == 1 and frames[0].type in set(Type):
        return f"{Type(frames[0].type).name} seq {frames[0].seq} ({len(data)} bytes)"
    return f"{len(data)} bytes" if data.strip(b"\0") else "a flush"
