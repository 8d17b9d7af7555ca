"""The engine's Cortex-M4 objects: they call nothing from outside but, for heartbeats, the compiler's 64-bit division,
and no product is fused into a sum.
"""

import re
import subprocess

import pytest

from scl.machines import FIRMWARE, settings

CORES = ("m0", "m0plus", "m3", "m23")  # without a floating point unit
CORTEX_M4 = ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")


@pytest.fixture(scope="module", params=["-O2", "-Os"])
def linked(request, compile_engine):
    """The engine's objects joined into one relocatable file."""
    return compile_engine("arm-none-eabi-gcc", *CORTEX_M4, request.param, "-nostdlib", "-r")


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_needs_no_library(linked):
    needed = output_of("arm-none-eabi-nm", "--undefined-only", str(linked)).split()[1::2]
    assert set(needed) <= {"__aeabi_ldivmod", "__aeabi_uldivmod"}


def test_has_no_writable_data(linked):
    assert not re.search(r" [BbDd] ", output_of("arm-none-eabi-nm", str(linked)))


def test_rounds_products_before_adding(linked):
    code = output_of("arm-none-eabi-objdump", "--disassemble", str(linked))
    assert "vmul.f32" in code
    assert re.findall(r"\bvfn?m[as]\.f\w+", code) == []
    assert re.findall(r"\bv\w+\.f64", code) == []


DIALECTS = ("c99", "gnu99", "gnu11")
TARGETS = (*CORES, "m4 -mfloat-abi=hard", "m33 -mfloat-abi=hard", "m55 -mfloat-abi=hard")


@pytest.mark.parametrize(
    ("core", "dialect"),
    [
        pytest.param(core, dialect, marks=() if (i + j) % len(DIALECTS) == 0 else pytest.mark.exact)
        for i, core in enumerate(TARGETS)
        for j, dialect in enumerate(DIALECTS)
    ],
)
def test_every_dialect_is_plain_single_precision(compile_engine, core, dialect):
    """GNU's says of cores with half precision that floats are computed otherwise; they are not."""
    flags = f"-mcpu=cortex-{core} -mthumb -std={dialect} -O2 -nostdlib -r".split()
    compile_engine("arm-none-eabi-gcc", *flags)


@pytest.mark.parametrize(
    "optimization", ["-O2", *(pytest.param(o, marks=pytest.mark.exact) for o in ("-O0", "-O3", "-Os"))]
)
@pytest.mark.parametrize("core", CORES)
def test_a_core_without_fpu_needs_the_compiler_s_library_alone(compile_engine, core, optimization):
    """Its arithmetic (the run-time ABI's functions and gcc's own), and what gcc copies and fills with: no libm."""
    flags = (f"-mcpu=cortex-{core}", "-mthumb", "-mfloat-abi=soft", optimization, "-nostdlib", "-r")
    linked = str(compile_engine("arm-none-eabi-gcc", *flags))
    needed = output_of("arm-none-eabi-nm", "--undefined-only", linked).split()[1::2]
    assert "__aeabi_fmul" in needed and "sqrtf" not in needed
    assert [name for name in needed if not re.fullmatch(r"__aeabi_\w+|__gnu_thumb1_case_\w+|memcpy|memset", name)] == []
    assert not any(re.fullmatch(r"__aeabi_(d\w+|f2d|\w+2d)", name) for name in needed)  # no double precision


def test_helium_computes_no_floats(compile_engine, tmp_path):
    """Its float instructions take denormals for zero. -O3 uses them wherever it may."""
    ours = settings(FIRMWARE, "mps3-an547")["CORE"].split()
    flags = ("-mthumb", "-O3", "-nostdlib", "-r")

    sum_of = tmp_path / "sum.c"
    sum_of.write_text(
        "void sum(float *restrict a, const float *restrict b);\n"
        "void sum(float *restrict a, const float *restrict b) { for (int i = 0; i < 64; i++) { a[i] += b[i]; } }\n"
    )

    def float_vectors(*core: str) -> list[str]:
        objects = compile_engine("arm-none-eabi-gcc", *core, *flags, str(sum_of))
        code = output_of("arm-none-eabi-objdump", "--disassemble", "-marmv8.1-m.main", str(objects))
        return re.findall(r"\tv\w+\.f(?:16|32)\w*\t[^\n]*\bq\d", code)

    assert float_vectors(*ours) == []
    assert float_vectors("-mcpu=cortex-m55", "-mfloat-abi=hard")  # so that the line above can fail
