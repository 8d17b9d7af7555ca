"""Prints the deepest stack that a board's program can need, beside the stack that it has.

    python3 firmware/stack.py firmware.elf FOLDER

FOLDER holds the .su files (gcc -fstack-usage) of the program's objects, from which each function's frame comes. Who
calls whom is read from the program's own instructions, so that only what was linked counts, and what the compiler calls
by itself counts, too. A function of the C library has no .su file: its frame is all that it pushes anywhere. What an
assembler loop pushes (four_windows.h, window_pairs.h) stands in no .su file either, and counts on top.

A call through a pointer may go to any function whose address the model's operators hold (model_data.o). One interrupt
comes on top of the deepest path, with the registers that the core saves; all have one priority, so none interrupts
another.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOOLS = "arm-none-eabi-"
ROOT = "reset_handler"
HANDLERS = ("uart_handler", "systick_handler", "fault_handler")
# Eight registers, eighteen of the floating point unit, and a word that aligns them (Armv7-M ARM, B1.5.7).
EXCEPTION_BYTES = 4 * (8 + 18 + 1)
_FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_CALL = re.compile(r"^(?:bl|b|b[a-z]{2}|cbn?z)(?:\.[nw])?\s.*<([^>+]+)>$")
_INDIRECT = re.compile(r"^(?:blx|bx)\s+(?!lr)\w+$")
_PUSHED = re.compile(r"^(?:push|stmdb\s+sp!,|vpush)\S*\s*\{(.*)\}$")
_LOWERED = re.compile(r"^(?:sub(?:w|\.w)?\s+sp,(?:\s*sp,)?\s*#(\d+)|str\S*\s+\w+, \[sp, #-(\d+)\]!)")


@dataclass(frozen=True)
class Program:
    """Functions by name: bytes of their frames, whom they call; and the bytes that the stack has."""

    frames: dict[str, int]
    calls: dict[str, frozenset[str]]
    space: int

    def deepest(self, name: str, callers: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The path from `name` down that needs most. ValueError for a recursion."""
        if name in callers:
            raise ValueError(f"{' > '.join((*callers, name))}: a recursion, whose stack has no bound")
        paths = [self.deepest(called, (*callers, name)) for called in sorted(self.calls[name])]
        return (name, *max(paths, key=self.bytes, default=()))

    def bytes(self, path: tuple[str, ...]) -> int:
        return sum(self.frames[name] for name in path)

    def interrupt(self) -> tuple[str, ...]:
        """The deepest path of the handlers that are there."""
        return max((self.deepest(name) for name in HANDLERS if name in self.frames), key=self.bytes, default=())

    def needed(self) -> int:
        """Bytes of the deepest path and of an interrupt there."""
        return self.bytes(self.deepest(ROOT)) + EXCEPTION_BYTES + self.bytes(self.interrupt())


def read(elf: Path, folder: Path) -> Program:
    """A linked program and the .su files of its objects. ValueError where a frame has no bound."""
    usage = _usage(folder)
    functions = _functions(_tool("objdump", "-d", "--no-show-raw-insn", elf))
    table = frozenset(_operators(folder) & functions.keys())
    frames, calls = {}, {}
    for name, instructions in functions.items():
        plain = name.split(".")[0]  # a clone, such as .part.0, is the function's
        frames[name] = usage[plain] + _by_hand(instructions) if plain in usage else _pushed(instructions)
        called = {match[1] for line in instructions if (match := _CALL.match(line))}
        if not any(re.match(rf"bl\s.*<{re.escape(name)}>$", line) for line in instructions):
            called.discard(name)  # a loop that begins where the function does
        indirect = any(_INDIRECT.match(line) for line in instructions)
        calls[name] = frozenset(called & functions.keys()) | (table if indirect else frozenset())
    symbols = {line.split()[2]: int(line.split()[0], 16) for line in _tool("nm", elf).splitlines() if line[0] != " "}
    return Program(frames, calls, symbols["stack_top"] - symbols["stack_bottom"])


def _tool(name: str, *arguments: object) -> str:
    return subprocess.run([TOOLS + name, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def _usage(folder: Path) -> dict[str, int]:
    """Bytes by function; of two static ones of one name the larger."""
    usage: dict[str, int] = {}
    for path in sorted(folder.rglob("*.su")):
        for line in path.read_text().splitlines():
            where, size, kind = line.split("\t")
            if kind == "dynamic":
                raise ValueError(f"{where}: its frame has no bound")
            name = where.split(":")[-1].split(".")[0]
            usage[name] = max(usage.get(name, 0), int(size))
    return usage


def _functions(disassembly: str) -> dict[str, list[str]]:
    """Instructions by function, each as mnemonic and operands."""
    functions: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in disassembly.splitlines():
        if match := _FUNCTION.match(line):
            lines = functions.setdefault(match[1], [])
        elif "\t" in line:
            lines.append(" ".join(line.split("\t")[1:]).split(" @")[0].split(" ;")[0].strip())
    return functions


def _operators(folder: Path) -> set[str]:
    """Names whose addresses the model's constants hold."""
    objects = list(folder.rglob("model_data.o"))
    return {
        line.split()[-1] for path in objects for line in _tool("objdump", "-r", path).splitlines() if "_ABS32" in line
    }


def _by_hand(instructions: list[str]) -> int:
    """Bytes that a function pushes besides its prologue, which saves the link register first: it and r7, once more."""
    saved = [_PUSHED.match(line) for line in instructions]
    links = [_registers(match[1]) for match in saved if match and "lr" in match[1]]
    return 8 if ["r7", "lr"] in links[1:] else 0


def _pushed(instructions: list[str]) -> int:
    """Bytes of all pushes of a function, as if each was done once."""
    total = 0
    for line in instructions:
        if match := _PUSHED.match(line):
            total += sum(8 if register.strip()[0] == "d" else 4 for register in _registers(match[1]))
        elif match := _LOWERED.match(line):
            total += int(match[1] or match[2])
    return total


def _registers(text: str) -> list[str]:
    """The registers of a list such as r4-r7, lr."""
    found = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        count = int(last[1:]) - int(first[1:]) + 1 if last else 1
        found += [first] * count
    return found


def main(elf: Path, folder: Path) -> int:
    """0 if the program's deepest path and an interrupt fit into its stack."""
    program = read(elf, folder)
    path, handler = program.deepest(ROOT), program.interrupt()
    for name in path:
        print(f"{program.frames[name]:6}  {name}")
    print(f"{EXCEPTION_BYTES + program.bytes(handler):6}  an interrupt: {', '.join(handler)}")
    print(f"{program.needed():6}  of {program.space} bytes")
    return int(program.needed() > program.space)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
