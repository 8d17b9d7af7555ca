"""The deepest stack by firmware/stack.py: it fits, and it is what a painted stack shows on the emulated cores."""

import importlib.util
import json
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from export.cost import instructions
from firmware_host import emulator
from firmware_host.link import Link
from firmware_host.messages import samples_chunk
from firmware_host.protocol import Type
from scl import toolchain
from scl.machines import DEFAULT, MACHINES
from tests.firmware import fuzzing
from tests.firmware.board_host import Host, model, some_counts

STACK_BYTES = 4096  # of boards/cortex-m/sections.ld
SCRIPT = toolchain.FIRMWARE / "stack.py"
_spec = importlib.util.spec_from_file_location("stack", SCRIPT)
stack = importlib.util.module_from_spec(_spec)
sys.modules["stack"] = stack  # where dataclasses look its names up
_spec.loader.exec_module(stack)

# Every model on one core and every core with one model; the rest is the faults'.
ALL = [(name, board) for name in fuzzing.MODELS for board in MACHINES]
QUICK = [pair for pair in ALL if pair[0] == "imu" or pair[1] == DEFAULT]
FOUR_WINDOWS = ("mps2-an386", "mps2-an500", "mps2-an505")  # cores whose loop over four windows is in assembler
PAIRS_OF_WINDOWS = ("microbit", "mps2-an385")  # and whose loop over pairs is: no call stands within it
PAIRS = [pytest.param(*pair, marks=() if pair in QUICK else pytest.mark.faults) for pair in ALL]


@pytest.mark.parametrize(("name", "board"), PAIRS)
def test_the_firmware_fits(tmp_path, board_tools, name, board):
    """What make stack prints is one line a function, and the sum beside the space of sections.ld."""
    fuzzing.write_model(name, tmp_path)
    elf = toolchain.build(tmp_path, tmp_path, board)
    done = subprocess.run([sys.executable, SCRIPT, elf, elf.parent / "obj"], capture_output=True, text=True)
    *path, interrupt, last = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [function for _, function in path][:3] == ["reset_handler", "scl_main", "scl_device_receive"]
    assert interrupt[1].startswith("an interrupt: uart_handler")
    assert last[1] == f"of {STACK_BYTES} bytes"
    assert sum(int(size) for size, _ in (*path, interrupt)) == int(last[0]) < STACK_BYTES


@pytest.mark.parametrize(("name", "board"), [pair for pair in PAIRS if pair.values[1] in instructions.BOARDS])
def test_the_network_goes_as_deep_as_its_painted_stack_shows(tmp_path, board_tools, name, board):
    """Of the program that counts, which paints; reset_handler may have given its frame back before it goes on, and a
    last word that only aligns a frame to 8 bytes is never written. Heartbeats' layers have one window, so what the loop
    over four pushes by hand is never written either; nor is what the loop over pairs pushes, under deeper calls.
    """
    fuzzing.write_model(name, tmp_path)
    painted = instructions.measure(tmp_path, tmp_path, board).stack_bytes
    built = tmp_path / f"bench-{board}" / "build"
    program = stack.read(built / "bench.elf", built / "obj")
    path = (stack.ROOT, "scl_main", "ticks_of", *program.deepest("scl_network_run"))
    unused = 8 if board in PAIRS_OF_WINDOWS or (name == "beats" and board in FOUR_WINDOWS) else 0
    assert 0 <= program.bytes(path) - painted <= program.frames[stack.ROOT] + 4 + unused


def program(**calls: tuple[str, ...]):
    frames = {"reset_handler": 8, "a": 16, "b": 100, "c": 40, "uart_handler": 12}
    none = dict.fromkeys(frames, frozenset())
    return stack.Program(frames, none | {name: frozenset(called) for name, called in calls.items()}, 400)


def test_the_deepest_path_is_not_the_longest():
    found = program(reset_handler=("a", "b"), a=("c",))
    assert found.deepest("reset_handler") == ("reset_handler", "b")
    assert found.needed() == 8 + 100 + 108 + 12


