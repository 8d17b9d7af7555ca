"""Cycles of a network on a Cortex-M4, modelled: every instruction that the emulator runs, at the cycles of Arm's table.

The costs are those of Arm's Cortex-M4 Processor Technical Reference Manual (100166, r0p1), section 3.3.1, with no wait
states, and of what Arm says of loads and stores that follow each other ("Load/store timings"): one cycle for an
instruction of data processing or multiplication; 1 + N for N words that are loaded or stored as a list or a pair; P
more for a branch that is taken; one more where data processing has just written a register of an address. What the
manual leaves open has a least, a usual and a most:

- P is 1, 2 or 3; usually 2, and 3 where the target is an instruction of four bytes at an address that four does not
  divide, which takes two fetches.
- A load of one register takes two cycles, and one less behind another such load whose register is no part of its
  address, unless it writes its address back. A constant from beside the code may take one more. A store takes one with
  an immediate offset or behind such a load, else two.
- IT is folded into the instruction before it, or takes a cycle; a division takes 2 to 12, usually 7.

`wait_states` of the flash come on top for every branch that is taken and every constant that is loaded from beside the
code: what comes in order is taken to be read ahead. Not modelled: a part's own read-ahead, cache and bus, stores that
wait for each other, interrupts. So these are figures for choosing between kernels and for an estimate of energy; a part
on the desk is timed by `export.profile --port`.
"""

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from export.cost.instructions import output_of
from export.cost.thumb import Instruction, listed
from scl import machines, toolchain
from scl.artifacts import InputError

OBJDUMP = ("arm-none-eabi-objdump", "binutils-arm-none-eabi")  # program, Debian package
NM = ("arm-none-eabi-nm", "binutils-arm-none-eabi")
ENTRY = "scl_network_run"
_TRACE = re.compile(rb"\[[0-9a-f]+/([0-9a-f]+)/")
_DIVISION = re.compile(r"^[su]div")
_LONG_FLOAT = re.compile(r"^v(div|sqrt)")
_FUSED = re.compile(r"^v(n?ml[as]|fn?m[as])")
_IT = re.compile(r"^it[te]*$")

Counts = Counter[tuple[int, int, int]]  # how often three addresses ran one behind the other


@dataclass(frozen=True)
class Cycles:
    """The least, the usual and the most."""

    least: int
    usual: int
    most: int

    def __add__(self, other: "Cycles") -> "Cycles":
        return Cycles(self.least + other.least, self.usual + other.usual, self.most + other.most)

    def __mul__(self, times: int) -> "Cycles":
        return Cycles(self.least * times, self.usual * times, self.most * times)


@dataclass(frozen=True)
class NetworkCycles:
    """Of the whole network in one call, and of each layer called by itself."""

    whole: Cycles
    layers: tuple[Cycles, ...]


def network_cycles(c_folder: Path, build: Path, layers: int, wait_states: int = 0) -> NetworkCycles:
    """Builds firmware/bench around the network of `c_folder`, of so many layers, in the folder `build`, and follows it
    on the emulated Cortex-M4F.

    Raises InputError if a tool is missing, the build fails, or the program does not end as it must.
    """
    toolchain.require(machines.QEMU, OBJDUMP)
    elf = toolchain.build(c_folder, build / f"bench-{machines.DEFAULT}", machines.DEFAULT, "bench")
    program, entry = listed(output_of(OBJDUMP[0], "-d", elf)), _address(elf, ENTRY)
    followed = islice(calls_of(entry, _traced(elf), program), layers + 2)  # of none, of each layer, of all
    calls = [modelled(counts, program, wait_states) for counts in followed]
    if len(calls) < layers + 2:
        raise InputError(
            f"{elf}: the emulator followed {len(calls)} calls of {ENTRY}, expected {layers + 2}; run the command again"
        )
    return NetworkCycles(calls[-1], tuple(calls[1:-1]))


