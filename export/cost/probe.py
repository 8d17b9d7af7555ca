"""What a board behind a port says of each layer: firmware_host.probe, run as a program of its own, asks it."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, read_npz
from scl.artifacts.bundle import Bundle
from scl.artifacts.golden import read_golden
from scl.artifacts.manifest import BundleManifest
from scl.frontend.chain import FrontEnd
from scl.machines import NS_PER_INSTRUCTION
from scl.text import say
from scl.toolchain import NATIVE


@dataclass(frozen=True)
class Probed:
    """One evaluation window on one board.

    Args:
        board: its own name.
        unit: "instructions" where an emulator counted them, else "microseconds".
        taken: by each operator, in that unit.
        x: the network's input, int8 (samples, channels).
        tensors: what each operator wrote, int8, flat.
    """

    board: str
    unit: str
    taken: list[int] | list[float]
    x: np.ndarray
    tensors: list[np.ndarray]


def probe(bundle: Bundle[BundleManifest], port: str, baud: int | None = None) -> Probed:
    """Asks the board on a port that firmware_host knows. Raises InputError with its words if it cannot be asked."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "probe.npz"
        command = [sys.executable, "-m", "firmware_host.probe", str(bundle.path), f"--port={port}", "--out", str(out)]
        command += ["--baud", str(baud)] if baud else []
        if port == NATIVE:
            say(f"{bundle.path}: its C is checked, built and run on this computer", error=True)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(
                done.stderr.strip().partition("error: ")[2] or done.stderr.strip() or f"{' '.join(command)} failed"
            )
        found = read_npz(out, "ticks", "tick_hz", "instructions", "board", "row", "sizes", "values")
    sent, frontend = read_golden(bundle).counts[0, int(found["row"])], bundle.manifest.frontend
    nanoseconds = found["ticks"] * 1e9 / float(found["tick_hz"])
    counted = bool(found["instructions"])
    return Probed(
        str(found["board"]),
        "instructions" if counted else "microseconds",
        (np.rint(nanoseconds / NS_PER_INSTRUCTION).astype(int) if counted else nanoseconds / 1e3).tolist(),
        sent if frontend is None else FrontEnd.from_spec(frontend).quantized_windows(sent[None])[0],
        np.split(found["values"], np.cumsum(found["sizes"])[:-1]),
    )
