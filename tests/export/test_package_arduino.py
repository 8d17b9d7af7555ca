"""The Arduino package: a library by the specification, its sketch linked as a core does."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from export import package
from export.package_sensor import OwnSensor, settings_of
from scl.frontend.sensor import Sensor, load_sensor
from tests.export.packages import CORE, STUBS, made, renamed, run, tried

# https://docs.arduino.cc/arduino-cli/library-specification; what arduino-lint calls an error or a warning of it.
CATEGORIES = {"Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage"}
CATEGORIES |= {"Data Processing", "Other"}
REQUIRED = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"}
OPTIONAL = {"depends", "dot_a_linkage", "includes", "precompiled", "ldflags", "license"}
BUSES = STUBS / "arduino" / "buses.cpp"
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


FLAGS = [*CORE, "-Os", "-ffunction-sections", "-fdata-sections", "-I", STUBS / "arduino"]


@pytest.fixture(scope="module")
def library(bundle_folder, build_tools, tmp_path_factory) -> Path:
    """As Arduino builds it: every source in src with the compiler's own dialect, one archive."""
    folder = tmp_path_factory.mktemp("library")
    source_folder, objects = made(bundle_folder, "arduino", folder) / "src", []
    for source in source_folder.rglob("*.c"):
        objects.append(folder / f"{source.stem}.o")
        run("arm-none-eabi-gcc", *FLAGS, "-I", source_folder, "-std=gnu11", "-c", source, "-o", objects[-1])
    run("arm-none-eabi-ar", "rcs", folder / "library.a", *objects)
    return folder / "library.a"


def test_no_product_is_fused_into_a_sum(library):
    """A core with fused multiply-add, which is what such flags allow: the front end must not use it."""
    code = run("arm-none-eabi-objdump", "-d", library.parent / "frontend.o")
    assert "vmul.f32" in code and not re.search(r"\bvfn?m[as]", code)


def test_arduino_s_sketch_links(bundle_folder, library, tmp_path):
    link(made(bundle_folder, "arduino", tmp_path), "link", library, tmp_path)


def link(folder: Path, example: str, library: Path, tmp_path: Path) -> None:
    """A sketch as C++, with C files beside it, and a core."""
    sketch, core = folder / "examples" / example / f"{example}.ino", STUBS / "arduino" / "core.cpp"
    flags = [*FLAGS, "-I", folder / "src"]
    cpp = ["-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-c"]
    linked = [tmp_path / f"{source.stem}.o" for source in (sketch, core, BUSES)]
    for source, target in zip((sketch, core, BUSES), linked, strict=True):
        run("arm-none-eabi-g++", *flags, *cpp, source, "-o", target)
    for source in sketch.parent.glob("*.c"):
        linked.append(tmp_path / f"{source.stem}.o")
        run("arm-none-eabi-gcc", *flags, "-c", source, "-o", linked[-1])
    linked.append(library)
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


@pytest.fixture
def of_sensor(bundle_folder, monkeypatch, tmp_path):
    """of_sensor(name): the package of a bundle as for a sensor that is shipped."""

    def of_sensor(name: str) -> Path:
        monkeypatch.setattr(package, "own_sensor", lambda _manifest: settings_of(load_sensor(name)))
        return made(bundle_folder, "arduino", tmp_path)

    return of_sensor


@pytest.mark.parametrize("name", ["lsm6ds3", "bmi270", "max30003"])
def test_the_sketch_with_a_sensor_links(of_sensor, library, tmp_path, name):
    """Its own port_sensor functions take the place of those of a board without a sensor."""
    folder = of_sensor(name)
    if name == "bmi270":  # what Bosch publishes is not here
        (folder / "examples/live/bmi270_config.c").write_text(
            "#include <stdint.h>\nconst uint8_t bmi270_config_file[8192] = {1};\n"
        )
    link(folder, "live", library, tmp_path)
    symbols = run("arm-none-eabi-nm", "-C", tmp_path / "link.elf")
    assert symbols.count(" T port_sensor_read\n") == 1 and f" T scl_{name}_read\n" in symbols


