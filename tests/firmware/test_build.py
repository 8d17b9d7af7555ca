"""What `make -C firmware` builds and refuses to build, and what a board does that was built wrong."""

import functools
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware_host import emulator
from firmware_host.link import BoardResetError, Link
from firmware_host.messages import window_chunk
from firmware_host.protocol import Type
from scl.artifacts import InputError
from scl.machines import DEFAULT, FIRMWARE, MACHINES, settings

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "tests" / "firmware" / "fixture_model"


@pytest.fixture
def changed_model(tmp_path: Path) -> Callable[[str, str], Path]:
    """changed_model(old, new): the fixture model with one text changed."""

    def change(old: str, new: str) -> Path:
        folder = tmp_path / "model"
        folder.mkdir()
        for name in ("model_data.c", "model_data.h"):
            text = (FIXTURE / name).read_text()
            (folder / name).write_text(text.replace(old, new))
        return folder

    return change


@pytest.mark.parametrize("machine", MACHINES)
def test_board_files(fixture_firmware, machine):
    """A flat image of what is loaded, a map, no heap and no input or output."""
    elf = fixture_firmware(machine)
    image = elf.with_suffix(".bin").read_bytes()
    stack, reset = struct.unpack_from("<II", image)
    base, ram = (int(settings(FIRMWARE, machine)[region].split()[0], 0) for region in ("FLASH", "RAM"))
    assert stack == ram + 0x1000  # 4 KB below all data
    assert base < reset < base + len(image) and reset % 2 == 1  # Thumb
    symbols = subprocess.run(["arm-none-eabi-nm", elf], check=True, capture_output=True, text=True).stdout
    assert not re.search(r"\b(_?malloc|_sbrk|printf|puts|_?write|_?read|_?exit)\b", symbols)
    assert elf.with_suffix(".map").is_file()


@pytest.mark.parametrize(
    ("text", "region"),
    [
        (("SCL_ARENA_BYTES 340", "SCL_ARENA_BYTES 130000"), "RAM"),
        (('"still"', "padding"), "FLASH"),
    ],
)
def test_too_large_for_a_wearable(make_firmware, changed_model, tmp_path, text, region):
    folder = changed_model(*text)
    if region == "FLASH":
        source = folder / "model_data.c"
        padding = '#include "model_data.h"\nstatic const char padding[600000] = "still";\n'
        source.write_text(padding + source.read_text())
    has = {"RAM": "131,072", "FLASH": "524,288"}[region]
    with pytest.raises(
        InputError, match=rf"^mps2-an386 has {has} bytes of {region}, this model needs [\d,]+: .* make its"
    ):
        make_firmware("mps2-an386", folder, tmp_path / "out")


def made(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What README's command does."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    return subprocess.run(["make", "-C", str(ROOT / "firmware"), *arguments], capture_output=True, text=True)


def made_native(folder: Path, out: Path) -> Path:
    done = made("BOARD=native", f"MODEL={folder}", f"OUT={out}")
    assert done.returncode == 0, done.stderr
    return out / "firmware"


@pytest.fixture(params=["make", "scl.toolchain"])
def native_build(request, make_firmware) -> Callable[[Path, Path], Path]:
    """native_build(model folder, out): the native firmware, built by hand or by Python."""
    return made_native if request.param == "make" else functools.partial(make_firmware, "native")


def test_another_model_in_the_same_folder_is_built_anew(native_build, changed_model, tmp_path):
    folder = changed_model('"walking"', '"wandering"')
    for path in folder.iterdir():  # older than the objects that the first build leaves
        os.utime(path, (0, 0))
    out = tmp_path / "out"
    native_build(FIXTURE, out)
    with emulator.native(native_build(folder, out)) as transport:
        assert Link(transport).greet().labels[1] == "wandering"


def test_a_folder_built_from_a_model_that_is_gone_is_built_anew(native_build, changed_model, tmp_path):
    """The same bundle, moved: the objects' dependency files name where it was."""
    folder = changed_model('"walking"', '"walking"')
    out = tmp_path / "out"
    native_build(folder, out)
    shutil.rmtree(folder)
    with emulator.native(native_build(FIXTURE, out)) as transport:
        assert Link(transport).greet().labels[1] == "walking"


@pytest.mark.parametrize(
    "machine",
    [pytest.param(name, marks=() if name in ("microbit", DEFAULT) else pytest.mark.exact) for name in MACHINES],
)
def test_a_fault_resets_the_board(make_firmware, changed_model, tmp_path, machine):
    """A model whose first operator reads where no memory is."""
    folder = changed_model("127, 0, 0, 96, block", "127, 0xB8000000, 0, 96, block")
    with emulator.qemu(make_firmware(machine, folder, tmp_path / "out"), machine) as transport:
        link = Link(transport)
        hello = link.greet()
        before = [link.stats().frames for _ in range(20)][-1]
        link.send(Type.WINDOW, window_chunk(0, 0, np.zeros((20, 6), np.int16)))
        for kind in set(Type) - {Type.HELLO, Type.ERROR}:
            with pytest.raises(BoardResetError, match=r"was reset \(its session is gone\)"):
                link.request(kind)
        assert link.ask() == replace(hello, session=0)
        assert link.greet() == replace(hello, session=link.session)
        assert link.stats().frames < before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["BOARD=toaster", f"MODEL={FIXTURE}"], 'no board "toaster"; there are:'),
        (["BOARD=native"], "holds no model_data.c"),
    ],
)
def test_wrong_settings_are_named(tmp_path, arguments, message):
    done = made(f"OUT={tmp_path}", *arguments)
    assert done.returncode == 2 and message in done.stderr


@pytest.mark.parametrize("variable", ["BOARD", "MODEL", "OUT"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("d$(shell touch executed)", "$ ( ) space"), ("a b", "space"), ("quo\"te'", "' \""), ("semi;colon", ";"),
        ("doll$ar", "$"), ("#hash", "#"), ("per%cent", "%"), ("back\\slash", "\\"), ("`touch executed`", "` space"),
    ],
)  # fmt: skip
def test_a_name_that_make_cannot_take_is_refused(tmp_path, variable, name, reason):
    plain = {"BOARD": "native", "MODEL": str(FIXTURE), "OUT": str(tmp_path / "out")}
    shutil.copytree(FIXTURE, tmp_path / name)
    done = made(*(f"{key}={value}" for key, value in (plain | {variable: str(tmp_path / name)}).items()))
    assert done.returncode == 2
    assert (
        f'{variable}="{tmp_path / name}" holds what make cannot take in a name: {reason}. Give a plain' in done.stderr
    )
    assert not (ROOT / "firmware" / "executed").exists() and not list(tmp_path.rglob("executed"))
