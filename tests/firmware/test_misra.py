"""Deviations from MISRA C: what cppcheck finds is listed with a reason, and what is listed is found."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


def test_another_rule_fails(tmp_path):
    if shutil.which("cppcheck") is None:
        pytest.skip("cppcheck is not installed")
    copy = shutil.copytree(FIRMWARE, tmp_path / "firmware")
    shutil.copytree(FIRMWARE.parent / "tests" / "firmware" / "fixture_model", tmp_path / "tests/firmware/fixture_model")
    check = ["make", "-s", "-C", str(copy), "misra"]
    assert subprocess.run(check, capture_output=True).returncode == 0
    with (copy / "src" / "link" / "crc32.c").open("a") as file:
        file.write("int scl_octal(void);\nint scl_octal(void)\n{\n    return 017;\n}\n")
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode != 0 and "[misra-c2012-7.1]" in done.stderr


def test_every_deviation_has_its_reason():
    """Each block of rules follows a comment that names them."""
    text = (FIRMWARE / "misra.txt").read_text()
    rules = re.findall(r"^misra-c2012-(\d+\.\d+)$", text, re.MULTILINE)
    assert len(rules) == len(set(rules)) > 20
    named = re.findall(r"^# ((?:\d+\.\d+, )*\d+\.\d+): \S", text, re.MULTILINE)
    assert sorted(rule for line in named for rule in line.split(", ")) == sorted(rules)
