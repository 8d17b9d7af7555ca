"""The engine as other builds compile it: clang, and gcc with a frame pointer. Its outputs stay TFLite Micro's.

The program around it (start-up, counter, model) is the board's own, built by gcc.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from export.cost.instructions import noise
from export.network import arena, from_file
from export.network.integers import Int8Network
from export.network.layers import FEATURES, LOGITS
from export.network.quantization import quantize
from export.package import board_words
from export.proof.runtimes import run_tflite_micro, tflite_micro_runner
from export.writers.c_source import CModel, write_c
from export.writers.tflite import write_tflite
from scl import machines, toolchain
from tests.firmware.conftest import C_FLAGS, FIXTURE_MODEL
from tests.firmware.random_models import RandomModel
from tests.firmware.test_exact_boards import random_network

BOARD = machines.DEFAULT
HARD_FLOAT = ("-mthumb", "-mfloat-abi=hard")
CORTEX_M4 = ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", *HARD_FLOAT)
GCC = ("arm-none-eabi-gcc",)
CLANG = ("clang", "--target=thumbv7em-none-eabihf")
FRAME = "-fno-omit-frame-pointer"
M4_BUILDS = {
    **{f"gcc {level} frame pointer": (*GCC, level, FRAME) for level in ("-O0", "-Og", "-O2")},
    **{f"clang {level}": (*CLANG, level) for level in ("-O0", "-Og", "-O2", "-Os")},
    "clang -O2 frame pointer": (*CLANG, "-O2", FRAME),
}
SOFT_CLANG = ("clang", "--target=arm-none-eabi")
SMALL_BUILDS = {
    **{f"gcc {level}": (*GCC, level) for level in ("-O0", "-Og", "-O1", "-O2", "-O3", "-Os")},
    "gcc -O2 frame pointer": (*GCC, "-O2", FRAME),
    **{f"soft clang {level}": (*SOFT_CLANG, level) for level in ("-O2", "-Os")},
    **{
        f"soft clang {level} no frame pointer": (*SOFT_CLANG, level, "-fomit-frame-pointer") for level in ("-O2", "-Os")
    },
}
BUILDS = M4_BUILDS | SMALL_BUILDS
BOARDS = {
    BOARD: CORTEX_M4,
    "microbit": ("-mcpu=cortex-m0", "-mthumb", "-mfloat-abi=soft"),
    "mps2-an385": ("-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft"),
}
CORES = {
    "cortex-m0plus": ("-mthumb", "-mfloat-abi=soft"),
    "cortex-m3": ("-mthumb", "-mfloat-abi=soft"),
    **dict.fromkeys(("cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55+nomve.fp"), HARD_FLOAT),
}
BY_HAND = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33")
PLACED = ("gcc -fPIC -msingle-pic-base", "clang -fropi -frwpi")  # code and data at any address: r9 is the data's
ENGINE_SOURCES = toolchain.sources("engine")
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.exact) for seed in range(1, 40))]

pytestmark = pytest.mark.usefixtures("board_tools")


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def clang() -> None:
    if shutil.which("clang") is None:
        pytest.skip("clang is not installed")


@dataclass(frozen=True)
class Model:
    objects: tuple[Path, ...]  # the program without the engine
    expected: np.ndarray  # its outputs for the noise in its arena


@pytest.fixture(scope="module")
def engine(request, tmp_path_factory) -> Callable[[str, str], tuple[Path, ...]]:
    """engine(build, board): the engine's objects, compiled once."""
    built: dict[tuple[str, str], tuple[Path, ...]] = {}

    def compiled(build: str, board: str) -> tuple[Path, ...]:
        if BUILDS[build][0] == "clang":
            request.getfixturevalue("clang")
        if (build, board) not in built:
            folder = tmp_path_factory.mktemp("engine")
            built[build, board] = tuple(folder / f"{source.stem}.o" for source in ENGINE_SOURCES)
            for source, target in zip(ENGINE_SOURCES, built[build, board], strict=True):
                run(*BUILDS[build], *BOARDS[board], *C_FLAGS, "-c", source, "-o", target)
        return built[build, board]

    return compiled


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Callable[[str, int, str], Model]:
    """model(kind, seed, board): a random network of test_exact_boards.py, or one of every operator, built once."""
    made: dict[tuple[str, int, str], Model] = {}

    def built(kind: str, seed: int, board: str) -> Model:
        if (kind, seed, board) not in made:
            made[kind, seed, board] = _model(kind, seed, board, tmp_path_factory.mktemp("model"))
        return made[kind, seed, board]

    return built


def _model(kind: str, seed: int, board: str, folder: Path) -> Model:
    if kind == "operators":
        data = RandomModel(seed).bytes()
        read = from_file.read(data, f"model {seed}")
        int8, x = read.network, _input(read.network)
        expected = tflite_micro_runner(data)(x[0])(read.tensors[int8.network.outputs[-1]])
    else:
        network = random_network(seed)
        ranges = {name: [-2.5, 3.0] for name in network.tensors} | {"input": [-4.0, 4.0]}
        int8 = quantize(network, ranges)
        found = run_tflite_micro(write_tflite(int8), _input(int8))
        expected = np.concatenate([found[FEATURES][0], found[LOGITS][0]])
    (folder / "c").mkdir()
    labels = [f"class{i}" for i in range(int8.network.tensors[int8.network.outputs[-1]].size)]
    write_c(CModel(int8, arena.schedule(int8.network), labels, "00" * 32, None, None), folder / "c")
    toolchain.build(folder / "c", folder, board, "bench")
    objects = [path for path in (folder / "build" / "obj").rglob("*.o") if path.parent.name != "engine"]
    return Model(tuple(objects), expected.ravel())


