"""The memory of a board, from its linker script, and what is said where a program does not fit into it."""

import re
from pathlib import Path

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}
ADVICE = {
    "FLASH": "fewer channels or shorter kernels make its weights fewer",
    "RAM": "a shorter window, a larger stride or fewer channels in its first layers make its tensors smaller",
}


def memory(firmware: Path, board: str) -> dict[str, int]:
    """Bytes of the regions FLASH and RAM that a board of the folder `firmware` has; empty for one without a linker
    script, such as this computer.
    """
    script = re.search(r"^LINKER_SCRIPT := (\S+)$", (firmware / "boards" / board / "board.mk").read_text(), re.M)
    if script is None:
        return {}
    regions = re.findall(r"^\s*(\w+) \(\w+\)\s*:.* LENGTH = (\d+)([KM]?)\s*$", (firmware / script[1]).read_text(), re.M)
    return {name: int(count) * UNITS[unit] for name, count, unit in regions}


def lacking(board: str, region: str, available: int, needed: int) -> str:
    """The error of a program that needs more of a region than the board has."""
    return (
        f"{board} has {available:,} bytes of {region}, this model needs {needed:,}: {ADVICE[region]}, or take a "
        "board with more memory"
    )


def overflows(firmware: Path, board: str, linker_says: str) -> list[str]:
    """An error, as `lacking` words it, for each region that the linker found too small."""
    sizes = memory(firmware, board)
    found = re.findall(r"region `(\w+)' overflowed by (\d+) bytes", linker_says)
    return [lacking(board, name, sizes[name], sizes[name] + int(by)) for name, by in found if name in sizes]
