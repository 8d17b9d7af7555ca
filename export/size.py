"""Flash and RAM of engine and model on a Cortex-M4F, as the cross compiler measures them.

Flash is code, constants and initialised data of the kernels, the front end and the model; RAM is the arena and the
front end's state. Start-up, link and their buffers belong to the firmware and are not counted.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scl.artifacts import InputError
from scl.toolchain import FIRMWARE

COMPILER = "arm-none-eabi-gcc"
FLAGS = [
    "-mcpu=cortex-m4",
    "-mthumb",
    "-mfpu=fpv4-sp-d16",
    "-mfloat-abi=hard",
    "-std=c99",
    "-O2",
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-ffp-contract=off",
    "-fno-math-errno",
]
FRONT_END = ("frontend.c", "invariants.c")
SOURCES = (
    *("conv.c", "conv_dsp.c", "conv_mve.c", "depthwise.c", "pool.c", "add.c", "softmax.c", "keep.c", "network.c"),
    *FRONT_END,
)
# What a program uses, the step of a stream among it where there is one; kernels follow the model.
ROOTS = ("scl_network_run", "scl_network_class", "scl_network_data", "scl_stream_data", "arena")
STATE_ROOTS = ("scl_frontend_init", "scl_frontend_reset", "scl_frontend_calibrate", "scl_frontend_push")
STATE_ROOTS += ("scl_frontend_data", "frontend")
ARENA = """#include "model_data.h"
#ifndef SCL_STREAM_BYTES
#define SCL_STREAM_BYTES 0
#endif
int8_t arena[SCL_ARENA_BYTES > SCL_STREAM_BYTES ? SCL_ARENA_BYTES : SCL_STREAM_BYTES];
"""
STATE = "scl_frontend frontend;\n"


@dataclass(frozen=True)
class Size:
    """Bytes on the device."""

    flash_bytes: int
    ram_bytes: int


def measure(c_folder: Path, front_end: bool = True) -> Size:
    """Compiles engine and model (model_data.c in `c_folder`) and adds up their sections, the front end's if it has one.

    Raises InputError if the cross compiler is missing or refuses a file.
    """
    if shutil.which(COMPILER) is None:
        raise InputError(
            f"{COMPILER} is not installed, so flash and RAM cannot be measured; "
            "run: sudo apt-get install -y gcc-arm-none-eabi libnewlib-arm-none-eabi"
        )
    sources = [FIRMWARE / "src" / name for name in SOURCES if front_end or name not in FRONT_END]
    with tempfile.TemporaryDirectory() as name:
        memory = Path(name) / "memory.c"
        memory.write_text(ARENA + (STATE if front_end else ""))
        linked = Path(name) / "linked.o"
        inputs = [*sources, c_folder / "model_data.c", memory]
        kept = ["-Wl,--gc-sections", *(f"-Wl,-u,{name}" for name in ROOTS + (STATE_ROOTS if front_end else ()))]
        include = ["-I", FIRMWARE / "src", "-I", c_folder]
        _run(COMPILER, *FLAGS, *include, *inputs, "-nostdlib", "-r", *kept, "-o", linked)
        table = _run("arm-none-eabi-size", "--format=berkeley", linked)
    text, data, bss = (int(column) for column in table.splitlines()[1].split()[:3])
    return Size(flash_bytes=text + data, ram_bytes=data + bss)


def _run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{command[0]} failed:\n{done.stderr.strip()}")
    return done.stdout
