"""The board's numbers at their wrap: streams and windows there are answered as from zero on, modulo 2^32, 2^16."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from scl import toolchain

FIXTURE = Path(__file__).parents[1] / "firmware" / "fixture_model"
FRAMES, PER_FRAME = 30, 3  # of wrap.c
TICKS = 7  # of each network, by wrap.c's clock
TOP = 1 << 32


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    path = tmp_path_factory.mktemp("wrap") / "wrap"
    rooms = [f"-I{toolchain.FIRMWARE / 'src' / room}" for room in toolchain.ROOMS]
    others = {"main.c", "device.c", "capture.c", "live.c", "own_sensor.c"}
    sources = [source for source in toolchain.sources(*toolchain.ROOMS) if source.name not in others]
    flags = ["-std=c99", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-math-errno"]
    files = [*sources, Path(__file__).parent / "wrap.c", FIXTURE / "model_data.c"]
    subprocess.run(["gcc", *flags, *rooms, f"-I{FIXTURE}", *files, "-o", path], check=True)
    return path


def answers(program: Path, first: int, hops: int, window: int, ticks: int) -> tuple[list[tuple], list[bytes]]:
    done = subprocess.run(
        [program, *map(str, (first, hops, window, ticks))], capture_output=True, text=True, check=True
    )
    payloads = [bytes.fromhex(line) for line in done.stdout.split()]
    samples, windows = payloads[1 : 1 + 2 * FRAMES], payloads[1 + 2 * FRAMES :]
    assert len(windows) == 6
    return [struct.unpack("<IIIHBHH", payload)[:5] for payload in samples], windows


@pytest.mark.parametrize("before", [1, 2, 3, 17, 20, 40, 89])
def test_a_stream_over_the_wrap(program, before):
    """`before` samples and some hops before it; every frame is sent twice and answered twice the same."""
    plain, _ = answers(program, 0, 0, 0, 0)
    wrapped, _ = answers(program, TOP - before, TOP - 1 - before % 5, 0, 0)
    assert plain[::2] == plain[1::2] and wrapped[::2] == wrapped[1::2]
    assert plain[-1][1] > 10 and wrapped[-1][0] == PER_FRAME * FRAMES - before
    for (following, hops, end, *said), found in zip(plain, wrapped, strict=True):
        shifted = (following - before) % TOP, (hops - 1 - before % 5) % TOP, (end - before) % TOP if hops else 0
        assert found == (*shifted, *said)


@pytest.mark.parametrize("window", [0xFFFD, 0xFFFE, 0xFFFF])
@pytest.mark.parametrize("ticks", [0, TOP - 1, TOP - 7, TOP - 300])
def test_windows_and_ticks_over_the_wrap(program, window, ticks):
    _, plain = answers(program, 0, 0, 0, 0)
    _, wrapped = answers(program, 0, 0, window, ticks)
    assert wrapped[::2] == wrapped[1::2]
    for index, (before, found) in enumerate(zip(plain, wrapped, strict=True)):
        assert found == ((window + index // 2) & 0xFFFF).to_bytes(2, "little") + before[2:]
        assert int.from_bytes(found[11:15], "little") == TICKS
