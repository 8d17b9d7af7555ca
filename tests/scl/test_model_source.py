"""A bundle's C is built only where it is constant data: gcc itself says what else a file would have read."""

import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle, hashes, read_run_bundle, write_manifest
from scl.artifacts.manifest import Manifest
from scl.model_source import MOST_DEFINITIONS, c_folder
from scl.toolchain import FIRMWARE
from tests.bundles import write_bundle

FIXTURE = Path(__file__).parents[1] / "firmware" / "fixture_model"
SOURCE, HEADER = ((FIXTURE / name).read_text() for name in ("model_data.c", "model_data.h"))
# What makes a compiler read, an assembler include, a linker replace or a program run something.
HOSTILE = (
    '#include "/etc/passwd"',
    "#include </etc/passwd>",
    '#include "../../../x"',
    "#include MACRO",
    '#embed "/etc/passwd"',
    '#include "frontend.c"',
    '%:include "/etc/passwd"',
    '??=include "/etc/passwd"',
    '#\\\ninclude "/etc/passwd"',
    ' #include "/etc/passwd"',
    '#/**/include "/etc/passwd"',
    '/**/#include "/etc/passwd"',
    '# 1 "/etc/passwd"',
    '#if __has_include("/etc/passwd")\n#error it is there\n#endif',
    '#pragma GCC dependency "/etc/passwd"',
    '_Pragma("GCC dependency \\"/etc/passwd\\"")',
    "#define SCL_CLASSES system(0)",
    "#define uint8_t int",
    "#undef NULL",
    '__asm__(".incbin \\"/etc/passwd\\"");',
    'asm(".include \\"/etc/passwd\\"");',
    "int main(void) { return 0; }",
    "__attribute__((constructor)) static void run(void) {}",
    "static int8_t x[4];",
    "int x;",
    "extern int x;",
    "const int8_t write[] = {1};",
    "static const int8_t x[1 << 30] = {1};",
    "static const int8_t x[999999999] = {1};",
    'static const int8_t x[] __attribute__((section(".init_array"))) = {1};',
    "const scl_network x = {0};",
    'const scl_network scl_network_data __attribute__((alias("x"))) = {0};',
    "typedef int x;",
    "static const int x[] = {1};",
    "static const scl_op x[] = {{system}};",
    "static const scl_op x[] = {{&scl_conv}};",
    "static const int8_t x[] = {f()};",
    "static const int8_t x[] = {({ 1; })};",
    "static const int8_t x[] = {(int)1};",
    "static const int8_t x[] = {sizeof 1};",
    "static const int8_t x[] = {'a'};",
    "static const int8_t x[] = {[1000000000] = 1};",
    "static const int8_t x[] = {__LINE__};",
    "static const int32_t x[] = {(int)&errno};",
    "static const char *const x[] = {__FILE__};",
    'static const char x[] = "\\x41";',
    'static const char x[] = "\\\n";',
    'static const char x[] = "??/";',
    'static const char x[] = "\\u0041";',
    'static const char x[] = "é";',
    'static const char x[] = R"(a)";',
    "/* a comment */",
    "/* Written by x. *\\\n/",
    "// x",
    "\0",
    "\r",
    "\f",
    "\x1a",
    "é",
    "@",
    "`",
    "$x",
    ";",
    "x",
)


@pytest.fixture
def checked(tmp_path: Path) -> Callable[[str, str], Path]:
    """checked(source, header): c_folder of a bundle that holds them."""
    bundle = read_run_bundle(write_bundle(tmp_path / "bundle"))
    (bundle.path / "c").mkdir()

    def check(source: str, header: str = HEADER, trust: bool = False) -> Path:
        (bundle.path / "c" / "model_data.c").write_bytes(source.encode())
        (bundle.path / "c" / "model_data.h").write_bytes(header.encode())
        listed: Bundle[Manifest] = replace(bundle, manifest=replace(bundle.manifest, files=hashes(bundle.path)))
        return c_folder(listed, trust)

    return check


def refused(check: Callable[..., Path], *files: str) -> str:
    with pytest.raises(
        InputError, match=r"c/model_data\.[ch], line \d+: .* is not what export\.quantize writes"
    ) as error:
        check(*files)
    return str(error.value)


def test_data_is_taken(checked):
    assert sorted(path.name for path in checked(SOURCE).iterdir()) == ["model_data.c", "model_data.h"]
    label = SOURCE.replace('"still"', '"#include <x> /* % ; { } = \\077\\134"')  # the characters of a text do nothing
    assert label != SOURCE and checked(label)


