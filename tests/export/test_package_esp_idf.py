"""The ESP-IDF package: built against stand-ins of its build system and UART driver, and validated as a program."""

import re
import shutil

import pytest
import yaml

from tests.export.packages import STUBS, made, renamed, run, tried, validated

IDF = STUBS / "esp-idf"
RISC_V = "riscv64-unknown-elf-gcc"  # Debian's, for 32 bits too; picolibc-riscv64-unknown-elf brings its headers
ESP32_C3 = "-march=rv32imc -mabi=ilp32 --specs=picolibc.specs"


@pytest.fixture(autouse=True)
def idf_path(monkeypatch, build_tools) -> None:
    monkeypatch.setenv("IDF_PATH", str(IDF))


def test_the_manifest_is_a_component_s(bundle_folder, tmp_path):
    """https://docs.espressif.com/projects/idf-component-manager/en/latest/reference/manifest_file.html"""
    manifest = yaml.safe_load((made(bundle_folder, "esp-idf", tmp_path) / "idf_component.yml").read_text())
    assert set(manifest) == {"version", "description", "url", "license", "dependencies"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"]) and re.match("https?://", manifest["url"])
    assert manifest["license"] == "Apache-2.0" and manifest["dependencies"] == {"idf": ">=5.0"}


def test_the_example_answers_as_the_desktop(bundle_folder, tmp_path):
    example = made(bundle_folder, "esp-idf", tmp_path) / "examples" / "link"
    run("cmake", "-S", example, "-B", tmp_path / "build")
    run("cmake", "--build", tmp_path / "build")
    report = validated(tmp_path / "build" / "link", bundle_folder, tmp_path)
    assert report["board"] == "stub"
    assert report["parity"]["max_lsb"] == 0 and report["parity"]["compared"] == report["sent"] == 200
    configured = (example / "sdkconfig.defaults").read_text()
    assert "CONFIG_ESP_CONSOLE_NONE=y\n" in configured and "CONFIG_LOG_DEFAULT_LEVEL_NONE=y\n" in configured


def test_it_compiles_for_risc_v(bundle_folder, tmp_path):
    if shutil.which(RISC_V) is None:
        pytest.skip(f"{RISC_V} is not installed")
    toolchain = tmp_path / "toolchain.cmake"
    toolchain.write_text(
        f"set(CMAKE_SYSTEM_NAME Generic)\nset(CMAKE_C_COMPILER {RISC_V} {ESP32_C3.replace(' ', ';')})\n"
        "set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)\n"
    )
    example = made(bundle_folder, "esp-idf", tmp_path) / "examples" / "link"
    run("cmake", "-S", example, "-B", tmp_path / "build", "-D", f"CMAKE_TOOLCHAIN_FILE={toolchain}")
    run("cmake", "--build", tmp_path / "build")
    archive = next((tmp_path / "build").rglob("libesp-idf.a"))
    assert " T scl_network_run\n" in run("riscv64-unknown-elf-nm", archive)
    assert "elf32-littleriscv" in run("riscv64-unknown-elf-objdump", "-f", archive)


def test_two_components_in_one_program_are_refused(bundle_folder, tmp_path):
    first = made(bundle_folder, "esp-idf", tmp_path)
    second = made(renamed(bundle_folder, tmp_path / "other"), "esp-idf", tmp_path / "second").rename(tmp_path / "two")
    lists = first / "examples" / "link" / "CMakeLists.txt"
    lists.write_text(lists.read_text().replace("/../..)", f"/../.. {second})"))
    done = tried("cmake", "-S", lists.parent, "-B", tmp_path / "build")
    assert done.returncode != 0
    assert "scl_other: the model scl_tiny is in this program already" in " ".join(done.stderr.split())