def test_a_sensor_without_a_driver_has_no_such_sketch(bundle_folder, tmp_path):
    assert not (made(bundle_folder, "arduino", tmp_path) / "examples" / "live").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lsm6ds3", OwnSensor("lsm6ds3", True, 104, 9615, 4, 2000, 0)),
        ("lsm6dso", OwnSensor("lsm6ds3", True, 104, 9615, 4, 2000, 0)),
        ("bmi270", OwnSensor("bmi270", True, 100, 10_000, 4, 2000, 0)),
        ("max30003", OwnSensor("max30003", False, 512, 1953, 0, 0, 20)),
        ("replay-imu", OwnSensor("", True, 20, 50_000, 4, 2000, 0)),
    ],
)
def test_a_driver_is_set_to_the_bundle_s_sensor(name, expected):
    assert settings_of(load_sensor(name)) == expected


def scaled(name: str, rate_hz: float | None = None, **factors: float) -> Sensor:
    """A shipped sensor at another rate, whose parts' counts are worth more, by kind."""
    sensor = load_sensor(name)
    parts = [replace(part, unit_per_count=part.unit_per_count * factors.get(part.kind, 1)) for part in sensor.parts]
    return replace(sensor, rate_hz=rate_hz or sensor.rate_hz, parts=tuple(parts))


@pytest.mark.parametrize(
    ("sensor", "arduino", "zephyr"),
    [
        (load_sensor("lsm6ds3").select(["accelerometer"]), False, True),  # the driver reads both
        (load_sensor("bmi270").select(["gyroscope"]), False, False),
        (load_sensor("bmi270").select(["gyroscope", "accelerometer"]), False, False),
        (replace(load_sensor("ad8232"), name="lsm6ds3"), False, False),
        (replace(load_sensor("bmi270"), name="max30003"), False, True),
        (scaled("lsm6ds3", 104.5), False, True),
        (scaled("lsm6ds3", 100), False, True),
        (scaled("bmi270", 800, accelerometer=4, gyroscope=1 / 16), True, True),  # 16 g, 125 dps
        (scaled("lsm6ds3", gyroscope=1 / 16), False, True),  # 125 dps, which the driver does not have
        (scaled("lsm6ds3", accelerometer=1.2), False, True),  # 4.8 g
        (scaled("bmi270", gyroscope=1.147), False, True),  # what the LSM6DS3 gives
        (scaled("max30003", 128, ecg=1 / 8), True, False),  # 160 V/V
        (scaled("max30003", ecg=1 / 3), False, False),
        (replace(load_sensor("max30003"), parts=(replace(load_sensor("max30003").parts[0], shift=1),)), False, False),
    ],
)
def test_an_example_is_for_what_its_driver_gives(sensor, arduino, zephyr):
    """Parts and their order, rate and ranges: no sketch that could not start, or would give other counts."""
    own = settings_of(sensor)
    assert (own.fits("arduino"), own.fits("zephyr")) == (arduino, zephyr)


def test_three_parts_have_no_example():
    sensor = load_sensor("bmi270")
    third = replace(sensor.parts[0], kind="magnetometer")
    own = settings_of(replace(sensor, parts=(*sensor.parts, third)))
    assert not own.fits("arduino") and not own.fits("zephyr")


# The sketch's part.h on this computer, whose buses write down what passes.
MAIN = """
#include "part.h"
#include <stdio.h>
extern uint8_t part_registers[256], part_on_i2c;
int main()
{
    int16_t counts[6] = {0};
    uint32_t taken = 7;
    part_on_i2c = 0x6A;
    part_registers[0x0F] = 0x69;
    if (part_start() != SCL_PART_OK) {
        return 1;
    }
    part_registers[0x3A] = 6;
    for (uint8_t i = 0; i < 12; i++) {
        part_registers[0x3E + i] = i;
    }
    if (part_read(counts, &taken) != SCL_PART_OK) {
        return 2;
    }
    printf("%u: %d %d\\n", (unsigned)taken, counts[0], counts[3]);
    part_on_i2c = 0;
    return part_read(counts, &taken) == SCL_PART_BUS ? 3 : 0;
}
"""