@pytest.mark.parametrize("code", HOSTILE)
def test_anything_else_is_refused(checked, code):
    """At the start, at the end, between two definitions, inside a value, and in the header; --trust takes it."""
    definition = "static const scl_op ops[]"
    assert SOURCE.count(definition) == 1
    for source in (
        f"{code}\n{SOURCE}",
        f"{SOURCE}{code}\n",
        SOURCE.replace(definition, f"{code}\n{definition}"),
        SOURCE.replace("= {2, SCL_CHANNELS", f"= {{{code} 2, SCL_CHANNELS"),
    ):
        assert "give --trust" in refused(checked, source)
        assert checked(source, trust=True)
    middle = HEADER.replace("#define SCL_WINDOW", f"{code}\n#define SCL_WINDOW")
    for header in (f"{code}\n{HEADER}", f"{HEADER}{code}\n", middle):
        refused(checked, SOURCE, header)


def mutations(count: int) -> Iterator[tuple[int, str]]:
    """Sources with one to three of their words put elsewhere, beside or instead of one that was there."""
    words = re.findall(r"\w+|[^\w\s]|\s+", SOURCE)
    pool = [*set(words), "system", "main", "#", "(", ")", "\\", "?", "asm", "[]", ";\n", "};\n", '"', "/*", "*/"]
    for seed in range(count):
        draw, changed = random.Random(seed), list(words)
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(changed))
            changed[at : at + draw.randint(0, 1)] = [draw.choice(pool)]
        yield seed, "".join(changed)


def built(folder: Path, out: Path) -> tuple[set[str], str] | None:
    """The files that gcc reads for model_data.c, and what nm says of the object; None if it does not compile."""
    rooms = [f"-I{FIRMWARE / 'src' / room}" for room in ("app", "engine", "frontend")]
    command = ["gcc", "-std=c99", "-w", *rooms, "-MD", "-MF", "deps", "-c", folder / "model_data.c", "-o", "model.o"]
    if subprocess.run(command, cwd=out, capture_output=True).returncode:
        return None
    symbols = subprocess.run(["nm", "model.o"], cwd=out, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\S+\.[hc]\b", (out / "deps").read_text())), symbols


def test_what_is_taken_holds_no_code_and_reads_no_file(checked, tmp_path):
    """By gcc: of what compiles, no symbol is a function, undefined are kernels alone, and no other file is read."""
    if shutil.which("gcc") is None or shutil.which("nm") is None:
        pytest.skip("gcc is not installed")
    usual, _ = built(checked(SOURCE), tmp_path) or ({}, "")
    compiled = 0
    for seed, source in mutations(600):
        try:
            found = built(checked(source), tmp_path)
        except InputError:
            continue
        if found is not None:
            kinds = [line.split()[-2:] for line in found[1].splitlines()]
            assert found[0] == usual, seed
            assert {kind for kind, _ in kinds} <= set("RrDdU"), f"{seed}: {found[1]}"
            assert all(name.startswith("scl_") for kind, name in kinds if kind in "UDR"), f"{seed}: {found[1]}"
            compiled += 1
        if compiled == 40:
            break
    assert usual and compiled > 10


def test_files_that_would_take_the_memory_are_refused(checked):
    many = "static const int8_t x[] = {1};\n" * (MOST_DEFINITIONS + 1)
    assert f"line {MOST_DEFINITIONS + 1}: " in refused(checked, many)
    with pytest.raises(InputError, match=r"model_data\.c: has 33,554,433 bytes, expected the C of a bundle of at most"):
        checked(" " * ((32 << 20) + 1))


def test_files_that_the_manifest_does_not_list_are_refused(tmp_path):
    """Their hashes were not checked."""
    folder = write_bundle(tmp_path / "bundle")
    shutil.copytree(FIXTURE, folder / "c", ignore=shutil.ignore_patterns("*.py"))
    with pytest.raises(
        InputError, match=r"manifest\.json: lists no c/model_data\.c, expected it with its hash; export it"
    ):
        c_folder(read_run_bundle(folder))
    listed = {name: found for name, found in hashes(folder).items() if name != "manifest.json"}
    write_manifest(folder, replace(read_run_bundle(folder).manifest, files=listed))
    assert c_folder(read_run_bundle(folder)) == folder / "c"
