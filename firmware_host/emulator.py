"""Starts what stands in for a board: the native firmware on a pseudo-terminal, or QEMU with its UART on a socket.

Every process ends with its context, and with this program however that ends.
"""

import ctypes
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from firmware_host.transport import SerialTransport, SocketTransport
from scl import toolchain
from scl.artifacts import InputError
from scl.machines import QEMU, qemu_command

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
_EXIT_GRACE_S = 0.2  # a process that closed its line ends within this


@contextmanager
def native(firmware: Path, arguments: Sequence[str] = ()) -> Iterator[SerialTransport]:
    """Runs the host build of the firmware and opens the pseudo-terminal that it announces as `pty /dev/pts/N`."""
    with _process([str(firmware), *arguments]) as (process, errors):
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
        line = process.stdout.readline().decode(errors="replace").strip() if ready else ""
        match = re.fullmatch(r"pty (\S+)", line)
        if match is None:
            raise InputError(
                f"{firmware}: printed {line!r} at its start, `pty <device>` expected; {_last_words(errors)}; "
                "export the model again"
            )
        transport = SerialTransport(match[1])
        transport.name = "native"
        try:
            yield transport
        finally:
            transport.close()


@contextmanager
def qemu(firmware: Path, machine: str, arguments: Sequence[str] = ()) -> Iterator[SocketTransport]:
    """Runs `firmware` (ELF) on an emulated board; its first serial port is the transport. `arguments` are QEMU's.

    QEMU connects to a socket that is ours already, so no port number has to be guessed to be free.
    """
    toolchain.require(QEMU)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp:127.0.0.1:{server.getsockname()[1]},nodelay=on"
        with _process([*qemu_command(firmware, machine), *arguments, "-serial", address]) as (process, errors):
            connection = _accept(server, process, errors)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = SocketTransport(connection, f"emulator:{machine}")
            try:
                yield transport
            finally:
                transport.close()


def _accept(server: socket.socket, process: subprocess.Popen[bytes], errors: IO[bytes]) -> socket.socket:
    server.settimeout(0.2)
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return server.accept()[0]
        except TimeoutError:
            pass
    raise InputError(f"qemu-system-arm did not start: {_last_words(errors)}; reinstall it, or use --port native")


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode(errors="replace").strip()[-500:] or "it said nothing on stderr"


@contextmanager
def _process(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A child of its own session (Ctrl-C is ours to handle), stopped at the end of the context."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        try:
            yield process, errors
        except InputError as error:
            with suppress(subprocess.TimeoutExpired):  # a broken line is a symptom if the process is gone
                status = process.wait(_EXIT_GRACE_S)
                raise InputError(
                    f"{command[0]} ended with status {status}: {_last_words(errors)}; run the command again"
                ) from error
            raise
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


def die_with_parent() -> None:
    """Asks Linux to end this child when its parent is killed (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
