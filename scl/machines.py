"""The boards that QEMU emulates, and the clock that it gives them: some nanoseconds for every instruction."""

import os

COUNTED = ("mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547")  # instructions are; Cortex-M4F, M7, M33, M55
MACHINES = (*COUNTED, "netduinoplus2")
ICOUNT_SHIFT = 8
NS_PER_INSTRUCTION = 1 << ICOUNT_SHIFT
QEMU = ("qemu-system-arm", "qemu-system-arm")  # program, Debian package


def qemu_command(firmware: str | os.PathLike[str], machine: str) -> list[str]:
    """Runs an ELF file on one of MACHINES, without a serial line yet."""
    command = [QEMU[0], "-M", machine, "-kernel", os.fspath(firmware), "-icount", f"shift={ICOUNT_SHIFT}"]
    return [*command, "-display", "none", "-monitor", "none"]


def instructions(ticks: int, tick_hz: int) -> int:
    """Instructions that QEMU ran in `ticks` of a clock of `tick_hz`."""
    return round(ticks * 1e9 / tick_hz / NS_PER_INSTRUCTION)
