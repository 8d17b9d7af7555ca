"""`python -m firmware_host.ports`: the serial ports that may have a board, and the choice of one."""

from collections.abc import Sequence
from typing import Any

from scl.arguments import Parser
from scl.artifacts import InputError, command
from scl.text import say


def candidates() -> list[Any]:
    """Serial ports of USB devices, sorted by name; a PC's built-in ports have no USB id and are left out."""
    from serial.tools import list_ports

    return sorted((port for port in list_ports.comports() if port.vid is not None), key=lambda port: port.device)


def describe(port: Any) -> str:
    return f"{port.device}  {port.vid:04x}:{port.pid:04x}  {port.description}"


def resolve() -> str:
    """The device of the only candidate. InputError with none or several: nothing is guessed."""
    found = candidates()
    if len(found) == 1:
        return str(found[0].device)
    if not found:
        raise InputError(
            "no serial port of a USB device was found; plug the board in, name its port with --port, "
            "or use --port emulator or --port native"
        )
    listing = "\n".join(f"  {describe(port)}" for port in found)
    raise InputError(f"{len(found)} serial ports were found; choose one with --port:\n{listing}")


def main(argv: Sequence[str]) -> int:
    parser = Parser(prog="python -m firmware_host.ports", description=__doc__)
    parser.parse_args(argv)
    found = candidates()
    if not found:
        say("no serial port of a USB device was found; --port emulator and --port native need none")
    for port in found:
        say(describe(port))
    return 0


if __name__ == "__main__":
    command(main)
