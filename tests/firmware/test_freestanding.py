"""The engine's Cortex-M4 objects: they call nothing from outside, and no product is fused into a sum."""

import re
import subprocess

import pytest

CORTEX_M4 = ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")


@pytest.fixture(scope="module", params=["-O2", "-Os"])
def linked(request, compile_engine):
    """The engine's objects joined into one relocatable file."""
    return compile_engine("arm-none-eabi-gcc", *CORTEX_M4, request.param, "-nostdlib", "-r")


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_needs_no_library(linked):
    assert output_of("arm-none-eabi-nm", "--undefined-only", str(linked)) == ""


def test_has_no_writable_data(linked):
    assert not re.search(r" [BbDd] ", output_of("arm-none-eabi-nm", str(linked)))


def test_rounds_products_before_adding(linked):
    code = output_of("arm-none-eabi-objdump", "--disassemble", str(linked))
    assert "vmul.f32" in code
    assert re.findall(r"\bvfn?m[as]\.f\w+", code) == []
    assert re.findall(r"\bv\w+\.f64", code) == []
