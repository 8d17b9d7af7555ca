"""A trace: every byte between host and board with its time, as text that a user attaches to a bug report.

    # scl-wearable trace 1
    # port: /dev/ttyACM0
    # baud: 115200
    # protocol: 4
    # started: 2026-03-01T12:00:00+00:00
    # command: python -m firmware_host.validate bundles/demo --port /dev/ttyACM0 --trace board.trace
       0.000000 > 00
       0.000312 > 06 01 34 12 04 ff 05 3c 09 41 7d 3e 9a 00
       0.045101 < 0d 81 34 12 03 ab 11 20 ...
                < 7a 02 00
       3.045300 <
       4.100200 ! read PortLostError: port /dev/ttyACM0: was pulled out: its device is gone

One record for each write (>) and each read (<), with the seconds since the trace began. It has at most 32 bytes a line;
its further lines have no time. A read without bytes is one that ended by its time-out. A remark (!) is what went wrong
with the port itself: the operation, the error's type (port_errors.py), its text. ASCII, a line feed behind each line;
each record is handed to the system at once, so that a crash of this program keeps it. The host's time-outs go by the
times of the records. Windows that were sent are in it, and so are the names of files on the command line.
`python -m firmware_host.replay FILE` explains one.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from firmware_host.port_errors import PortError
from firmware_host.protocol import PROTOCOL_VERSION
from firmware_host.transport import Transport
from scl.artifacts import InputError, shortened
from scl.artifacts.os_errors import advice, reason

FIRST_LINE = "# scl-wearable trace 1"
LINE_BYTES = 32
MOST_LINE = 4096  # characters; none of ours is longer
MOST_RECORD = 1 << 20  # bytes; a read gives 64 KiB at most

Emit = Callable[[str], None]
_RECORD = re.compile(r" *(\d{1,9}\.\d{6})? ?([<>!]) ?(.*)", re.ASCII)


@dataclass(frozen=True)
class Record:
    """One write, read or remark of a trace."""

    line: int  # of the file, from 1
    seconds: float
    kind: str  # ">" to the board, "<" from it, "!" a remark
    data: bytes = b""
    remark: str = ""


class Traced:
    """Passes another transport on, and every byte of it to `emit` as lines of a trace.

    Its clock stands still between two records. A host that goes by it decides by the times that are in the trace and by
    no others, so that it decides the same again when the trace is replayed.
    """

    def __init__(self, inner: Transport, emit: Emit, now: Callable[[], float] = time.monotonic) -> None:
        self.name = inner.name
        self._inner = inner
        self._emit = emit
        self._now = now
        self._start = now()
        self._clock = 0.0  # time of the latest record

    def now(self) -> float:
        """Seconds from the start of the trace to its latest record."""
        return self._clock

    def read(self, timeout_s: float) -> bytes:
        with self._remarked("read"):
            data = self._inner.read(timeout_s)
        self._dump("<", data)
        return data

    def write(self, data: bytes) -> None:
        self._dump(">", data)
        with self._remarked("write"):
            self._inner.write(data)

    def close(self) -> None:
        self._inner.close()

    @contextmanager
    def _remarked(self, operation: str) -> Iterator[None]:
        try:
            yield
        except PortError as error:
            self._emit(f"{self._time()} ! {operation} {type(error).__name__}: {_one_line(str(error))}")
            raise

    def _time(self) -> str:
        text = f"{self._now() - self._start:11.6f}"
        self._clock = float(text)
        return text

    def _dump(self, arrow: str, data: bytes) -> None:
        lines = [data[start : start + LINE_BYTES].hex(" ") for start in range(0, len(data), LINE_BYTES)] or [""]
        times = [self._time(), *[" " * 11] * (len(lines) - 1)]
        self._emit("\n".join(f"{at} {arrow} {line}".rstrip() for at, line in zip(times, lines, strict=True)))


@contextmanager
def tracing(target: str, port: str, baud: int | None) -> Iterator[Emit]:
    """Where a trace goes: to stderr for "-", else into a file, which gets a head.

    Raises InputError if the file cannot be written, or is there and no trace.
    """
    if target == "-":
        yield lambda lines: print(lines, file=sys.stderr)
        return
    path = Path(target)
    with _named(path):
        if path.exists() and not _is_trace(path):
            raise InputError(f"{path}: exists and is no trace, so it is not overwritten; name another file for --trace")
        file = path.open("w", encoding="ascii", newline="\n")

    def emit(lines: str) -> None:
        with _named(path):
            file.write(lines + "\n")
            file.flush()

    try:
        emit("\n".join((FIRST_LINE, *_head(port, baud))))
        yield emit
    finally:
        with _named(path):
            file.close()


def check_apart(trace: str | None, out: Path) -> None:
    """Raises InputError where the trace would be written into the file that the command writes."""
    if trace not in (None, "-") and os.path.realpath(str(trace)) == os.path.realpath(out):
        raise InputError(f"{out}: is named by --out and by --trace; name another file for --trace")


def _head(port: str, baud: int | None) -> Iterator[str]:
    module = getattr(sys.modules["__main__"].__spec__, "name", None)
    program = f"python -m {module}" if module else "python"
    values = {
        "port": port,
        "baud": baud or "none",
        "protocol": PROTOCOL_VERSION,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join((program, *sys.argv[1:])),
    }
    return (f"# {name}: {_one_line(str(value))}" for name, value in values.items())


def _one_line(text: str) -> str:
    return text if text.isascii() and text.isprintable() else ascii(text)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: the trace cannot be written ({reason(error)}); {advice(error, 'another file for --trace')}"
        ) from error


def _is_trace(path: Path) -> bool:
    """A file that a trace may take the place of: an older trace, or an empty file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline(len(FIRST_LINE) + 2).rstrip(b"\r\n") in (b"", FIRST_LINE.encode())


