"""libFuzzer on the C receive path under the sanitizers: bytes of the line, and frames with the right check, for every
kind of model. `make fuzz` runs the same for longer.

A failure prints the input's path; `fuzz_link PATH` runs it again. Built programs and crashing inputs are in the folder
that the failure names.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scl import toolchain
from tests.firmware import streaming_model
from tests.firmware.conftest import C_FLAGS, FIXTURE_MODEL
from tests.firmware.fuzz_corpus import CORPUS, seeds

HERE = Path(__file__).parent
FLAGS = ("-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
INCLUDES = tuple(flag for flag in C_FLAGS if flag.startswith("-I"))
LONGEST = 4096  # bytes of an input
QUICK, MANY = 2_000, 60_000  # runs
# A check that the firmware would miss: its file, what is there, and what stands there instead.
PLANTED = {
    "a probe behind its tensor": ("app/device.c", " || offset >= size", ""),
    "a calibration of any length": (
        "app/device.c",
        "frame->payload_size != SCL_CALIBRATION_HASH + 4 * count",
        "count == 0",
    ),
    "a frame without a check": ("link/protocol.c", "size < SCL_MIN_FRAME || ", ""),
    "a chunk behind the window's end": ("app/session.c", " || start + count > SCL_RAW_SAMPLES", ""),
}


@pytest.fixture(scope="session")
def model_folder(ecg_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """model_folder(name): the C files of the models of an IMU, of an ECG, and of a stream that keeps columns."""
    streaming = tmp_path_factory.mktemp("streaming_model")
    streaming_model.write(streaming)
    return {"imu": FIXTURE_MODEL, "ecg": ecg_folder, "streaming": streaming}.__getitem__


def build(model: Path, out: Path, sources: list[Path]) -> Path:
    """fuzz_link of a model; skips without clang and its libFuzzer."""
    if shutil.which("clang") is None:
        pytest.skip("clang is not installed, which has libFuzzer")
    program, tests = out / "fuzz_link", [HERE / "fuzz_board.c", HERE / "fuzz_link.c", model / "model_data.c"]
    command = ["clang", "-std=c99", *FLAGS, *INCLUDES, f"-I{model}", f"-I{HERE}", *sources, *tests, "-o", program]
    done = subprocess.run(command, capture_output=True, text=True)
    if "libclang_rt.fuzzer" in done.stderr:
        pytest.skip("libclang-rt-14-dev is not installed, which has libFuzzer")
    assert done.returncode == 0, done.stderr
    return program


def firmware() -> list[Path]:
    return [path for path in toolchain.sources(*toolchain.ROOMS) if path.name != "main.c"]


def fuzz(program: Path, runs: int) -> subprocess.CompletedProcess[str]:
    """So many runs from the corpus, always the same ones; what is found on the way stays beside the program."""
    found = program.parent / "found"
    found.mkdir()
    command = [program, found, CORPUS, f"-runs={runs}", "-seed=1", f"-max_len={LONGEST}", "-timeout=10"]
    command += [f"-artifact_prefix={program.parent}/"]
    return subprocess.run(command, capture_output=True, text=True, cwd=program.parent)


def assert_nothing_found(program: Path, runs: int) -> None:
    done = fuzz(program, runs)
    inputs = sorted(
        path for path in program.parent.iterdir() if re.match("(crash|leak|oom|timeout|slow-unit)-", path.name)
    )
    assert done.returncode == 0 and not inputs, f"run it again: {program} {inputs}\n{done.stderr[-6000:]}"
    assert f"Done {runs} runs" in done.stderr


@pytest.mark.parametrize("name", ["imu", "ecg", "streaming"])
def test_nothing_is_found_in_a_short_run(model_folder, tmp_path, name):
    assert_nothing_found(build(model_folder(name), tmp_path, firmware()), QUICK)


@pytest.mark.faults
@pytest.mark.parametrize("name", ["imu", "ecg", "streaming"])
def test_nothing_is_found(model_folder, tmp_path, name):
    assert_nothing_found(build(model_folder(name), tmp_path, firmware()), MANY)


@pytest.mark.faults
@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(tmp_path, fault):
    """Else nothing found would prove nothing; the input that found it finds it again."""
    name, there, instead = PLANTED[fault]
    source = toolchain.FIRMWARE / "src" / name
    text = source.read_text()
    assert text.count(there) == 1
    (tmp_path / source.name).write_text(text.replace(there, instead))
    program = build(FIXTURE_MODEL, tmp_path, [path for path in firmware() if path != source] + [tmp_path / source.name])
    done = fuzz(program, MANY)
    crash = re.search(r"Test unit written to (\S*/crash-\w+)", done.stderr)
    assert done.returncode and crash, done.stderr[-3000:]
    assert subprocess.run([program, crash[1]], capture_output=True).returncode


def test_the_corpus_is_what_its_script_writes():
    assert {path.name: path.read_bytes() for path in CORPUS.iterdir()} == seeds()
    assert sum(map(len, seeds().values())) < 8192
