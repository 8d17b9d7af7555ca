"""Builds the firmware around a model: one way for the exporter, the host tool and the tests.

make splits a name at its spaces, expands what follows a `$` and hands the rest to a shell. So no path of a user's is
given to it: it runs in the build folder, and every name that it sees there is chosen here. `sources` is a link to the
firmware's folder, `model` holds copies of the model's C files, and what is built goes into `build`.
"""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from scl.artifacts import InputError, writing
from scl.machines import FIRMWARE
from scl.memory import overflows

ROOMS = ("engine", "frontend", "link", "sensors", "app")  # of firmware/src
MODEL_FILES = ("model_data.c", "model_data.h")
NATIVE = "native"  # the board that is this computer
PRODUCTS = {
    "firmware": "firmware",
    "lib": "libscl.so",
    "bench": "bench.elf",
    "frontend": "frontend.elf",
    "size": "size.o",
}  # by target of firmware/Makefile
MAKE = ("make", "make")
HOST_COMPILER = ("gcc", "gcc libc6-dev")
CROSS_COMPILER = ("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
MAKE_S = 600.0  # a build takes seconds
_SHOWN = 2000  # characters of the compiler's errors, the last ones


def require(*tools: tuple[str, str]) -> None:
    """InputError with the command that installs what is missing; `tools` are (program, Debian packages)."""
    missing = [(program, packages) for program, packages in tools if shutil.which(program) is None]
    if missing:
        raise InputError(
            f"not installed: {', '.join(program for program, _ in missing)}; run: "
            f"sudo apt-get install -y --no-install-recommends {' '.join(packages for _, packages in missing)}"
        )


def sources(*rooms: str) -> list[Path]:
    """The C files of some of ROOMS."""
    return [path for room in rooms for path in sorted((FIRMWARE / "src" / room).glob("*.c"))]


def headers() -> list[Path]:
    """The headers of all rooms, which are included by their names alone."""
    return [path for room in ROOMS for path in sorted((FIRMWARE / "src" / room).glob("*.h"))]


def build(c_folder: Path, out: Path, board: str = NATIVE, target: str = "firmware", *settings: str) -> Path:
    """Builds a target of firmware/Makefile for a board, with the model in `c_folder`, where it is not up to date.

    Args:
        c_folder: holds MODEL_FILES.
        out: the build folder; two programs may use one at the same time, since it is locked.
        settings: more of make's variables, such as TENSORS=1.

    Returns:
        What was built, one of PRODUCTS; an ELF file is called .elf.

    Raises:
        InputError: the sources or a tool are missing, the model's files cannot be read, another program does not end
            its build there, or the build fails.
    """
    from scl.build_lock import build_lock  # POSIX only, as are the boards that are built here

    if not (FIRMWARE / "Makefile").is_file():
        raise InputError(
            f"{FIRMWARE}: the firmware's sources are not here; run from a checkout, or flash a board and name its port"
        )
    require(MAKE, HOST_COMPILER if board == NATIVE else CROSS_COMPILER)
    command = ["make", "-s", "-f", "sources/Makefile", f"BOARD={board}", "MODEL=model", "OUT=build", *settings, target]
    with build_lock(out) as lock, writing(out):
        if lock.half_done:
            shutil.rmtree(out / "build", ignore_errors=True)
        _stage(c_folder, out)
        status, errors = _make(command, out, lock.handle)
    if status:
        too_large = overflows(FIRMWARE, board, errors)
        if too_large:
            raise InputError("; ".join(too_large))
        raise InputError(
            f"{out}: building the firmware failed ({' '.join(command)}); what the compiler says follows: make room "
            f"where it lacks some, else export the model again\n{errors.strip()[-_SHOWN:]}"
        )
    return out / "build" / (PRODUCTS[target] + (".elf" if target == "firmware" and board != NATIVE else ""))


def _make(command: list[str], out: Path, lock: int) -> tuple[int, str]:
    """Runs make in `out`; returns its status and what it wrote to stderr. However it is left, its compilers end, too.

    Raises InputError if it takes longer than MAKE_S.
    """
    process = subprocess.Popen(
        command,
        cwd=out,
        env={name: value for name, value in os.environ.items() if "MAKE" not in name},  # no other make's settings
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        pass_fds=(lock,),
    )
    try:
        errors = process.communicate(timeout=MAKE_S)[1]
    except BaseException as error:
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise InputError(f"{out}: building the firmware took longer than {MAKE_S:g} s; try again") from error
        raise
    return process.returncode, errors


def _stage(c_folder: Path, out: Path) -> None:
    """Puts the sources and the model where make finds them; a file that is the same stays as old as it is."""
    sources, model = out / "sources", out / "model"
    if not sources.is_symlink() or sources.readlink() != FIRMWARE:
        sources.unlink(missing_ok=True)
        sources.symlink_to(FIRMWARE, target_is_directory=True)
    model.mkdir(exist_ok=True)
    for name in MODEL_FILES:
        try:
            data = (c_folder / name).read_bytes()
        except OSError as error:
            raise InputError(
                f"{c_folder / name}: cannot be read ({error.strerror or error}); expected the C files of a bundle; "
                "copy the bundle again"
            ) from error
        if not (model / name).is_file() or (model / name).read_bytes() != data:
            (model / name).write_bytes(data)