def cost(before: Instruction | None, this: Instruction, behind: Instruction | None, wait_states: int = 0) -> Cycles:
    """Of one instruction between the two that ran before and behind it.

    Args:
        behind: None where it is not known: then no branch is taken.
    """
    own = _own(before, this)
    if this.literal:
        own += _exactly(wait_states)
    if behind is not None and behind.address != this.address + this.size:
        split = behind.size == 4 and behind.address % 4 == 2
        own += Cycles(1, 3 if split else 2, 3) + _exactly(wait_states)
    return own


def calls_of(entry: int, addresses: Iterable[int], program: Mapping[int, Instruction]) -> Iterator[Counts]:
    """Of each call of the function at `entry`, in order: what ran from its first instruction to its return."""
    counts: Counts | None = None
    before, last, back = 0, 0, -1
    for address in addresses:
        if counts is not None:
            counts[before, last, address] += 1
            if address == back:
                yield counts
                counts = None
        if counts is None and address == entry:
            counts, back, last = Counter(), last + program[last].size, 0
        before, last = last, address


def modelled(counts: Counts, program: Mapping[int, Instruction], wait_states: int = 0) -> Cycles:
    """Of one call."""
    total = _exactly(0)
    for (before, this, behind), times in counts.items():
        total += cost(program.get(before), program[this], program.get(behind), wait_states) * times
    return total


def one_by_one(version: str) -> tuple[str, ...]:
    """QEMU's options for a line of its trace for each instruction, by what it prints with --version: it has them by
    another name from 8.1 on, and the older name is gone since.
    """
    numbers = re.search(r"version (\d+)\.(\d+)", version)
    if numbers is not None and (int(numbers[1]), int(numbers[2])) < (8, 1):
        return ("-singlestep",)
    return ("-accel", "tcg,one-insn-per-tb=on")


def _exactly(cycles: int) -> Cycles:
    return Cycles(cycles, cycles, cycles)


def _own(before: Instruction | None, this: Instruction) -> Cycles:
    """Without what a branch that is taken costs."""
    name = this.name
    stall = int(before is not None and before.result in this.address_registers)
    if this.words:
        return _exactly(1 + this.words + stall)
    if this.double:
        return _exactly(3 + stall)
    piped = before is not None and before.loads and before.target not in this.address_registers
    if this.stores:
        return Cycles(1, 2 if this.indexed and not piped else 1, 2) + _exactly(stall)
    if this.loads:
        return Cycles(1, 1 if piped and not this.updates_base else 2, 3 if this.literal else 2) + _exactly(stall)
    if name in ("tbb", "tbh"):
        return Cycles(2, 3, 3) + _exactly(stall)
    if _DIVISION.match(name):
        return Cycles(2, 7, 12)
    if _IT.match(name):
        return Cycles(0, 1, 1)
    if _LONG_FLOAT.match(name):
        return _exactly(14)
    if _FUSED.match(name):
        return _exactly(3)
    return _exactly(1)


def _traced(elf: Path) -> Iterator[int]:
    """The addresses of a program's instructions as the emulator runs them."""
    console = ["-serial", "none", "-chardev", "null,id=console"]
    console += ["-semihosting-config", "enable=on,target=native,chardev=console"]
    single = one_by_one(output_of(machines.QEMU[0], "--version"))
    command = [*machines.qemu_command(elf, machines.DEFAULT), *console, *single, "-d", "exec,nochain"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        assert run.stderr is not None
        try:
            for line in run.stderr:
                match = _TRACE.search(line)
                if match:
                    yield int(match[1], 16)
        finally:
            run.kill()


def _address(elf: Path, name: str) -> int:
    """Of a function."""
    for line in output_of(NM[0], elf).splitlines():
        address, _kind, symbol = line.rsplit(" ", 2)
        if symbol == name:
            return int(address, 16)
    raise InputError(f"{elf}: has no function {name}; build it again")
