"""Where a report is from: when, by which command and version, on which computer, with which tools."""

import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scl import __version__
from scl.text import printable

ASKED_S = 10.0  # a tool that does not say its version within that is left out


@dataclass(frozen=True)
class Provenance:
    """Where a report is from.

    Attributes:
        date: of its end, UTC, as 2026-03-01T12:00:00+00:00.
        version: of this package.
        command: as it may be typed again; empty where the work was started from a program.
        system, processor, python: of the computer that ran it.
        compiler, emulator: what they say of themselves; None where none was used, or it is not known.
    """

    date: str
    version: str
    command: str
    system: str
    processor: str
    python: str
    compiler: str | None
    emulator: str | None


def provenance(command: str, compiler: str | None, emulator: str | None) -> Provenance:
    """Of what has just been done here; `compiler` and `emulator` are names of programs, asked for their versions."""
    return Provenance(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        command=command,
        system=printable(platform.platform()),
        processor=printable(_processor()),
        python=platform.python_version(),
        compiler=_version(compiler),
        emulator=_version(emulator),
    )


def _processor() -> str:
    if sys.platform == "linux":
        try:
            lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def _version(program: str | None) -> str | None:
    """The first line of what a program says of its version."""
    if program is None:
        return None
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, errors="replace", timeout=ASKED_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    return printable(lines[0].strip()) if done.returncode == 0 and lines and lines[0].strip() else None