# As the link calls the sketch.
SKETCH = """
#include <stdio.h>
#include "live.ino"
#define main core_main
#include "core.cpp"
#undef main
extern uint8_t part_registers[256], part_on_i2c;
extern "C" void scl_main(void) {}
int main()
{
    int16_t counts[6] = {0};
    part_on_i2c = 0x6A;
    part_registers[0x0F] = 0x69;
    if (port_sensor_waits() || !port_sensor_start()) {
        return 1;
    }
    part_registers[0x3A] = 6;
    printf("waits: ");
    printf("%d\\n", port_sensor_waits());
    printf("%u\\n", (unsigned)port_sensor_read(counts));
    part_on_i2c = 0;
    printf("%u\\n", (unsigned)port_sensor_read(counts));
    port_sensor_stop();
    return port_sensor_waits() ? 2 : 0;
}
"""

# More than a register has.
LONG_WRITE = """
#include "part.h"
int main()
{
    const uint8_t data[5] = {1, 2, 3, 4, 5};
    return spi_write(NULL, 0x10, data, sizeof data) ? 1 : 0;
}
"""


def traced(folder: Path, name: str, tmp_path: Path, program: str = MAIN) -> tuple[int, list[str]]:
    """What the sketch's part gives and what passed on its bus: the status, and the lines of stubs/arduino/buses.cpp."""
    live = folder / "examples" / "live"
    (live / "main.cpp").write_text(program)
    include = [f"-I{STUBS / 'arduino'}", f"-I{folder / 'src'}", f"-I{live}"]
    run("gcc", *include, "-c", folder / "src" / "scl" / f"{name}.c", "-o", tmp_path / "part.o")
    run("g++", *include, live / "main.cpp", BUSES, tmp_path / "part.o", "-o", tmp_path / "go")
    done = tried(tmp_path / "go")
    return done.returncode, done.stdout.splitlines()


def test_what_goes_over_wire(of_sensor, build_tools, tmp_path):
    """A register's address, a repeated start, a read; a part that does not acknowledge is an error (3)."""
    assert traced(of_sensor("lsm6ds3"), "lsm6ds3", tmp_path) == (3, [
        *("clock 400000", "6a w repeated start 0f", "6a r 1"),
        *("6a w 12 01", "6a w repeated start 12", "6a r 1", "6a w 12 44"),
        *("6a w 10 48", "6a w 11 4c", "6a w 0a 00", "6a w 08 09", "6a w 0a 26"),
        *("6a w repeated start 3a", "6a r 4", "6a w repeated start 3e", "6a r 12", "1: 1798 256"),
    ])  # fmt: skip


def test_what_goes_over_spi(of_sensor, build_tools, tmp_path):
    """32 bits a transfer: the address one bit up and the bit of a read, then the 24 of a register."""
    transfers = [
        *("10 00 00 00", "1f 00 00 00", "1f 00 00 00", "20 08 00 17", "28 00 00 00", "2a 00 00 00"),
        *("08 00 00 04", "03 00 00 00", "12 00 00 00", "03 00 00 00", "43 00 00 00"),
    ]
    selected = [f"low 10 {transfer} high 10" for transfer in transfers]
    assert traced(of_sensor("max30003"), "max30003", tmp_path) == (
        0, [" high 10", *selected, "1: 20784 0", *selected[-2:]],
    )  # fmt: skip


def test_no_more_than_a_register_goes_over_spi(of_sensor, build_tools, tmp_path):
    assert traced(of_sensor("max30003"), "max30003", tmp_path, LONG_WRITE) == (0, [])


def test_the_sketch_asks_its_part_for_a_sample_only_when_it_is_read(of_sensor, build_tools, tmp_path):
    """Whether one waits is asked with interrupts masked, where Wire would hang."""
    status, lines = traced(of_sensor("lsm6ds3"), "lsm6ds3", tmp_path, SKETCH)
    assert status == 0 and lines[lines.index("waits: 1") :] == [
        "waits: 1", "6a w repeated start 3a", "6a r 4", "6a w repeated start 3e", "6a r 12", "1", "0",
    ]  # fmt: skip
