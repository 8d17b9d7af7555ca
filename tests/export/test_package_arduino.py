"""The Arduino package: a library by the specification, its sketch linked as a core does."""

import re

from tests.export.packages import CORE, STUBS, made, renamed, run, tried

# https://docs.arduino.cc/arduino-cli/library-specification; what arduino-lint calls an error or a warning of it.
CATEGORIES = {"Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage"}
CATEGORIES |= {"Data Processing", "Other"}
REQUIRED = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"}
OPTIONAL = {"depends", "dot_a_linkage", "includes", "precompiled", "ldflags", "license"}
EIGHT_BITS = {"avr", "megaavr", "*"}


def test_the_library_follows_the_specification(bundle_folder, tmp_path):
    folder = made(renamed(bundle_folder, tmp_path / "a-very.long name" / ("b" * 70)), "arduino", tmp_path)
    properties = dict(line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines())
    assert REQUIRED <= set(properties) <= REQUIRED | OPTIONAL
    assert all(value.strip() == value != "" for value in properties.values())
    name = properties["name"]
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_ .-]{0,62}", name) and not name.lower().startswith("arduino")
    assert re.fullmatch(r"\d+\.\d+\.\d+", properties["version"])
    assert not any("arduino" in properties[key].lower() for key in ("author", "maintainer", "sentence"))
    assert properties["category"] in CATEGORIES
    assert re.fullmatch(r"https?://[\w.-]+/\S*", properties["url"])
    architectures = properties["architectures"].split(",")
    assert architectures == sorted(set(architectures)) and not EIGHT_BITS & set(architectures)
    # Its header is called as it is, and is the one that its files and its page name.
    assert properties["includes"] == f"{name}.h" and [path.name for path in folder.glob("src/*.h")] == [f"{name}.h"]
    for path in ("README.md", "examples/link/link.ino"):
        assert f"#include <{name}.h>" in (folder / path).read_text()
    assert (folder / "LICENSE").is_file() and properties["license"] == "Apache-2.0"
    # A sketch is called as its folder is; a library has no other folder of sources.
    assert all(path.parent.name == path.stem for path in folder.rglob("*.ino"))
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"src", "examples"}


def test_two_models_in_one_sketch_are_refused(bundle_folder, build_tools, tmp_path):
    first = made(bundle_folder, "arduino", tmp_path)
    second = made(renamed(bundle_folder, tmp_path / "other"), "arduino", tmp_path / "second")
    for names, fits in ((("tiny", "tiny"), True), (("tiny", "other"), False)):
        (tmp_path / "sketch.cpp").write_text("".join(f"#include <scl_{name}.h>\n" for name in names))
        include = ["-I", first / "src", "-I", second / "src"]
        done = tried("arm-none-eabi-g++", *CORE, *include, "-fsyntax-only", tmp_path / "sketch.cpp")
        assert (done.returncode == 0) == fits, done.stderr
    assert "scl_other: another model is in this program already" in done.stderr


def test_arduino_s_sketch_links(bundle_folder, build_tools, tmp_path):
    """As Arduino builds it: every source in src with the compiler's own dialect, the sketch as C++, one archive."""
    folder = made(bundle_folder, "arduino", tmp_path)
    flags = [*CORE, "-Os", "-ffunction-sections", "-fdata-sections", "-I", STUBS / "arduino", "-I", folder / "src"]
    objects = []
    for source in (folder / "src").rglob("*.c"):
        objects.append(tmp_path / f"{source.stem}.o")
        run("arm-none-eabi-gcc", *flags, "-std=gnu11", "-c", source, "-o", objects[-1])
    # A core with fused multiply-add, which is what such flags allow: the front end must not use it.
    assert not re.search(r"\bvfn?m[as]", run("arm-none-eabi-objdump", "-d", tmp_path / "frontend.o"))
    run("arm-none-eabi-ar", "rcs", tmp_path / "library.a", *objects)
    sketch, core = folder / "examples" / "link" / "link.ino", STUBS / "arduino" / "core.cpp"
    cpp = ["-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-c"]
    run("arm-none-eabi-g++", *flags, *cpp, sketch, "-o", tmp_path / "sketch.o")
    run("arm-none-eabi-g++", *flags, *cpp, core, "-o", tmp_path / "core.o")
    linked = [tmp_path / "sketch.o", tmp_path / "core.o", tmp_path / "library.a"]
    end = [
        "-lm",
        "--specs=nosys.specs",
        "-nostartfiles",
        "-Wl,--gc-sections",
        "-Wl,-e,main",
        "-o",
        tmp_path / "link.elf",
    ]
    run("arm-none-eabi-gcc", *CORE, *linked, *end)
    assert " T scl_main\n" in run("arm-none-eabi-nm", tmp_path / "link.elf")
