"""Several boards at once: `validate --port A --port B`, one process and one report for each, and a table of all.

The processes share nothing but this computer, so a board that hangs, lies or is pulled out ends its own process alone.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from firmware_host.beat_validation import BeatValidation
from firmware_host.boards_table import print_comparison
from firmware_host.emulator import STOP_TIMEOUT_S, die_with_parent
from firmware_host.validation import REPORT, Validation
from scl.answers import Answer, Document
from scl.arguments import Parser
from scl.artifacts import InputError, read_artifact
from scl.text import say

LONGEST_LINE = 4096  # characters of a line of a process, passed on
LONGEST_FOLDER_NAME = 64  # of a port's part of a folder's name
STARTED_HERE = ("native", "emulator")  # each port of this name is another board
Report = type[Validation] | type[BeatValidation]


@dataclass(frozen=True)
class Run:
    """One board's validation, and how it ended."""

    port: str
    name: str  # of the port, fit for a folder
    out: Path
    status: int  # exit status of its process
    validation: Validation | BeatValidation | None  # None: no report was written
    last_words: str  # latest line that it wrote to stderr


@dataclass(frozen=True)
class BoardRun:
    """A `Run` as --json has it.

    Attributes:
        report: the folder of its report.
        validation: what its validation.json holds; None: there is none.
    """

    port: str
    report: str
    status: int
    validation: Validation | BeatValidation | None
    last_words: str


@dataclass(frozen=True)
class Boards(Document):
    """Several boards that were validated side by side."""

    boards: tuple[BoardRun, ...]

    kind = "boards"
    schema = 3


def folder_names(ports: Sequence[str]) -> list[str]:
    """A short name for each port that may stand in a folder's name on any system; numbered where two would be equal."""
    names = []
    for port in ports:
        tail = port if "://" in port else port.rstrip("/").rsplit("/", 1)[-1]
        name = re.sub(r"[^A-Za-z0-9_]+", "-", tail).strip("-")
        names.append(name[:LONGEST_FOLDER_NAME].strip("-") or "port")
    while repeated := [name for name, count in Counter(map(str.lower, names)).items() if count > 1]:
        for name in repeated:
            equal = [index for index, other in enumerate(names) if other.lower() == name]
            for number, index in enumerate(equal, start=1):
                names[index] = f"{names[index]}-{number}"
    return names


def check_ports(ports: Sequence[str]) -> None:
    """InputError if a board is named twice."""
    for port, count in Counter(os.path.realpath(port) if os.path.exists(port) else port for port in ports).items():
        if count > 1 and port.partition(":")[0] not in STARTED_HERE:
            raise InputError(f"--port {port}: named {count} times; name each board once")


def side_by_side(
    argv: Sequence[str], ports: Sequence[str], out: Path, trace: str | None, report: Report, answer: Answer
) -> int:
    """Validates on every port at once, with the arguments of `argv` otherwise; the worst exit status. `report`: what
    each writes.

    Reports go to `out` with the port's name behind it, and so do traces.
    """
    check_ports(ports)
    rest = _without_ports(argv)
    started = []
    try:
        for port, name in zip(ports, folder_names(ports), strict=True):
            target = out / name if out.name in ("", "..") else out.with_name(f"{out.name}-{name}")
            own = ["--port", port, "--out", str(target), *_trace_option(trace, name)]
            started.append(_Process(port, name, target, report, [*rest, *own]))
        runs = [process.result() for process in started]
    finally:
        deadline = time.monotonic() + STOP_TIMEOUT_S  # for all of them together
        for process in started:
            process.stop(deadline)
    print_comparison(runs)
    answer.give(Boards(tuple(BoardRun(r.port, str(r.out), r.status, r.validation, r.last_words) for r in runs)))
    return max(_rank(run.status) for run in runs)


class _Process:
    """One validation under way; what it says is passed on, line by line, behind the port's name."""

    def __init__(self, port: str, name: str, out: Path, report: Report, argv: list[str]) -> None:
        self._port, self._name, self._out, self._report = port, name, out, report
        self._before = _stamp(out / REPORT)
        self._last_words = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "firmware_host.validate", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # its table; ours has all boards
            stderr=subprocess.PIPE,
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        self._reader = threading.Thread(target=self._pass_on, daemon=True)
        self._reader.start()

    def result(self) -> Run:
        """Waits for its end."""
        self._reader.join()
        status = self._process.wait()
        validation: Validation | BeatValidation | None = None
        if _stamp(self._out / REPORT) not in (None, self._before):  # one of an earlier run is not taken for this one's
            try:
                validation = read_artifact(self._out / REPORT, self._report)
            except InputError as error:
                self._last_words = str(error)
        return Run(self._port, self._name, self._out, status, validation, self._last_words)

    def stop(self, deadline: float) -> None:
        """Ends it where it has not ended: Ctrl-C reaches it too, and gives it time to clean up, until `deadline`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._process.kill()
        self._process.wait()

    def _pass_on(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as errors:
            while line := errors.readline(LONGEST_LINE):
                self._last_words = line.decode(errors="backslashreplace").rstrip("\r\n")
                say(f"{self._name}: {self._last_words}", error=True)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _rank(status: int) -> int:
    """A process that a signal ended could not measure either."""
    return status if status in (0, 1) else 2


def _without_ports(argv: Sequence[str]) -> list[str]:
    """The arguments that all boards have in common."""
    parser = Parser(add_help=False)
    parser.add_argument("--port", action="append")
    parser.add_argument("--out")
    parser.add_argument("--trace", nargs="?")
    parser.add_argument("--json", action="store_true")
    return parser.parse_known_args(argv)[1]


def _trace_option(trace: str | None, name: str) -> list[str]:
    if trace is None:
        return []
    path = Path(trace)
    return ["--trace", trace if trace == "-" else str(path.with_name(f"{path.stem}-{name}{path.suffix}"))]
