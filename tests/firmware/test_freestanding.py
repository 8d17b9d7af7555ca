"""The engine's Cortex-M4 objects: they call nothing from outside, and no product is fused into a sum."""

import re
import subprocess
from pathlib import Path

import pytest

BOARD = Path(__file__).resolve().parents[2] / "firmware" / "boards" / "mps3-an547"

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


@pytest.mark.parametrize("dialect", ["c99", "gnu99", "gnu11"])
@pytest.mark.parametrize("core", ["-mcpu=cortex-m4", "-mcpu=cortex-m33", "-mcpu=cortex-m55"])
def test_every_dialect_is_plain_single_precision(compile_engine, core, dialect):
    """GNU's says of cores with half precision that floats are computed otherwise; they are not."""
    compile_engine(
        "arm-none-eabi-gcc", core, "-mthumb", "-mfloat-abi=hard", f"-std={dialect}", "-O2", "-nostdlib", "-r"
    )


def test_helium_computes_no_floats(compile_engine):
    """Its float instructions take denormals for zero. -O3 uses them in the front end wherever it may."""
    settings = (BOARD / "board.mk").read_text()
    (core,) = re.findall(r"^CORE := (.*)$", settings, re.MULTILINE)
    flags = ("-mthumb", "-mfloat-abi=hard", "-O3", "-nostdlib", "-r")

    def float_vectors(core: str) -> list[str]:
        objects = compile_engine("arm-none-eabi-gcc", core, *flags)
        code = output_of("arm-none-eabi-objdump", "--disassemble", "-marmv8.1-m.main", str(objects))
        return re.findall(r"\tv\w+\.f(?:16|32)\w*\t[^\n]*\bq\d", code)

    assert float_vectors(core) == []
    assert float_vectors("-mcpu=cortex-m55")  # so that the line above can fail
