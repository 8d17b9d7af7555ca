"""Firmware is built from folders of any name, in a checkout of any name, and no name is ever executed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_host import emulator
from firmware_host.link import Link
from scl import toolchain
from scl.artifacts import InputError

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = Path("tests") / "firmware" / "fixture_model"
NAMES = (
    "d$(shell touch executed)", "`touch executed`", "a b", "quo\"te'", "semi;colon", "doll$ar", "ünïcode", "#hash",
    "per%cent", "back\\slash",
)  # fmt: skip
# Run in a copy of the checkout: builds everything there, and greets the native firmware and the emulated board.
PROGRAM = """
from pathlib import Path
from firmware_host import board, emulator
from firmware_host.link import Link
from scl import toolchain
model, out = Path("tests/firmware/fixture_model").resolve(), board.BUILD / "fixture"
with emulator.native(toolchain.build(model, out / "native")) as transport:
    print(Link(transport).greet().labels)
with emulator.qemu(toolchain.build(model, out / "mps2-an386", "mps2-an386"), "mps2-an386") as transport:
    print(Link(transport).greet().labels)
print(toolchain.build(model, out / "mps2-an386", "mps2-an386", "bench").is_file())
print(toolchain.build(model, out / "native", target="lib").is_file())
"""


@pytest.fixture
def nothing_executed(tmp_path):
    """Fails the test if a name was run as a command."""
    yield
    places = (Path.cwd(), ROOT, ROOT / "firmware")
    assert not list(tmp_path.rglob("executed")) and not any((place / "executed").exists() for place in places)


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_in_any_folder_is_built(board_tools, nothing_executed, tmp_path, name):
    folder = shutil.copytree(ROOT / FIXTURE, tmp_path / name / "c")
    with emulator.native(toolchain.build(folder, tmp_path / name / "native")) as transport:
        assert Link(transport).greet().labels[1] == "walking"
    elf = toolchain.build(folder, tmp_path / name / "board", "mps2-an386")
    with emulator.qemu(elf, "mps2-an386") as transport:
        assert Link(transport).greet().labels[1] == "walking"


@pytest.mark.parametrize("name", ["d$(shell touch executed)", "quo\"te' #ünï %;\\"])
def test_a_checkout_in_any_folder_builds(board_tools, nothing_executed, tmp_path, name):
    """Temporary files in such a folder too; by Python and by hand."""
    checkout, temporary = tmp_path / name, tmp_path / name / "tmp"
    for part in ("firmware", "firmware_host", "scl", FIXTURE):
        shutil.copytree(ROOT / part, checkout / part)
    temporary.mkdir()
    environment = os.environ | {"PYTHONPATH": str(checkout), "TMPDIR": str(temporary)}
    run = {"cwd": checkout, "env": environment, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", PROGRAM], **run)
    assert done.stdout.splitlines() == ["('still', 'walking', 'à vélo')"] * 2 + ["True"] * 2, done.stderr
    command = ["make", "-C", "firmware", "BOARD=mps2-an386", f"MODEL=../{FIXTURE}", "OUT=../build/by-hand"]
    done = subprocess.run(command, **run)
    assert done.returncode == 0, done.stderr
    assert (checkout / "build" / "by-hand" / "firmware.elf").is_file()
    assert not list(temporary.iterdir())


def test_an_outer_make_s_settings_stay_outside(board_tools, monkeypatch, tmp_path):
    """Under `make -n MODEL=elsewhere` a build is still made, of the model that it was asked for."""
    monkeypatch.setenv("MAKEFLAGS", "n -- MODEL=elsewhere")
    assert toolchain.build(ROOT / FIXTURE, tmp_path).is_file()


def test_what_is_up_to_date_stays(board_tools, tmp_path):
    built = toolchain.build(ROOT / FIXTURE, tmp_path)
    before = built.stat().st_mtime_ns
    assert toolchain.build(ROOT / FIXTURE, tmp_path).stat().st_mtime_ns == before


def test_files_that_are_no_model_are_named(board_tools, tmp_path):
    with pytest.raises(InputError, match=r"model_data\.c: cannot be read \(No such file.*expected the C files"):
        toolchain.build(tmp_path / "c", tmp_path / "out")


def test_missing_tools_are_named_with_their_packages(monkeypatch, tmp_path):
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: None)
    install = "sudo apt-get install -y --no-install-recommends make gcc-arm-none-eabi libnewlib-arm-none-eabi"
    with pytest.raises(InputError, match=f"not installed: make, arm-none-eabi-gcc; run: {install}"):
        toolchain.build(ROOT / FIXTURE, tmp_path, "mps2-an386")


def test_sources_that_are_not_here_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(toolchain, "FIRMWARE", tmp_path / "firmware")
    with pytest.raises(InputError, match="firmware: the firmware's sources are not here; run from a checkout"):
        toolchain.build(ROOT / FIXTURE, tmp_path / "out")
