"""What only the host build of the firmware has: a sensor made of a file, and a life as a process."""

import errno
import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_host import emulator
from firmware_host.board import CONFINED
from firmware_host.link import Link
from firmware_host.messages import capture_block
from firmware_host.protocol import ANSWER, Type
from firmware_host.transport import SerialTransport
from scl.toolchain import FIRMWARE

NATIVE = FIRMWARE / "boards" / "native"
CHANNELS = 6
TIMEOUT_S = 20.0


@pytest.fixture
def counts(tmp_path: Path) -> np.ndarray:
    values = np.random.default_rng(7).integers(-32768, 32768, (100, CHANNELS)).astype(np.int16)
    (tmp_path / "sensor.raw").write_bytes(values.astype("<i2").tobytes())
    return values


@pytest.fixture(params=[(), ("--sensor-rate", "2000")], ids=["unpaced", "paced"])
def link(request, fixture_firmware, counts, tmp_path) -> Iterator[Link]:
    arguments = ["--sensor", str(tmp_path / "sensor.raw"), *request.param]
    with emulator.native(fixture_firmware("native"), arguments) as transport:
        link = Link(transport)
        link.greet()
        yield link


def blocks(link: Link, samples: int, count: int) -> np.ndarray:
    """Counts of a capture that is to give `count` samples; every block but the last is full."""
    seq, _size = link.send(Type.CAPTURE, struct.pack("<I", samples))
    parts: list[np.ndarray] = []
    deadline = link.now() + TIMEOUT_S
    while sum(map(len, parts)) < count:
        frames = link.receive(TIMEOUT_S)
        assert frames or link.now() < deadline, "the board fell silent"
        for frame in frames:
            assert (frame.type, frame.seq) == (Type.CAPTURE | ANSWER, seq)
            start, dropped, part = capture_block(frame.payload, CHANNELS)
            assert (start, dropped) == (sum(map(len, parts)), 0)
            parts.append(part)
    assert all(len(part) == 16 for part in parts[:-1])
    return np.concatenate(parts)


@pytest.mark.parametrize("samples", [1, 16, 50])
def test_capture(link, counts, samples):
    for _ in range(2):  # each one starts at sample 0
        assert np.array_equal(blocks(link, samples, samples), counts[:samples])


def test_capture_stops_when_told(link, counts):
    """The sensor falls silent after 100 samples: 6 full blocks come, and the stop brings what is left."""
    assert np.array_equal(blocks(link, 1000, 96), counts[:96])
    start, dropped, rest = capture_block(link.request(Type.CAPTURE, bytes(4)).payload, CHANNELS)
    assert (start, dropped) == (96, 0)
    assert len(rest) <= 4 and np.array_equal(rest, counts[96 : 96 + len(rest)])  # paced, some may be still to come
    assert len(link.request(Type.CAPTURE, bytes(4)).payload) == 8  # nothing is held any more


def test_ends_with_its_standard_input(fixture_firmware):
    process = subprocess.Popen([fixture_firmware("native")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert re.fullmatch(r"pty /dev/\S+\n", process.stdout.readline())
            process.stdin.close()
            assert process.wait(TIMEOUT_S) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    "arguments", [["--sensor"], ["--help"], ["--sensor", "x", "--sensor-rate", "fast"], ["--sensor", "/nowhere/x"]]
)
def test_wrong_arguments(fixture_firmware, arguments):
    done = subprocess.run([fixture_firmware("native"), *arguments], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 2 and done.stdout == ""
    assert "/nowhere/x: No such file" in done.stderr or "usage: " in done.stderr


# What a hijacked process would try, after it has given it up: prints the error of each, 0 where there was none.
INTRUDER = """
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>
#include "confine.h"
#define TRY(call) (errno = 0, (void)(call), fprintf(stderr, "%d ", errno))
int main(void)
{
    char *const none[] = {NULL};
    if (!native_confine()) {
        return 1;
    }
    TRY(open("intruded", O_CREAT | O_WRONLY, 0666));
    TRY(unlink("kept"));
    TRY(socket(AF_INET, SOCK_STREAM, 0));
    TRY(fork());
    TRY(execve("/bin/true", none, none));
    TRY(ptrace(PTRACE_TRACEME, 0, 0, 0));
    TRY(kill(getppid(), 9));
    TRY(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    TRY(write(1, "still", 5));
    return 0;
}
"""
FILTERED = pytest.mark.skipif(not CONFINED, reason="confine.c filters system calls on Linux, x86-64 and AArch64 alone")


@FILTERED
def test_a_confined_process_has_its_open_files_alone(fixture_firmware, tmp_path):
    fixture_firmware("native")  # skips without a compiler
    (tmp_path / "kept").touch()
    (tmp_path / "main.c").write_text(INTRUDER)
    command = ["gcc", f"-I{NATIVE}", tmp_path / "main.c", NATIVE / "confine.c", "-o", tmp_path / "intruder"]
    subprocess.run(command, check=True)
    done = subprocess.run([tmp_path / "intruder"], cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0 and done.stdout == "still"
    assert done.stderr.split() == [str(errno.EPERM)] * 8 + ["0"]
    assert (tmp_path / "kept").exists() and not (tmp_path / "intruded").exists()


@FILTERED
def test_the_board_is_such_a_process(fixture_firmware):
    """Whatever a bundle's numbers make of the engine, no more than the line is in its reach."""
    process = subprocess.Popen([fixture_firmware("native")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            transport = SerialTransport(process.stdout.readline().split()[1])
            Link(transport).greet()
            status = Path(f"/proc/{process.pid}/status").read_text()
            transport.close()
        finally:
            process.kill()
    assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE)
