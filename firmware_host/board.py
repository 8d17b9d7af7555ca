"""Opens a board by the name that `--port` gives.

That is a device, any pyserial URL, `native`, `emulator` or `emulator:MACHINE`. For the emulated ones the firmware of
the bundle is built first, into a folder of its own per model and board. Its C is checked to be constant data, which
neither compiler nor linker can be made to do anything with (scl.model_source); `--trust` leaves that out.
"""

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_host import emulator
from firmware_host.hello import NO_DEVICE, Hello, InputKind
from firmware_host.link import BoardResetError, Link
from firmware_host.message_error import MessageError
from firmware_host.model import check_board
from firmware_host.reopening import Reopening, SerialPort
from firmware_host.trace import Traced, tracing
from firmware_host.transport import DEFAULT_BAUD, Transport
from scl import toolchain
from scl.arguments import BAUD, number
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest
from scl.machines import DEFAULT, MACHINES
from scl.model_source import c_folder
from scl.text import say

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "firmware"
BITS_PER_BYTE = 10  # 8N1
LONGEST_WAIT_S = 86_400.0


class ForeignAnswersError(InputError):
    """The answers are of another session, model or calibration than was asked for: none may be believed."""


CONFINED = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")  # boards/native/confine.c
KEPT = "a process that is kept from files and network"


@dataclass(frozen=True)
class Board:
    """An open board that holds the bundle's model."""

    link: Link
    hello: Hello  # of the first greeting
    emulated: bool  # ticks count instructions
    baud: int | None  # None: the line has no rate of its own
    firmware: Path | None = None  # the program that was built for it here

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

    def doubt(self, calibration_hash: bytes, when: str) -> InputError | None:
        """Why it is not sure that the session lasted to the end; what came before is the board's all the same.

        Raises InputError if another program began one, or the board holds another model: then nothing is believed.
        """
        try:
            self.link.ask()
        except InputError as error:
            return error
        try:
            self.check(calibration_hash, when)
        except BoardResetError as error:
            return error
        return None

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
    bundle: Bundle[BundleManifest],
    port: str | SerialPort | None,
    baud: int = DEFAULT_BAUD,
    trace: str | None = None,
    wait_s: float = 0.0,
    more: Sequence[str] = (),
    trust: bool = False,
) -> Iterator[Board]:
    """Builds and starts what `port` needs, greets the board and checks that it holds the bundle's model.

    Raises InputError with the next step if any of this fails. `port` None: the only USB serial port there is; a
    SerialPort that is given again is the same device, be it under another name. `trace`: the file that gets one, or "-"
    for stderr. `wait_s`: how long a real port is waited for, now and whenever it goes away. `more`: arguments of the
    native firmware, or of QEMU. `trust`: the bundle's C may be more than data.
    """
    with (
        _line(bundle, port, baud, wait_s, more, trust) as line,
        _traced(line.transport, trace, line.baud) as (transport, now),
    ):
        link = Link(transport, now)
        try:
            hello = link.greet()
            check_board(hello, bundle, link.name)
            if hello.input == InputKind.BEATS:
                say(f"{_once(link.name, hello.board)} finds heartbeats. {NO_DEVICE}", error=True)
            yield Board(link, hello, line.emulated, line.baud, line.firmware)
        except MessageError as error:
            raise MessageError(error.found, link.name) from error


def _once(port: str, board: str) -> str:
    """Port and board, of which the emulated ones have one name."""
    return port if board in port else f"{port}: {board}"


@dataclass(frozen=True)
class _Line:
    """An open line to a board; see Board for the rest."""

    transport: Transport
    emulated: bool = False
    baud: int | None = None
    firmware: Path | None = None


@contextmanager
def _line(
    bundle: Bundle[BundleManifest],
    port: str | SerialPort | None,
    baud: int,
    wait_s: float,
    more: Sequence[str],
    trust: bool,
) -> Iterator[_Line]:
    open_port = port if isinstance(port, SerialPort) else SerialPort(port, baud)
    kind, _, machine = (open_port.name or "").partition(":")
    if kind == "native" and not machine:
        firmware = build(bundle, toolchain.NATIVE, trust)
        with emulator.native(firmware, more) as pty:
            yield _Line(pty, firmware=firmware)
    elif kind == "emulator":
        machine = machine or DEFAULT
        if MACHINES and machine not in MACHINES:
            raise InputError(f"--port {port}: no such emulated board; there are {', '.join(MACHINES)}")
        firmware = build(bundle, machine, trust)
        with emulator.qemu(firmware, machine, more) as uart:
            yield _Line(uart, emulated=True, firmware=firmware)
    else:
        serial = Reopening(open_port, wait_s) if wait_s else open_port()
        try:
            yield _Line(serial, baud=None if kind == "socket" else baud)
        finally:
            serial.close()


def add_port_options(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Flags of every command with a board: --port, --baud, --trust, --wait, --trace; a list of `several` ports."""
    parser.add_argument(
        "--port",
        action="append" if several else "store",
        help="device, pyserial URL, native, emulator or emulator:BOARD; default: the only USB serial port"
        + ("; once for each board that is to be validated at the same time" if several else ""),
    )
    parser.add_argument(
        "--baud", type=BAUD, default=DEFAULT_BAUD, help="line rate of a real port (default %(default)s)"
    )
    add_trust_option(parser)
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


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    """The flag `--trust`."""
    parser.add_argument(
        "--trust",
        action="store_true",
        help="native and emulator: build the bundle's C even if it is more than the data that export.quantize writes",
    )


def build(bundle: Bundle[BundleManifest], board: str, trust: bool = False) -> Path:
    """The firmware of `bundle` for `board`, built where it is not up to date; stderr says before if it runs here.

    Raises InputError if the C of the bundle is more than data, without `trust`, a tool is missing, or the build fails.
    """
    c_files = c_folder(bundle, trust)
    if trust:
        say(f"{c_files}: is built without a check, since --trust is given: it can do all that you can", error=True)
    elif board == toolchain.NATIVE:
        say(
            f"{c_files}: is constant data; runs here in the firmware's own code{', ' + KEPT if CONFINED else ''}",
            error=True,
        )
    return toolchain.build(c_files, BUILD / f"{bundle.manifest.model_hash[:16]}-{board}", board)


@contextmanager
def _traced(
    transport: Transport, trace: str | None, baud: int | None
) -> Iterator[tuple[Transport, Callable[[], float]]]:
    """The transport, written into a trace if there is one, and the clock of its link."""
    if trace is None:
        yield transport, time.monotonic
        return
    with tracing(trace, transport.name, baud) as emit:
        traced = Traced(transport, emit)
        yield traced, traced.now
