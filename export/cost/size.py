"""Flash and RAM of engine and model on a Cortex-M4F, as the cross compiler measures them.

Flash is code, constants and initialised data of the kernels, the front end and the model; RAM is the arena and the
front end's state. Start-up, link and their buffers belong to the firmware and are not counted.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scl import machines, toolchain


@dataclass(frozen=True)
class Size:
    """Bytes on the device."""

    flash_bytes: int
    ram_bytes: int


def measure(c_folder: Path) -> Size:
    """Compiles engine, model (the files in `c_folder`) and, if it has one, its front end, and adds up their sections.

    Raises InputError if the cross compiler is missing or refuses a file.
    """
    with tempfile.TemporaryDirectory() as out:
        linked = toolchain.build(c_folder, Path(out), machines.DEFAULT, "size")
        command = ["arm-none-eabi-size", "--format=berkeley", str(linked)]
        table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text, data, bss = (int(column) for column in table.splitlines()[1].split()[:3])
    return Size(flash_bytes=text + data, ram_bytes=data + bss)
