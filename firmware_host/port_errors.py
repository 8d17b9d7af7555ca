"""What can be wrong with a port, one error type for each cause; port_causes.py tells them apart."""

from scl.artifacts import InputError


class PortError(InputError):
    """A port cannot be used, whatever the cause."""


class PortNameError(PortError):
    """What was given names no serial port, or its settings are none that the system takes."""


class PortMissingError(PortError):
    """There is no such port now; it may come."""


class PortDeniedError(PortError):
    """The user may not open it."""


class PortBusyError(PortError):
    """Another program holds it."""


class PortLostError(PortError):
    """It was open and went away: the cable was pulled, the board lost power, the other end closed the line."""


class PortStuckError(PortError):
    """It takes no byte: nobody reads at the other end."""


class PortReopenedError(PortError):
    """The port went away and was opened again: bytes may be lost, and the board may have been reset."""
