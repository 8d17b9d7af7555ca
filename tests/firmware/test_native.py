"""What only the host build of the firmware has: a sensor made of a file, and a life as a process."""

import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_host import emulator
from firmware_host.link import Link
from firmware_host.messages import capture_block
from firmware_host.protocol import ANSWER, Type

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
