"""Opens a board by the name that `--port` gives.

That is a device, any pyserial URL, `native`, `emulator` or `emulator:MACHINE`. For the emulated ones the firmware of
the bundle is built first, into a folder of its own per model and board. Its C is checked to be constant data, which
neither compiler nor linker can be made to do anything with (scl.model_source); `--trust` leaves that out.
"""

import argparse
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_host import emulator, ports
from firmware_host.link import BoardResetError, Link
from firmware_host.messages import Hello
from firmware_host.model import check_board
from firmware_host.transport import DEFAULT_BAUD, SerialTransport, Traced, Transport
from scl import toolchain
from scl.arguments import positive
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import Manifest
from scl.machines import MACHINES
from scl.model_source import c_folder

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "firmware"
BITS_PER_BYTE = 10  # 8N1
CONFINED = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")  # boards/native/confine.c
KEPT = "a process that is kept from files and network"


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
        Raises BoardResetError if the session is gone, InputError if another program has begun one or a hash differs.
        """
        hello = self.link.ask()
        if hello.session == 0:
            raise BoardResetError(self.link.name, when)
        if hello.session != self.link.session:
            raise InputError(
                f"port {self.link.name}: another program began session {hello.session:08x} on the board, ours was "
                f"{self.link.session:08x}, {when}; close the other program and run the command again"
            )
        self._check_same(hello)
        if hello.calibration_hash != calibration_hash:
            raise InputError(
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
            raise InputError(
                f"port {port}: the board holds model {hello.model_hash} now, {before.model_hash} when it was greeted; "
                "its firmware was replaced meanwhile: flash the firmware of this bundle and run the command again"
            )
        if replace(hello, session=before.session, calibration_hash=before.calibration_hash) != before:
            raise InputError(
                f"port {port}: the board describes itself as {hello} now, as {before} when it was greeted; "
                "run the command again"
            )


@contextmanager
def open_board(
    bundle: Bundle[Manifest],
    port: str | None,
    baud: int = DEFAULT_BAUD,
    trace: bool = False,
    native_arguments: Sequence[str] = (),
    trust: bool = False,
) -> Iterator[Board]:
    """Builds and starts what `port` needs, greets the board and checks that it holds the bundle's model.

    Raises InputError with the next step if any of this fails. `port` None: the only USB serial port there is.
    `trust`: the bundle's C may be more than data.
    """
    kind, _, machine = (port or "").partition(":")
    if kind == "native" and not machine:
        with emulator.native(build(bundle, toolchain.NATIVE, trust), native_arguments) as pty:
            yield _greet(bundle, pty, trace)
    elif kind == "emulator":
        machine = machine or MACHINES[0]
        if machine not in MACHINES:
            raise InputError(f"--port {port}: no such emulated board; there are {', '.join(MACHINES)}")
        with emulator.qemu(build(bundle, machine, trust), machine) as uart:
            yield _greet(bundle, uart, trace, emulated=True)
    else:
        serial = SerialTransport(port or ports.resolve(), baud)
        try:
            yield _greet(bundle, serial, trace, baud=None if kind == "socket" else baud)
        finally:
            serial.close()


def add_port_options(parser: argparse.ArgumentParser) -> None:
    """Flags that every command with a board has: `--port`, `--baud`, `--trust`, `--trace`."""
    parser.add_argument(
        "--port",
        help="device, pyserial URL, native, emulator or emulator:BOARD; default: the only USB serial port",
    )
    parser.add_argument(
        "--baud", type=positive, default=DEFAULT_BAUD, help="line rate of a real port (default %(default)s)"
    )
    add_trust_option(parser)
    parser.add_argument("--trace", action="store_true", help="hex dump of every byte on the line, to stderr")


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    """The flag `--trust`."""
    parser.add_argument(
        "--trust",
        action="store_true",
        help="native and emulator: build the bundle's C even if it is more than the data that export.quantize writes",
    )


def build(bundle: Bundle[Manifest], board: str, trust: bool = False) -> Path:
    """The firmware of `bundle` for `board`, built where it is not up to date; stderr says before if it runs here.

    Raises InputError if the C of the bundle is more than data, without `trust`, a tool is missing, or the build fails.
    """
    c_files = c_folder(bundle, trust)
    if trust:
        print(
            f"{c_files}: is built without a check, since --trust is given: it can do all that you can", file=sys.stderr
        )
    elif board == toolchain.NATIVE:
        print(
            f"{c_files}: is constant data; runs here in the firmware's own code{', ' + KEPT if CONFINED else ''}",
            file=sys.stderr,
        )
    return toolchain.build(c_files, BUILD / f"{bundle.manifest.model_hash[:16]}-{board}", board)


def _greet(
    bundle: Bundle[Manifest], transport: Transport, trace: bool, emulated: bool = False, baud: int | None = None
) -> Board:
    link = Link(Traced(transport) if trace else transport)
    hello = link.greet()
    check_board(hello, bundle, link.name)
    return Board(link, hello, emulated, baud)
