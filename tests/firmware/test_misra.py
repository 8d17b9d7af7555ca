"""Deviations from MISRA C: what cppcheck finds is listed with its file and a reason, and what is listed is found."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


def test_another_rule_and_a_deviation_without_need_fail(tmp_path):
    """And they alone: everything else that cppcheck finds is listed."""
    if shutil.which("cppcheck") is None:
        pytest.skip("cppcheck is not installed")
    copy = shutil.copytree(FIRMWARE, tmp_path / "firmware")
    shutil.copytree(FIRMWARE.parent / "tests" / "firmware" / "fixture_model", tmp_path / "tests/firmware/fixture_model")
    with (copy / "src" / "link" / "crc32.c").open("a") as file:
        file.write("int scl_octal(void);\nint scl_octal(void)\n{\n    return 017;\n}\n")
    with (copy / "misra.txt").open("a") as file:
        file.write("misra-c2012-18.4:*src/link/ring.h\n")
    done = subprocess.run(["make", "-s", "-C", str(copy), "misra"], capture_output=True, text=True)
    assert done.returncode != 0
    found = re.findall(r"^(\S+?):-?\d+:\d+: .*\[([\w.-]+)\]$", done.stderr, re.MULTILINE)
    assert sorted(set(found)) == [("*src/link/ring.h", "unmatchedSuppression"), ("src/link/crc32.c", "misra-c2012-7.1")]


def test_every_deviation_has_its_files_and_its_reason():
    """Each block of rules follows a comment that names them; no rule is given up everywhere."""
    text = (FIRMWARE / "misra.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    deviations = [
        re.fullmatch(r"(?:misra-c2012-(\d+\.\d+)|shiftTooManyBitsSigned):\*(src/\w+/\w+\.[ch])", line) for line in lines
    ]
    assert all(deviations) and all((FIRMWARE / deviation[2]).is_file() for deviation in deviations)
    assert len(lines) == len(set(lines))
    rules = {deviation[1] for deviation in deviations if deviation[1]}
    named = re.findall(r"^# ((?:\d+\.\d+, )*\d+\.\d+): \S", text, re.MULTILINE)
    assert sorted(rule for line in named for rule in line.split(", ")) == sorted(rules)
