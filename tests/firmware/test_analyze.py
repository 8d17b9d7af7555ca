"""gcc's static analyzer over the firmware: clean, and not blind."""

import shutil
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
FILES = sorted((FIRMWARE / "src").glob("*/*.c"))
PLANTED = """
int scl_planted(int n);
int scl_planted(int n)
{
    const int *p = 0;
    if (n == 3) {
        p = &n;
    }
    return *p;
}
"""


def analyze(firmware: Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    return subprocess.run(["make", "-s", "-C", str(firmware), "analyze"], capture_output=True, text=True)


def test_the_firmware_is_clean():
    done = analyze(FIRMWARE)
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("file", (FILES[0], FILES[-1]), ids=lambda path: path.name)
def test_a_planted_fault_fails(tmp_path, file):
    """In the first file and in the last: all between are looked at."""
    copy = shutil.copytree(FIRMWARE, tmp_path / "firmware")
    shutil.copytree(FIRMWARE.parent / "tests" / "firmware" / "fixture_model", tmp_path / "tests/firmware/fixture_model")
    with (copy / file.relative_to(FIRMWARE)).open("a") as text:
        text.write(PLANTED)
    done = analyze(copy)
    assert done.returncode and "[-Werror=analyzer-null-dereference]" in done.stderr and file.name in done.stderr, (
        done.stderr
    )
