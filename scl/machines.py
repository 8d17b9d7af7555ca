"""The boards of firmware/boards, as the board.mk of each describes it, and the clock that QEMU gives those that it
emulates: some nanoseconds for every instruction.
"""

import os
import re
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parent.parent / "firmware"
DEFAULT = "mps2-an386"  # a Cortex-M4F
ICOUNT_SHIFT = 8
NS_PER_INSTRUCTION = 1 << ICOUNT_SHIFT
QEMU = ("qemu-system-arm", "qemu-system-arm")  # program, Debian package


def settings(firmware: Path, board: str) -> dict[str, str]:
    """What the board.mk of a board of the folder `firmware` sets, by name."""
    text = (firmware / "boards" / board / "board.mk").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\w+) *:= *(.*?) *(?:#.*)?$", text, re.MULTILINE))


_NAMES = sorted(path.parent.name for path in FIRMWARE.glob("boards/*/board.mk"))  # none without the sources
_BOARDS = {name: settings(FIRMWARE, name) for name in _NAMES}
MACHINES = tuple(name for name, given in _BOARDS.items() if "QEMU" in given)  # that QEMU emulates
COUNTED = tuple(name for name in MACHINES if "COUNTED" in _BOARDS[name])  # whose counter needs no interrupt


def sensor_base(board: str) -> int | None:
    """Where an emulated board looks for samples that stand in for a sensor (boards/cortex-m/played_sensor.c), if it
    does.
    """
    return _defined(board, "SENSOR_BASE")


def clock_hz(board: str) -> int | None:
    """Rate of a board's processor, if its board.mk has one."""
    return _defined(board, "CLOCK_HZ")


def _defined(board: str, name: str) -> int | None:
    number = re.search(rf"-D{name}=(0x[0-9A-Fa-f]+|\d+)", _BOARDS.get(board, {}).get("DEFINES", ""))
    return int(number[1], 0) if number else None


def qemu_command(firmware: str | os.PathLike[str], board: str) -> list[str]:
    """Runs an ELF file on one of MACHINES, without a serial line yet."""
    machine = [QEMU[0], "-M", _BOARDS[board]["QEMU"], "-kernel", os.fspath(firmware)]
    return [*machine, "-icount", f"shift={ICOUNT_SHIFT}", "-display", "none", "-monitor", "none"]


def instructions(ticks: int, tick_hz: int) -> int:
    """Instructions that QEMU ran in `ticks` of a clock of `tick_hz`."""
    return round(ticks * 1e9 / tick_hz / NS_PER_INSTRUCTION)