def read_head(path: Path) -> dict[str, str]:
    """What the head of a trace says: port, baud, protocol, started, command."""
    head = {}
    for _number, text in _lines(path):
        if not text.startswith("#"):
            break
        name, _, value = text[1:].partition(":")
        head[name.strip()] = value.strip()
    return head


def read_trace(path: Path) -> Iterator[Record]:
    """The records of a trace, one after another.

    A last line without an end, as a crash leaves it, is passed over. Raises InputError with the line's number for what
    is no trace or damaged.
    """
    record, data = None, bytearray()
    for number, text in _lines(path):
        if text.startswith("#") or not text.strip():
            continue
        match = _RECORD.fullmatch(text)
        if match is None:
            raise _damaged(path, number, text, "seconds, one of < > ! and hex bytes are expected")
        seconds, kind, rest = match.groups()
        piece = b"" if kind == "!" else _bytes(path, number, rest)
        if seconds is None:
            if record is None or record.kind != kind:
                raise _damaged(path, number, text, "a time is expected, as no line before goes on here")
            if len(data) + len(piece) > MOST_RECORD:
                raise _damaged(path, number, text, f"no record has more than {MOST_RECORD} bytes")
            data += piece
            continue
        if record is not None:
            yield replace(record, data=bytes(data))
        record, data = Record(number, float(seconds), kind, remark=rest if kind == "!" else ""), bytearray(piece)
    if record is not None:
        yield replace(record, data=bytes(data))


def _bytes(path: Path, number: int, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise _damaged(path, number, text, "hex bytes are expected behind the arrow") from None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without their ends."""
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MOST_LINE + 1):
                number += 1
                if len(line) > MOST_LINE:
                    raise _damaged(path, number, line, f"no line of a trace has more than {MOST_LINE} characters")
                if number == 1 and line.rstrip(b"\r\n") != FIRST_LINE.encode():
                    raise _damaged(path, number, line, f"a trace begins with {FIRST_LINE!r}")
                if line.endswith(b"\n"):
                    yield number, line.decode("ascii", errors="backslashreplace").rstrip("\r\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a file that --trace has written") from error


def _damaged(path: Path, number: int, text: object, expected: str) -> InputError:
    return InputError(
        f"{path}, line {number}: {shortened(text)}; {expected}; the trace was damaged on its way: send it as a file"
    )
