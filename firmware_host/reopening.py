"""`--wait`: a port that is not there yet is waited for, and one that was pulled out is opened again when it is back.

The board may have been reset meanwhile, and what was on the line is lost. So behind a reopening the link says that the
session is gone, as of a board that was reset, and whoever can go on greets the board again.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from firmware_host import ports
from firmware_host.port_errors import (
    PortBusyError,
    PortDeniedError,
    PortLostError,
    PortMissingError,
    PortReopenedError,
)
from firmware_host.transport import SerialTransport, Transport
from scl.text import say

POLL_S = 0.2


@dataclass
class Clock:
    """The clock that a wait is measured by."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class SerialPort:
    """Opens a serial port, the same one every time; `name` None: the only one of a USB device.

    A USB device that comes back under another name is known by its vendor, product and serial number.
    """

    name: str | None
    baud: int
    _device: ports.Device | None = field(default=None, init=False)

    def __call__(self) -> SerialTransport:
        """Raises PortError if it cannot be opened."""
        if self.name is None:
            self.name = ports.resolve()
        try:
            transport = SerialTransport(self.name, self.baud)
        except PortMissingError:
            renamed = self._device and ports.find(self._device)
            if not renamed:
                raise
            say(f"port {self.name}: the board is back as {renamed}", error=True)
            transport = SerialTransport(renamed, self.baud)
            transport.name = self.name
            return transport
        self._device = ports.identify(self.name)
        return transport


def wait_open(open_port: Callable[[], Transport], wait_s: float, clock: Clock, was_missing: bool = False) -> Transport:
    """Opens a port, waiting at most `wait_s` for it to come.

    One that was missing may be busy or denied for a while: the system sets it up, and a modem manager looks at it.
    Raises the PortError of the last attempt.
    """
    deadline = clock.now() + wait_s
    while True:
        try:
            return open_port()
        except (PortMissingError, PortBusyError, PortDeniedError) as error:
            if clock.now() >= deadline or not (isinstance(error, PortMissingError) or was_missing):
                raise
            if not was_missing:
                say(str(error), f"waiting up to {wait_s:g} s for it", error=True)
            was_missing = True
            clock.sleep(POLL_S)


class Reopening:
    """A transport that is opened again, within `wait_s`, when it goes away.

    Raises PortReopenedError then, as a write or read may have been lost.
    """

    def __init__(self, open_port: Callable[[], Transport], wait_s: float, clock: Clock | None = None) -> None:
        self._open = open_port
        self._wait_s = wait_s
        self._clock = clock or Clock()
        self._inner = wait_open(open_port, wait_s, self._clock)
        self.name = self._inner.name

    def read(self, timeout_s: float) -> bytes:
        try:
            return self._inner.read(timeout_s)
        except PortLostError as error:
            raise self._reopened(error) from error

    def write(self, data: bytes) -> None:
        try:
            self._inner.write(data)
        except PortLostError as error:
            raise self._reopened(error) from error

    def close(self) -> None:
        self._inner.close()

    def _reopened(self, error: PortLostError) -> PortReopenedError:
        """Closes the port first: while it is open its name is not free for the board that comes back."""
        say(str(error), f"waiting up to {self._wait_s:g} s for the port to come back", error=True)
        with suppress(OSError):
            self._inner.close()
        self._clock.sleep(POLL_S)
        self._inner = wait_open(self._open, self._wait_s, self._clock, was_missing=True)
        return PortReopenedError(
            f"port {self.name}: went away and came back; what was on the line is lost; run the command again"
        )
