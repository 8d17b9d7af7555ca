"""What firmware/boards/README.md says: the table of boards, and the steps to a new one."""

import re
from dataclasses import dataclass

from scl.machines import FIRMWARE

PAGE = FIRMWARE / "boards" / "README.md"


@dataclass(frozen=True)
class Row:
    """A board of the table."""

    memory: dict[str, int]  # bytes of FLASH and RAM; empty for this computer
    tick_hz: int


def table() -> dict[str, Row]:
    """The boards by name."""
    rows = re.findall(r"^\| `(\S+)` \|.*?\|(.*)\|(.*)\|.*\| .*?([\d,]+) MHz \|$", PAGE.read_text(), re.MULTILINE)
    return {
        name: Row(
            {region: 1024 * int(text.split()[0]) for region, text in (("FLASH", flash), ("RAM", ram)) if text.strip()},
            1_000_000 * int(mhz.replace(",", "")),
        )
        for name, flash, ram, mhz in rows
    }


def steps() -> tuple[dict[str, str], list[str]]:
    """Files to write, by their path in the checkout, and the commands that follow."""
    text = re.search(r"^## Adding a board$(.*?)^What else there is:$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[1]
    blocks = re.findall(r"^\d+\. (.*?)^   ```(\w+)\n(.*?)^   ```$", text, re.MULTILINE | re.DOTALL)
    plain = [(before, kind, re.sub(r"^   ", "", body, flags=re.MULTILINE)) for before, kind, body in blocks]
    files = {re.search(r"`(firmware/\S+)`", before)[1]: body for before, kind, body in plain if kind != "sh"}
    return files, [line for _, kind, body in plain if kind == "sh" for line in body.splitlines()]
