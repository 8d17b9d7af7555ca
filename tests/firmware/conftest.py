"""The C engine as a shared library for ctypes, built with the undefined-behaviour sanitizer and again for speed."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "firmware" / "src"
ENGINE = ("kernels.c", "model.c", "frontend.c", "crc32.c")
C_FLAGS = (
    "-std=c99",
    "-pedantic",
    "-ffreestanding",
    "-ffp-contract=off",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
)
BUILDS = {
    "sanitized": ("-O2", "-fsanitize=undefined,float-cast-overflow"),
    "fast": ("-O3", "-march=native"),  # with vector and fused instructions, where a wrong flag would show
}


@pytest.fixture(scope="session")
def compile_engine(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """compile_engine(compiler, *flags): one file of all the engine's sources; skips without the compiler."""

    def compile_with(compiler: str, *flags: str) -> Path:
        if shutil.which(compiler) is None:
            pytest.skip(f"{compiler} is not installed")
        output = tmp_path_factory.mktemp("engine") / "engine"
        sources = [str(SOURCES / name) for name in ENGINE]
        subprocess.run([compiler, *C_FLAGS, *flags, *sources, "-o", str(output)], check=True)
        return output

    return compile_with


@pytest.fixture(scope="session", params=sorted(BUILDS))
def engine_library(request: pytest.FixtureRequest, compile_engine: Callable[..., Path]) -> ctypes.CDLL:
    """The engine as a host library."""
    output = compile_engine("gcc", *BUILDS[request.param], "-shared", "-fPIC")
    library = ctypes.CDLL(str(output))
    library.scl_crc32.restype = ctypes.c_uint32
    library.scl_model_class.restype = ctypes.c_uint8
    library.scl_frontend_push.restype = ctypes.c_uint8
    return library


@pytest.fixture
def engine(engine_library: ctypes.CDLL, capfd: pytest.CaptureFixture[str]):
    """The engine; the test fails if the sanitizer had something to say."""
    yield engine_library
    reports = capfd.readouterr().err
    assert "runtime error" not in reports, reports
