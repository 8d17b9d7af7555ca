"""libFuzzer on the C receive path under the sanitizers: bytes of the line, and frames with the right check, for every
kind of model. `make fuzz` runs the same for longer.

A failure names the program and the input that runs it again.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scl import toolchain
from tests.firmware.fuzz_corpus import CORPUS, seeds
from tests.firmware.fuzzing import MODELS, SOURCES, build, command

QUICK, MANY, MOST = 1_000, 60_000, 400_000  # runs; a planted fault ends them
# A check that the firmware would miss: the model that meets it, its file, what is there, and what stands there instead.
PLANTED = {
    "a probe behind its tensor": ("imu", "app/device.c", " || offset >= size", ""),
    "a calibration of any length": (
        "imu",
        "app/device.c",
        "frame->payload_size != SCL_CALIBRATION_HASH + 4 * count",
        "frame->payload_size < SCL_CALIBRATION_HASH",
    ),
    "a frame too short for its check": ("imu", "link/protocol.c", "size < SCL_MIN_FRAME || ", ""),
    # Windows of the other models are too short to fill it.
    "more samples behind a gap than are kept": ("streaming", "app/session.c", " || size + more > SCL_KEPT_SIZE", ""),
}


@pytest.fixture(scope="module", autouse=True)
def libfuzzer():
    """Debian's clang has libFuzzer in a package of its own."""
    if shutil.which("clang") is None:
        pytest.skip("clang is not installed")
    folder = subprocess.run(["clang", "-print-runtime-dir"], capture_output=True, text=True, check=True).stdout.strip()
    if not list(Path(folder).glob("libclang_rt.fuzzer*")):
        pytest.skip("libclang-rt-14-dev is not installed, which has libFuzzer")


def fuzz(program: Path, runs: int) -> subprocess.CompletedProcess[str]:
    """So many runs from the corpus, always the same ones."""
    return subprocess.run(command(program, f"-runs={runs}", "-seed=1"), capture_output=True, text=True)


def assert_clean(program: Path, done: subprocess.CompletedProcess[str]) -> None:
    inputs = re.findall(r"Test unit written to (\S+)", done.stderr)
    assert done.returncode == 0 and not inputs, f"run it again: {program} {inputs}\n{done.stderr[-6000:]}"


@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_found_in_a_short_run(tmp_path, name):
    program = build(name, tmp_path)
    done = fuzz(program, QUICK)
    assert_clean(program, done)
    assert f"Done {QUICK} runs" in done.stderr


@pytest.mark.faults
@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_found(tmp_path, name):
    """FUZZ_S, in seconds a model, is make fuzz's, which goes other ways each time."""
    program, seconds = build(name, tmp_path), os.environ.get("FUZZ_S")
    if seconds is None:
        done = fuzz(program, MANY)
    else:
        limits = command(program, f"-max_total_time={seconds}")
        done = subprocess.run(limits, capture_output=True, text=True)
    assert_clean(program, done)
    assert re.search(r"^Done \d{4,} runs", done.stderr, re.MULTILINE)


@pytest.mark.faults
@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(tmp_path, fault):
    """Else nothing found would prove nothing; the input that found it finds it again."""
    model, name, there, instead = PLANTED[fault]
    source = toolchain.FIRMWARE / "src" / name
    text, planted = source.read_text(), tmp_path / source.name
    assert text.count(there) == 1
    planted.write_text(text.replace(there, instead))
    program = build(model, tmp_path, (*(path for path in SOURCES if path != source), planted))
    done = fuzz(program, MOST)
    crash = re.search(r"Test unit written to (\S*/crash-\w+)", done.stderr)
    assert done.returncode and crash, done.stderr[-3000:]
    assert subprocess.run([program, crash[1]], capture_output=True).returncode


def test_the_corpus_is_what_its_script_writes():
    assert {path.name: path.read_bytes() for path in CORPUS.iterdir()} == seeds()
    assert sum(map(len, seeds().values())) < 10_240
