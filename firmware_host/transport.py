"""Byte pipes to a board: any pyserial port or URL, or a connected socket.

A pipe that cannot be opened or breaks raises the PortError that says why (port_causes.py), whatever broke.
"""

import socket
import time
from typing import Protocol

import serial

from firmware_host.port_causes import check_name, opening, working

DEFAULT_BAUD = 115_200
WRITE_TIMEOUT_S = 10.0  # a board that takes nothing for so long is gone
_SLICE_S = 0.05  # longest single wait inside pyserial


class Transport(Protocol):
    """What the link needs of a byte pipe."""

    name: str

    def read(self, timeout_s: float) -> bytes:
        """Whatever has arrived; waits at most `timeout_s` for the first byte. Empty: nothing came."""

    def write(self, data: bytes) -> None:
        """Hands all of `data` over; PortError when the pipe is broken."""

    def close(self) -> None: ...


class SerialTransport:
    """A device or pyserial URL, 8N1.

    Raises PortError if it cannot be opened.
    """

    def __init__(self, url: str, baud: int = DEFAULT_BAUD) -> None:
        self.name = url
        self._url = url
        check_name(url, baud)
        with opening(url, baud):
            self._port = serial.serial_for_url(
                url, baudrate=baud, timeout=_SLICE_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True
            )

    def read(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        with working(self.name, self._url):
            while not (data := self._port.read(1)) and time.monotonic() < deadline:
                pass
            if data and (waiting := self._port.in_waiting):
                data += self._port.read(waiting)
        return data

    def write(self, data: bytes) -> None:
        with working(self.name, self._url):
            self._port.write(data)

    def close(self) -> None:
        self._port.close()


class SocketTransport:
    """A connected stream socket: the emulated board's serial line."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        self.name = name
        self._socket = connection

    def read(self, timeout_s: float) -> bytes:
        with working(self.name):
            self._socket.settimeout(timeout_s)
            try:
                data = self._socket.recv(65536)
            except (TimeoutError, BlockingIOError):
                return b""
            if not data:
                raise OSError("the other end closed the line")
        return data

    def write(self, data: bytes) -> None:
        with working(self.name):
            self._socket.settimeout(WRITE_TIMEOUT_S)
            try:
                self._socket.sendall(data)
            except TimeoutError as error:
                raise serial.SerialTimeoutException(f"for {WRITE_TIMEOUT_S:g} s") from error

    def close(self) -> None:
        self._socket.close()
