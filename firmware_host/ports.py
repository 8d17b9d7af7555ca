"""`python -m firmware_host.ports`: the serial ports that may have a board, and the choice of one."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from firmware_host.port_errors import PortMissingError, PortNameError
from scl.answers import Answer, Document
from scl.arguments import Parser
from scl.artifacts import command
from scl.text import say


@dataclass(frozen=True)
class Device:
    """What makes one USB device out of many, whatever its port is called."""

    vendor: int
    product: int
    serial: str


@dataclass(frozen=True)
class Port:
    """A serial port: its name (`--port`), the USB device's ids and serial number, and what the system calls it."""

    device: str
    vendor: int
    product: int
    serial: str | None
    description: str


@dataclass(frozen=True)
class Ports(Document):
    """The serial ports that may have a board, sorted by name."""

    ports: tuple[Port, ...]

    kind = "ports"
    schema = 1


def candidates() -> list[Any]:
    """Serial ports of USB devices, sorted by name; a PC's built-in ports have no USB id and are left out."""
    from serial.tools import list_ports

    return sorted((port for port in list_ports.comports() if port.vid is not None), key=lambda port: port.device)


def describe(port: Any) -> str:
    """A line for one of the `candidates`: its device, its ids in hexadecimal, and what the system calls it."""
    return f"{port.device}  {port.vid:04x}:{port.pid:04x}  {port.description}"


def identify(name: str) -> Device | None:
    """The USB device behind a port; None where it has no serial number, so that another one may look the same."""
    real = os.path.realpath(name)
    return next((_device(port) for port in candidates() if os.path.realpath(port.device) == real), None)


def find(device: Device) -> str | None:
    """The port that a USB device has now; None if it is not plugged in."""
    return next((str(port.device) for port in candidates() if _device(port) == device), None)


def _device(port: Any) -> Device | None:
    return Device(port.vid, port.pid, port.serial_number) if port.serial_number else None


def resolve() -> str:
    """The device of the only candidate.

    Raises PortMissingError with none, PortNameError with several: nothing is guessed.
    """
    ports = candidates()
    if len(ports) == 1:
        return str(ports[0].device)
    if not ports:
        raise PortMissingError(
            "no serial port of a USB device was found; plug the board in, name its port with --port, "
            "or use --port emulator or --port native"
        )
    listing = "\n".join(f"  {describe(port)}" for port in ports)
    raise PortNameError(f"{len(ports)} serial ports were found; choose one with --port:\n{listing}")


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    with Answer(options.json) as answer:
        ports = candidates()
        if not ports:
            say("no serial port of a USB device was found; --port emulator and --port native need none")
        for port in ports:
            say(describe(port))
        answer.give(
            Ports(tuple(Port(p.device, p.vid, p.pid, p.serial_number or None, str(p.description)) for p in ports))
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    return Parser(prog="python -m firmware_host.ports", description=__doc__, figures=True, examples=("",))


if __name__ == "__main__":
    command(main)
