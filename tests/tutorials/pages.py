"""Runs the commands of a tutorial as its reader does: by bash, in an empty folder, with SCL naming the repository."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.warm import python

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "tutorials"
LIMIT_S = 280


@dataclass(frozen=True)
class Done:
    """A command that ended, and what it printed."""

    command: str
    status: int
    output: str
    errors: str


def sections(page: str, folder: Path = PAGES) -> dict[str, list[str]]:
    """The commands of a page under each of its `##` headings; those before the first one are under ""."""
    parts = re.split(r"^## (.+)$", (folder / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    titles = ["", *parts[1::2]]
    return {title: _commands(text) for title, text in zip(titles, parts[::2], strict=True)}


def _commands(text: str) -> list[str]:
    """A command is a line, with the lines of its here-document."""
    found: list[str] = []
    end = None
    for line in "".join(re.findall(r"```sh[^\n]*\n(.*?)```", text, re.DOTALL)).splitlines():
        if end is not None:
            found[-1] += f"\n{line}"
            end = None if line == end else end
        elif line:
            found.append(line)
            here = re.search(r"<<'(\w+)'$", line)
            end = here[1] if here else None
    return found


def play(commands: Iterable[str], folder: Path, stops: bool = True, cold: bool = False) -> list[Done]:
    """Runs commands in a folder, one after the other; `stops` at the first that fails, which is the last returned.
    Each starts an interpreter if `cold`; otherwise `python` is a fork of one that has started (tests/warm.py).
    """
    activated = [str(Path(sys.executable).parent)]  # as activating the environment puts it
    if not cold:
        activated.insert(0, str(python().parent))
    env = {name: value for name, value in os.environ.items() if name != "SCL_DATA_DIR"}
    env |= {
        "SCL": str(ROOT),
        "SCL_CACHE_DIR": str(folder.parent / f"{folder.name}-cache"),
        "PATH": os.pathsep.join([*activated, env["PATH"]]),
        "PYTHONPATH": str(ROOT),  # the environment may have been installed from another checkout
    }
    ended = []
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_S
        )
        ended.append(Done(command, done.returncode, done.stdout, done.stderr))
        if stops and done.returncode:
            break
    return ended


def said(ended: Iterable[Done]) -> str:
    """All that was run and printed, for a failing test."""
    return "\n".join(f"$ {done.command}\n{done.output}{done.errors}exit status {done.status}" for done in ended)


def passed(ended: Sequence[Done]) -> None:
    """All commands ended well, nothing looked wrong, and the last line but one is the emulated board's verdict."""
    assert all(done.status == 0 for done in ended), said(ended)
    (check,) = [done for done in ended if "train.data.check" in done.command]
    assert check.output.endswith("\nnothing looks wrong\n"), said(ended)
    assert " on mps2-an386: " in ended[-1].output, said(ended)
    assert ended[-1].output.splitlines()[-2] == "passed: exact", said(ended)


def accuracy(report: str) -> float:
    """What firmware_host.validate prints of the board, as a share."""
    (found,) = re.findall(r"│ accuracy +│ +([\d.]+) % │", report)
    return float(found) / 100
