"""Byte pipes to a board: any pyserial port or URL, or a connected socket.

A pipe that breaks raises InputError, whatever broke.
"""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import serial

from scl.artifacts import InputError

DEFAULT_BAUD = 115_200
WRITE_TIMEOUT_S = 10.0  # a board that takes nothing for so long is gone
_SLICE_S = 0.05  # longest single wait inside pyserial


class Transport(Protocol):
    """What the link needs of a byte pipe."""

    name: str

    def read(self, timeout_s: float) -> bytes:
        """Whatever has arrived; waits at most `timeout_s` for the first byte. Empty: nothing came."""

    def write(self, data: bytes) -> None:
        """Hands all of `data` over; InputError when the pipe is broken."""

    def close(self) -> None: ...


class SerialTransport:
    """A device or pyserial URL, 8N1.

    Raises InputError if it cannot be opened.
    """

    def __init__(self, url: str, baud: int = DEFAULT_BAUD) -> None:
        self.name = url
        with _broken_pipe(
            url, "check the name with `python -m firmware_host.ports`, the cable, and that no other program holds it"
        ):
            self._port = serial.serial_for_url(
                url, baudrate=baud, timeout=_SLICE_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True
            )

    def read(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        with _broken_pipe(self.name):
            while not (data := self._port.read(1)) and time.monotonic() < deadline:
                pass
            if data and (waiting := self._port.in_waiting):
                data += self._port.read(waiting)
        return data

    def write(self, data: bytes) -> None:
        with _broken_pipe(self.name):
            self._port.write(data)

    def close(self) -> None:
        self._port.close()


class SocketTransport:
    """A connected stream socket: the emulated board's serial line."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        self.name = name
        self._socket = connection

    def read(self, timeout_s: float) -> bytes:
        with _broken_pipe(self.name):
            self._socket.settimeout(timeout_s)
            try:
                data = self._socket.recv(65536)
            except (TimeoutError, BlockingIOError):
                return b""
            if not data:
                raise OSError("the other end closed the line")
        return data

    def write(self, data: bytes) -> None:
        with _broken_pipe(self.name):
            self._socket.settimeout(WRITE_TIMEOUT_S)
            self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


class Traced:
    """Prints every byte that passes through another transport: time, direction, hex."""

    def __init__(
        self, inner: Transport, emit: Callable[[str], None] = lambda line: print(line, file=sys.stderr)
    ) -> None:
        self.name = inner.name
        self._inner = inner
        self._emit = emit
        self._start = time.monotonic()

    def read(self, timeout_s: float) -> bytes:
        data = self._inner.read(timeout_s)
        self._dump("<", data)
        return data

    def write(self, data: bytes) -> None:
        self._dump(">", data)
        self._inner.write(data)

    def close(self) -> None:
        self._inner.close()

    def _dump(self, arrow: str, data: bytes) -> None:
        seconds = time.monotonic() - self._start
        for start in range(0, len(data), 32):
            self._emit(f"{seconds:9.4f} {arrow} {data[start : start + 32].hex(' ')}")


@contextmanager
def _broken_pipe(
    name: str, advice: str = "check the cable and the board's power, then run the command again"
) -> Iterator[None]:
    """Turns every way in which a port fails into one InputError.

    A dead pseudo-terminal alone has three: SerialException, OSError and termios.error.
    """
    try:
        import termios

        errors: tuple[type[BaseException], ...] = (serial.SerialException, OSError, ValueError, termios.error)
    except ImportError:  # not a POSIX system
        errors = (serial.SerialException, OSError, ValueError)
    try:
        yield
    except errors as error:
        raise InputError(f"port {name}: {error}; {advice}") from error