def _input(int8: Int8Network) -> np.ndarray:
    """(1, samples, channels): what firmware/bench finds where the network reads."""
    memory, source = arena.schedule(int8.network), int8.network.input
    at = memory.offsets["input"]
    return noise(memory.size)[at : at + source.size].reshape(1, source.length, source.channels)


@pytest.mark.parametrize("kind", ["networks", "operators"])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("build", M4_BUILDS)
def test_outputs_are_tflite_micro_s(engine, model, tmp_path, build, seed, kind):
    assert_exact(engine, model, tmp_path, build, (kind, seed, BOARD))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("build", SMALL_BUILDS)
@pytest.mark.parametrize("board", ["microbit", "mps2-an385"])
def test_outputs_of_cores_without_dsp_are_tflite_micro_s(engine, model, tmp_path, board, build, seed):
    """Their loops by hand, where each compiler and level allots its registers otherwise."""
    assert_exact(engine, model, tmp_path, build, ("networks", seed, board))


def assert_exact(engine, model, tmp_path, build, which):
    board, elf, parts = which[2], tmp_path / "bench.elf", model(*which)
    script = toolchain.FIRMWARE / "boards" / "cortex-m" / "board.ld"
    memory = board_words(board)["board_memory"].split()
    linked = ("-nostartfiles", f"-L{toolchain.FIRMWARE}", *memory, "-T", script, "-Wl,--gc-sections")
    run(*GCC, *BOARDS[board], *engine(build, board), *parts.objects, *linked, "-o", elf)
    console = ("-serial", "none", "-chardev", "stdio,id=console")
    semihosting = ("-semihosting-config", "enable=on,target=native,chardev=console")
    lines = [line.split() for line in run(*machines.qemu_command(elf, board), *console, *semihosting).splitlines()]
    outputs = np.array([int(value) for name, value in lines if name == "output"], np.uint8).view(np.int8)
    np.testing.assert_array_equal(outputs, parts.expected)


@pytest.mark.parametrize(
    ("core", "level"),
    [
        *((core, "-Os") for core in ("cortex-m0plus", "cortex-m4", "cortex-m55+nomve.fp")),
        *(pytest.param(core, "-Os", marks=pytest.mark.exact) for core in ("cortex-m3", "cortex-m7", "cortex-m33")),
        *(pytest.param(core, "-O0", marks=pytest.mark.exact) for core in CORES),
    ],
)
def test_clang_compiles_all_of_it(clang, tmp_path, core, level):
    """Front end, link and application, too, with the same warnings as errors."""
    target = ("clang", "--target=arm-none-eabi", f"-mcpu={core}", *CORES[core], level, f"-I{FIXTURE_MODEL}")
    for source in toolchain.sources(*toolchain.ROOMS):
        run(*target, *C_FLAGS, "-DPORT_BAUD=115200", "-c", source, "-o", tmp_path / "out.o")


@pytest.mark.parametrize("core", BY_HAND)
def test_the_assembly_fits_beside_a_frame_pointer(tmp_path, core):
    for level in ("-Og", "-O1", "-O2", "-O3", "-Os"):
        assert by_hand(tmp_path, *GCC, f"-mcpu={core}", *CORES[core], level, FRAME), level


@pytest.mark.parametrize("flags", [("-O0",), ("-Og",), ("-O2",), ("-Os",), ("-Os", FRAME)], ids=" ".join)
def test_heliums_assembly_fits_gcc(tmp_path, flags):
    """Its loops are by hand at every level; boards build with -O2 alone, packages with others."""
    for source in ENGINE_SOURCES:
        target = (*GCC, "-mcpu=cortex-m55+nomve.fp", *HARD_FLOAT, *flags)
        run(*target, *C_FLAGS, "-c", source, "-o", tmp_path / "out.o")


@pytest.mark.parametrize("core", BY_HAND)
def test_the_assembly_fits_clang(clang, tmp_path, core):
    for flags in (("-Og",), ("-O1",), ("-O2",), ("-O3",), ("-Os",), ("-O2", FRAME)):
        assert by_hand(tmp_path, "clang", "--target=arm-none-eabi", f"-mcpu={core}", *CORES[core], *flags), flags


@pytest.mark.parametrize("build", PLACED)
def test_without_r9_the_c_steps_stand_in(clang, tmp_path, build):
    compiler, *flags = build.split()
    command = {"gcc": GCC, "clang": CLANG}[compiler]
    assert not by_hand(tmp_path, *command, *CORTEX_M4, "-O2", *flags)


def by_hand(folder: Path, *command: str) -> bool:
    """Whether the assembly is in a convolution; the depthwise one compiles, too."""
    written = []
    for name in ("depthwise", "conv_dsp", "conv_pairs"):
        run(*command, *C_FLAGS, "-S", toolchain.FIRMWARE / "src" / "engine" / f"{name}.c", "-o", folder / "out.s")
        written.append((folder / "out.s").read_text())
    return any(re.search(r"ldm[ia.w]*\s+\w+!, ?{(r8, ?r9, ?r10, ?r11|r6, r7)}", text) for text in written[1:])