def test_a_recursion_is_refused():
    with pytest.raises(ValueError, match="a > c > a: a recursion"):
        program(reset_handler=("a",), a=("c",), c=("a",)).deepest("reset_handler")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("volatile uint8_t room[6000]; room[0] = 1; d->session_number += room[0];", "of 4096 bytes"),
        (
            "volatile uint8_t room[d->session_number + 1]; room[0] = 1; d->session_number += room[0];",
            "its frame has no bound",
        ),
        (
            "if (d->session_number > 3) { d->session_number /= 2; scl_device_poll(d); d->session_number++; }",
            "recursion",
        ),
    ],
    ids=["too deep", "without bound", "recursion"],
)
def test_a_planted_fault_fails(tmp_path, board_tools, monkeypatch, body, says):
    copy = shutil.copytree(toolchain.FIRMWARE, tmp_path / "firmware")
    source = copy / "src" / "app" / "device.c"
    call = "    int16_t counts[SCL_SENSOR_CHANNELS];"
    assert source.read_text().count(call) == 1
    source.write_text(source.read_text().replace(call, f"    {body}\n{call}"))
    monkeypatch.setattr(toolchain, "FIRMWARE", copy)
    elf = toolchain.build(fuzzing.FIXTURE, tmp_path / "out", DEFAULT)
    done = subprocess.run([sys.executable, SCRIPT, elf, elf.parent / "obj"], capture_output=True, text=True)
    assert done.returncode == 1 and says in done.stdout + done.stderr


@contextmanager
def watched(elf: Path, board: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Host, Callable]]:
    """A host of an emulated board, and a function that tells how many bytes of its stack are not as they were at the
    start, when QEMU's memory is all zeros, from the lowest of them to the top.
    """
    control, dump = folder / "qmp", folder / "stack.bin"
    command = emulator.qemu_command
    more = ["-qmp", f"unix:{control},server=on,wait=off"]
    monkeypatch.setattr(emulator, "qemu_command", lambda firmware, machine: [*command(firmware, machine), *more])
    names = subprocess.run(["arm-none-eabi-nm", elf], check=True, capture_output=True, text=True).stdout
    bottom = next(int(line.split()[0], 16) for line in names.splitlines() if line.endswith(" stack_bottom"))

    def used() -> int:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(control))
            with connection.makefile("rw") as lines:
                lines.readline()
                for execute, arguments in (
                    ("qmp_capabilities", {}),
                    ("memsave", {"val": bottom, "size": STACK_BYTES, "filename": str(dump)}),
                ):
                    lines.write(json.dumps({"execute": execute, "arguments": arguments}) + "\n")
                    lines.flush()
                    while "return" not in (answer := json.loads(lines.readline())):
                        assert "error" not in answer, answer
        return len(dump.read_bytes().lstrip(b"\0"))

    with emulator.qemu(elf, board) as transport:
        yield Host(Link(transport), board), used


@pytest.mark.parametrize("board", MACHINES)
def test_a_firmware_that_is_used_goes_no_deeper(fixture_firmware, rng, tmp_path, monkeypatch, board):
    """Interrupts come when they come, and the fixture has no invariants, which the deepest path computes: so what is
    used lies between half of the path and all that is needed.
    """
    elf = fixture_firmware(board)
    computed = stack.read(elf, elf.parent / "obj")
    with watched(elf, board, tmp_path, monkeypatch) as (host, used):
        counts = some_counts(rng, 40)
        host.send_window(counts[: model.RAW_SAMPLES])
        host.link.request(Type.BENCH)
        host.link.request(Type.PROBE, struct.pack("<HI", 1, 0))
        host.link.request(Type.STREAM, struct.pack("<H", 4))
        host.link.request(Type.SAMPLES, samples_chunk(0, counts))
        deepest = used()
    path = computed.bytes(computed.deepest(stack.ROOT))
    assert path / 2 <= deepest <= computed.needed(), (path, deepest, computed.needed())
