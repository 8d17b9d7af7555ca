"""A new board by the steps of firmware/boards/README.md and nothing else, and what is said where one was left out."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scl import toolchain
from scl.artifacts import InputError
from tests.firmware import boards_page

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "tests" / "firmware" / "fixture_model"
FILES, COMMANDS = boards_page.steps()
SETTINGS, DRIVER = FILES


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the new board's files are written into, and those files."""
    for folder in ("firmware", "firmware_host", "scl"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(command: str, folder: Path) -> str:
    """What a line of bash prints in a folder, with this environment's Python and the folder's packages."""
    python = str(Path(sys.executable).parent)
    env = os.environ | {"PATH": f"{python}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_s_steps_end_in_parity(board_tools, bundle_folder, checkout):
    """The board's name in its folder alone, its machine in QEMU another's; no other file is touched."""
    shutil.copytree(bundle_folder, checkout / "bundles" / "demo")
    assert "firmware_host.validate" in COMMANDS[-1] and len(COMMANDS) == 3
    printed = [run(command, checkout) for command in COMMANDS]
    assert (checkout / "build" / "wristband" / "firmware.bin").is_file()
    assert re.search(r"^ *\d+  of 4096 bytes$", printed[1], re.MULTILINE)
    assert printed[2].splitlines()[-2] == "passed: exact"
    assert re.search(r"on wristband: 20 windows", printed[2])
    assert re.search(r"│ network inputs that differ +│ +0 │", printed[2])


@pytest.fixture
def refused(board_tools, checkout: Path, tmp_path: Path, monkeypatch) -> Callable[[], str]:
    """refused(): why the board's firmware cannot be built."""
    monkeypatch.setattr(toolchain, "FIRMWARE", checkout / "firmware")

    def build() -> str:
        with pytest.raises(InputError) as caught:
            toolchain.build(FIXTURE, tmp_path / "out", "wristband")
        return str(caught.value)

    return build


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (SETTINGS, "CORE := -mcpu=cortex-m3", "", "wristband/board.mk: no CORE, expected a compiler's flags"),
        (SETTINGS, "FLASH := 0x08000000 512K", "", 'wristband/board.mk: FLASH := "", expected start and size, such'),
        (SETTINGS, "RAM := 0x20000000 128K", "RAM := 128K", 'wristband/board.mk: RAM := "128K", expected start and si'),
        (SETTINGS, "-DUART_IRQ=37", "", "board.mk: expected -DUART_IRQ= and the number of the UART's interrupt"),
        (SETTINGS, " no_sensor.c", " sensor.c", "wristband/board.mk: SHARED names boards/sensor.c, which is not there"),
        (SETTINGS, "QEMU :", "LINKER_SCRIPT := my.ld\nQEMU :", "LINKER_SCRIPT names my.ld, which is not there"),
        (SETTINGS, " no_sensor.c", "", "error: boards/wristband and SHARED of its board.mk define no port_sensor_read"),
        (SETTINGS, "cortex-m/systick.c", "", "error: boards/wristband and SHARED of its board.mk define no timer_sta"),
        (DRIVER, "void uart_send", "void uart_put", "boards/wristband and SHARED of its board.mk define no uart_send;"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(checkout, refused, file, old, new, says):
    path = checkout / file
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    assert says in refused()


def test_a_folder_without_board_mk_is_named(checkout, refused):
    (checkout / SETTINGS).unlink()
    assert "boards/wristband has no board.mk; boards/README.md has one to copy" in refused()


def test_a_model_that_is_too_large_is_refused_by_the_board_s_memory(checkout, refused):
    path = checkout / SETTINGS
    path.write_text(path.read_text().replace("RAM := 0x20000000 128K", "RAM := 0x20000000 8K"))
    assert refused().startswith("wristband has 8,192 bytes of RAM, this model needs 13,")
