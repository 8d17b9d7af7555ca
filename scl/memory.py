"""The memory of a board, from its board.mk, and what is said where a program does not fit into it."""

import re
from pathlib import Path

from scl.machines import settings

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}
ADVICE = {
    "FLASH": "fewer channels or shorter kernels make its weights fewer",
    "RAM": "a shorter window, a larger stride or fewer channels in its first layers make its tensors smaller",
}


def memory(firmware: Path, board: str) -> dict[str, int]:
    """Bytes of FLASH and RAM that a board of the folder `firmware` has; empty for one that sets neither, such as this
    computer.
    """
    given = settings(firmware, board)
    sizes = {name: re.fullmatch(r"\S+ +(\d+)([KM]?)", given[name]) for name in ADVICE if name in given}
    return {name: int(size[1]) * UNITS[size[2]] for name, size in sizes.items() if size}


def lacking(board: str, region: str, available: int, needed: int) -> str:
    """The error of a program that needs more of a region than the board has."""
    return (
        f"{board} has {available:,} bytes of {region}, this model needs {needed:,}: {ADVICE[region]}, or take a "
        "board with more memory"
    )


def overflows(firmware: Path, board: str, linker_says: str) -> list[str]:
    """An error, as `lacking` words it, for each region that the linker found too small."""
    found = re.findall(r"region `(\w+)' overflowed by (\d+) bytes", linker_says)
    sizes = memory(firmware, board) if found else {}
    return [lacking(board, name, sizes[name], sizes[name] + int(by)) for name, by in found if name in sizes]
