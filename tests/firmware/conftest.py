"""The C engine as a shared library for ctypes, built with the undefined-behaviour sanitizer and again for speed;
and whole firmware of the fixture model."""

import ctypes
import functools
import importlib.util
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from firmware_host import emulator
from firmware_host.link import Link
from scl import toolchain
from scl.machines import MACHINES
from tests.firmware.board_host import Host

BOARDS = ("native", *MACHINES)
ROOT = Path(__file__).resolve().parents[2]
FIXTURE_MODEL = ROOT / "tests" / "firmware" / "fixture_model"
SOURCES = toolchain.FIRMWARE / "src"
ENGINE = (
    *toolchain.sources("engine", "frontend"),
    SOURCES / "link" / "crc32.c",
    *(SOURCES / "app" / name for name in ("rhythm.c", "decision.c")),
)
C_FLAGS = (
    "-std=c99",
    "-pedantic",
    "-ffreestanding",
    "-ffp-contract=off",
    "-DSCL_STRICT_FLAGS",
    "-fno-math-errno",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
    *(f"-I{SOURCES / room}" for room in toolchain.ROOMS),
)
BUILDS = {
    "dsp": ("-O2", "-fsanitize=undefined", "-DSCL_USE_DSP=1"),  # those kernels, on stand-ins for the instructions
    "sanitized": ("-O2", "-fsanitize=undefined,float-cast-overflow"),
    "fast": ("-O3", "-march=native"),  # with vector and fused instructions, where a wrong flag would show
}


# Whole networks of integers, which "sanitized" computes by the same C: "fast" is for make test-exact there.
NETWORKS = {"elementwise", "operators", "reductions", "streaming"}
# What readers make of files, or one operator by every rule: one build tells, the others are for make test-exact.
FILES = {
    "dilation",
    "keras_files",
    "litert_torch_files",
    "padding",
    "root",
    "rules",
    "slices",
    "sliding",
    "tables",
}


@pytest.hookimpl(tryfirst=True)  # before the markers decide
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        subject, build = item.path.stem.removeprefix("test_"), _build(item)
        if (subject in NETWORKS and build == "fast") or (subject in FILES and build in ("fast", "sanitized")):
            item.add_marker(pytest.mark.exact)


def _build(item: pytest.Item) -> str | None:
    """Which of BUILDS an item takes, if any."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("engine_library") if callspec else None


@pytest.fixture(scope="session")
def compile_engine(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """compile_engine(compiler, *flags): one file of all the engine's sources; skips without the compiler."""

    def compile_with(compiler: str, *flags: str) -> Path:
        if shutil.which(compiler) is None:
            pytest.skip(f"{compiler} is not installed")
        output = tmp_path_factory.mktemp("engine") / "engine"
        subprocess.run([compiler, *C_FLAGS, *flags, *ENGINE, "-o", output], check=True)
        return output

    return compile_with


@pytest.fixture(scope="session", params=sorted(BUILDS))
def engine_library(request: pytest.FixtureRequest, compile_engine: Callable[..., Path]) -> ctypes.CDLL:
    """The engine as a host library."""
    output = compile_engine("gcc", *BUILDS[request.param], "-shared", "-fPIC")
    library = ctypes.CDLL(str(output))
    library.scl_crc32.restype = ctypes.c_uint32
    library.scl_network_class.restype = ctypes.c_uint16
    library.scl_frontend_push.restype = ctypes.c_bool
    return library


@pytest.fixture
def engine(engine_library: ctypes.CDLL, capfd: pytest.CaptureFixture[str]):
    """The engine; the test fails if the sanitizer had something to say."""
    yield engine_library
    reports = capfd.readouterr().err
    assert "runtime error" not in reports, reports


@pytest.fixture(scope="session")
def make_firmware() -> Callable[..., Path]:
    """make_firmware(board, model folder, out, *settings): the built program; skips if a tool is missing."""

    def make(board: str, folder: Path, out: Path, *settings: str) -> Path:
        tools = ("make", "gcc") if board == "native" else ("make", "arm-none-eabi-gcc", "qemu-system-arm")
        for tool in tools:
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")
        return toolchain.build(folder, out, board, "firmware", *settings)

    return make


@pytest.fixture(scope="session")
def fixture_firmware(
    make_firmware: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """fixture_firmware(board): the firmware with the fixture model, built once."""
    return functools.cache(lambda board: make_firmware(board, FIXTURE_MODEL, tmp_path_factory.mktemp(board)))


@pytest.fixture(scope="module", params=BOARDS)
def board(request: pytest.FixtureRequest, fixture_firmware: Callable[[str], Path]) -> Iterator[Host]:
    firmware = fixture_firmware(request.param)
    start = emulator.native(firmware) if request.param == "native" else emulator.qemu(firmware, request.param)
    with start as transport:
        yield Host(Link(transport), request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture(scope="session")
def ecg() -> ModuleType:
    """fixture_model/make_ecg_model.py: what the fixture model answers behind an ECG's front end."""
    spec = importlib.util.spec_from_file_location("make_ecg_model", FIXTURE_MODEL / "make_ecg_model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def ecg_folder(ecg: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C files of that model."""
    folder = tmp_path_factory.mktemp("ecg_model")
    ecg.write(folder)
    return folder
