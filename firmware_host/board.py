"""Opens a board by the name that `--port` gives.

That is a device, any pyserial URL, `native`, `emulator` or `emulator:MACHINE`. For the emulated ones the firmware of
the bundle is built first, into a folder of its own per model and board.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_host import emulator
from firmware_host.link import BoardResetError, Link
from firmware_host.messages import Hello, MessageError
from firmware_host.model import check_board
from firmware_host.reopening import Reopening, SerialPort
from firmware_host.trace import Traced, tracing
from firmware_host.transport import DEFAULT_BAUD, Transport
from scl import toolchain
from scl.arguments import BAUD, number
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import Manifest
from scl.machines import MACHINES

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "firmware"
BITS_PER_BYTE = 10  # 8N1
LONGEST_WAIT_S = 86_400.0


class ForeignAnswersError(InputError):
    """The answers are of another session, model or calibration than was asked for: none may be believed."""


@dataclass(frozen=True)
class Board:
    """An open board that holds the bundle's model."""

    link: Link
    hello: Hello  # of the first greeting
    emulated: bool  # ticks count instructions
    baud: int | None  # None: the line has no rate of its own

    def line_seconds(self, size: int) -> float:
        """Time that `size` bytes take on the line; 0 without a line rate."""
        return size * BITS_PER_BYTE / self.baud if self.baud else 0.0

    def check(self, calibration_hash: bytes, when: str) -> None:
        """Asks the board whether all that it answered is of one session, this model and this calibration.

        To be called before answers are believed. `when` tells how far the command is, as in "after 3 of 20 windows".
        Raises BoardResetError if the session is gone, ForeignAnswersError if another program has begun one or a hash
        differs.
        """
        hello = self.link.ask()
        if hello.session == 0:
            raise BoardResetError(self.link.name, when)
        if hello.session != self.link.session:
            raise ForeignAnswersError(
                f"port {self.link.name}: another program began session {hello.session:08x} on the board, ours was "
                f"{self.link.session:08x}, {when}; close the other program and run the command again"
            )
        self._check_same(hello)
        if hello.calibration_hash != calibration_hash:
            raise ForeignAnswersError(
                f"port {self.link.name}: the board has calibration {hello.calibration_hash.hex()}, "
                f"{calibration_hash.hex()} was expected, {when}; run the command again"
            )

    def resume(self) -> Hello:
        """Greets the board again after a reset. Raises InputError if it came back with another model."""
        hello = self.link.greet()
        self._check_same(hello)
        return hello

    def _check_same(self, hello: Hello) -> None:
        port, before = self.link.name, self.hello
        if hello.model_hash != before.model_hash:
            raise ForeignAnswersError(
                f"port {port}: the board holds model {hello.model_hash} now, {before.model_hash} when it was greeted; "
                "its firmware was replaced meanwhile: flash the firmware of this bundle and run the command again"
            )
        if replace(hello, session=before.session, calibration_hash=before.calibration_hash) != before:
            raise ForeignAnswersError(
                f"port {port}: the board describes itself as {hello} now, as {before} when it was greeted; "
                "run the command again"
            )


@contextmanager
def open_board(
    bundle: Bundle[Manifest],
    port: str | None,
    baud: int = DEFAULT_BAUD,
    trace: str | None = None,
    wait_s: float = 0.0,
    native_arguments: Sequence[str] = (),
) -> Iterator[Board]:
    """Builds and starts what `port` needs, greets the board and checks that it holds the bundle's model.

    Raises InputError with the next step if any of this fails. `port` None: the only USB serial port there is. `trace`:
    the file that gets one, or "-" for stderr. `wait_s`: how long a real port is waited for, now and whenever it goes
    away.
    """
    with (
        _line(bundle, port, baud, wait_s, native_arguments) as line,
        _traced(line.transport, trace, line.baud) as transport,
    ):
        link = Link(transport)
        try:
            hello = link.greet()
            check_board(hello, bundle, link.name)
            yield Board(link, hello, line.emulated, line.baud)
        except MessageError as error:
            raise MessageError(error.found, link.name) from error


@dataclass(frozen=True)
class _Line:
    """An open line to a board; see Board for the rest."""

    transport: Transport
    emulated: bool = False
    baud: int | None = None


@contextmanager
def _line(
    bundle: Bundle[Manifest], port: str | None, baud: int, wait_s: float, native_arguments: Sequence[str]
) -> Iterator[_Line]:
    kind, _, machine = (port or "").partition(":")
    if kind == "native" and not machine:
        with emulator.native(build(bundle, "native"), native_arguments) as pty:
            yield _Line(pty)
    elif kind == "emulator":
        machine = machine or MACHINES[0]
        if machine not in MACHINES:
            raise InputError(f"--port {port}: no such emulated board; there are {', '.join(MACHINES)}")
        with emulator.qemu(build(bundle, machine), machine) as uart:
            yield _Line(uart, emulated=True)
    else:
        open_port = SerialPort(port, baud)
        serial = Reopening(open_port, wait_s) if wait_s else open_port()
        try:
            yield _Line(serial, baud=None if kind == "socket" else baud)
        finally:
            serial.close()


def add_port_options(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Flags that every command with a board has: `--port`, `--baud`, `--wait`, `--trace`; a list of `several` ports."""
    parser.add_argument(
        "--port",
        action="append" if several else "store",
        help="device, pyserial URL, native, emulator or emulator:BOARD; default: the only USB serial port"
        + ("; once for each board that is to be validated at the same time" if several else ""),
    )
    parser.add_argument(
        "--baud", type=BAUD, default=DEFAULT_BAUD, help="line rate of a real port (default %(default)s)"
    )
    add_wait_and_trace(parser)


def add_wait_and_trace(parser: argparse.ArgumentParser) -> None:
    """`--wait` and `--trace`, for commands with port options of their own."""
    parser.add_argument(
        "--wait",
        type=number(0.001, LONGEST_WAIT_S),
        default=0.0,
        metavar="SECONDS",
        help="wait so long for a port that is not there yet, and go on with one that was pulled out and put back",
    )
    parser.add_argument(
        "--trace",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write a hex dump of every byte on the line, with times, into FILE for a bug report; "
        "without FILE to stderr (place it last then)",
    )


def build(bundle: Bundle[Manifest], board: str) -> Path:
    """The firmware of `bundle` for `board`, built where it is not up to date.

    Raises InputError if a tool is missing or the build fails.
    """
    return toolchain.build(bundle.path / "c", BUILD / f"{bundle.manifest.model_hash[:16]}-{board}", board)


@contextmanager
def _traced(transport: Transport, trace: str | None, baud: int | None) -> Iterator[Transport]:
    if trace is None:
        yield transport
        return
    with tracing(trace, transport.name, baud) as emit:
        yield Traced(transport, emit)
