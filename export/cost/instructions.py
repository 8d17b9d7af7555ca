"""What the network costs on a board, counted under emulation: firmware/bench runs it there without link and front end.

Instructions are QEMU's (`-icount shift=8`: one takes 256 ns of the board's clock), exact and the same on every run.
They are no cycles.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl import machines, toolchain
from scl.artifacts import InputError

BOARDS = machines.COUNTED
BOARD = machines.DEFAULT
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class DeviceCost:
    """One inference on one board.

    Args:
        instructions: of the whole network.
        layers: instructions of each operator, in order.
        stack_bytes: the deepest that the network's call went.
        image_bytes: flash of the program that counted: start-up, kernels, model, counter.
        outputs: features and logits as the board computed them from `noise` in the arena, uint8.
        stream: of a network with a step; None otherwise.
    """

    board: str
    instructions: int
    layers: tuple[int, ...]
    stack_bytes: int
    image_bytes: int
    outputs: tuple[int, ...]
    stream: "StreamCost | None" = None


@dataclass(frozen=True)
class StreamCost:
    """One step of a stream that keeps columns: its instructions, and how many of its outputs, over eight hops and more
    of noise, were compared with those of the whole window on the board, and how many of them differed.
    """

    instructions: int
    compared: int
    differing: int


def noise(size: int) -> np.ndarray:
    """What firmware/bench fills its arena with: int8 (size,), from the linear congruence of Numerical Recipes."""
    values, state = np.empty(size, np.uint8), 1
    for index in range(size):
        state = (state * 1664525 + 1013904223) % 2**32
        values[index] = state >> 24
    return values.view(np.int8)


def measure(c_folder: Path, build: Path, board: str = BOARD) -> DeviceCost:
    """Builds the network of `c_folder` for a board in the folder `build`, and runs it there.

    Raises InputError if the board is not one of BOARDS, a tool is missing, the build fails, or the program does not end
    as it must.
    """
    elf, entries = _printed(c_folder, build, board)
    found = dict(entries)

    def instructions(ticks: int) -> int:
        return machines.instructions(ticks - found["empty"], found["hz"])

    stream = None
    if "step" in found:
        stream = StreamCost(instructions(found["step"]), found["compared"], found["differing"])
    sizes = output_of("arm-none-eabi-size", "--format=berkeley", elf).splitlines()[1].split()
    return DeviceCost(
        board,
        instructions(found["all"]),
        tuple(instructions(ticks) for name, ticks in entries if name == "operator"),
        found["stack"],
        int(sizes[0]) + int(sizes[1]),
        tuple(value for name, value in entries if name == "output"),
        stream,
    )


def tensors(c_folder: Path, build: Path, board: str = BOARD) -> list[np.ndarray]:
    """What each operator writes on a board when `noise` is in the arena: int8, flat, in order. Raises as `measure`."""
    _, entries = _printed(c_folder, build, board, "TENSORS=1")
    written: list[list[int]] = []
    for name, value in entries:
        if name == "operator":
            written.append([])
        elif name == "value":
            written[-1].append(value)
    return [np.array(values, np.uint8).view(np.int8) for values in written]


def _printed(c_folder: Path, build: Path, board: str, *settings: str) -> tuple[Path, list[tuple[str, int]]]:
    return printed(c_folder, build, board, "bench", *settings)


def printed(
    c_folder: Path, build: Path, board: str, program: str, *settings: str
) -> tuple[Path, list[tuple[str, int]]]:
    """A program that counts (bench, frontend), built with make's `settings`, and the lines that it printed. Raises as
    `measure`.
    """
    if board not in BOARDS:
        raise InputError(f"--board {board}: instructions are counted on {', '.join(BOARDS)}; choose one of them")
    toolchain.require(machines.QEMU)
    elf = toolchain.build(c_folder, build / f"{program}-{board}", board, program, *settings)
    console = ["-serial", "none", "-chardev", "stdio,id=console"]
    console += ["-semihosting-config", "enable=on,target=native,chardev=console"]
    lines = output_of(*machines.qemu_command(elf, board), *console).splitlines()
    entries = [(name, int(value)) for name, value in (line.split() for line in lines)]
    if "stack" not in dict(entries):
        raise InputError(
            f"{elf}: ended on {board} after {lines[-1:]}, expected counts to the last; run the command again"
        )
    return elf, entries


def output_of(*command: str | Path) -> str:
    """What a program says. Raises InputError, with what it says, if it fails or does not end within TIMEOUT_S."""
    words = [str(part) for part in command]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"{words[0]} did not end within {TIMEOUT_S:g} s; run it by itself to see why: {' '.join(words)}"
        ) from error
    if done.returncode:
        raise InputError(f"{' '.join(words)} failed; see what it says:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout
