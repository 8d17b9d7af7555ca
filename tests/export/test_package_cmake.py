"""The CMake package: built as its users would, and its application answers on the board."""

import re
import socket
import time
from pathlib import Path

import pytest

from export import quantize
from firmware_host import emulator, validate
from scl.artifacts import InputError, read_json
from tests.export.packages import made, renamed, run, tried
from tests.firmware.damaged_models import SmallNet

PROGRAM = """
#include <scl/model.h>
#include <stdio.h>

static scl_model model;

int main(void)
{
    const int16_t counts[SCL_CHANNELS] = {0};
    int answers = 0;
    scl_model_init(&model);
    for (int i = 0; i < 1000; i++) {
        if (scl_model_push_sample(&model, counts)) {
            answers++;
            if (scl_model_run(&model).class_index < 0) {
                return 1;
            }
        }
    }
    printf("%d answers\\n", answers);
    return 0;
}
"""


def once_it_listens(call):
    """Calls again while QEMU has not opened its socket yet."""
    for _ in range(100):
        try:
            return call()
        except InputError as error:
            if "refused" not in str(error):
                raise
            time.sleep(0.1)
    raise TimeoutError("nothing listens")


@pytest.mark.parametrize("of", ["a run", "a model from elsewhere"])
def test_cmake_s_application_answers_like_the_desktop(of, request, build_tools, tmp_path):
    """Built for the Cortex-M4F and run in QEMU, as the README says; validate finds it by its socket."""
    if of == "a run":
        bundle, windows = request.getfixturevalue("bundle_folder"), 200
    else:
        bundle, windows = tmp_path / "bundle", 100
        (tmp_path / "model.tflite").write_bytes(SmallNet().bytes())
        assert quantize.main(["--from", str(tmp_path / "model.tflite"), "--out", str(bundle)]) == 0
    folder, build = made(bundle, "cmake", tmp_path), tmp_path / "build"
    toolchain = folder / "cmake" / "mps2-an386.cmake"
    run("cmake", "-S", folder, "-B", build, "-D", f"CMAKE_TOOLCHAIN_FILE={toolchain}")
    run("cmake", "--build", build)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["qemu-system-arm", "-M", "mps2-an386", "-kernel", str(build / "link.elf"), "-display", "none"]
    command += ["-monitor", "none", "-serial", f"tcp:127.0.0.1:{port},server=on,nodelay=on"]
    with emulator._process(command):
        arguments = [str(bundle), "--port", f"socket://127.0.0.1:{port}", "--out", str(tmp_path / "report")]
        assert once_it_listens(lambda: validate.main(arguments)) == 0
    report = read_json(tmp_path / "report" / "validation.json", "validation", 7)
    assert report["parity"]["max_lsb"] == 0 and report["parity"]["compared"] == report["sent"] == windows


def test_cmake_s_libraries_build_for_this_computer(bundle_folder, build_tools, tmp_path):
    folder = made(bundle_folder, "cmake", tmp_path)
    run("cmake", "-S", folder, "-B", tmp_path / "build")
    run("cmake", "--build", tmp_path / "build")
    assert {path.name for path in (tmp_path / "build").glob("*.a")} == {"libscl_model.a", "libscl_link.a"}


@pytest.fixture
def project(tmp_path) -> Path:
    """Somebody's project, without the line that brings the model."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.c").write_text(PROGRAM)
    return folder


def build(project: Path, brings: str, *settings: str) -> str:
    """Builds and runs it; what it prints."""
    lines = ["cmake_minimum_required(VERSION 3.21)", "project(app C)", brings, "add_executable(app app.c)"]
    (project / "CMakeLists.txt").write_text("\n".join([*lines, "target_link_libraries(app PRIVATE scl::model)\n"]))
    run("cmake", "-S", project, "-B", project / "build", *settings)
    run("cmake", "--build", project / "build")
    return run(project / "build" / "app")


def test_a_project_adds_the_folder(bundle_folder, build_tools, project, tmp_path):
    """Without the link, which nothing there wants, and without an install rule of its own."""
    folder = made(bundle_folder, "cmake", tmp_path)
    assert re.fullmatch(r"\d+ answers\n", build(project, f"add_subdirectory({folder} model)"))
    assert {path.name for path in (project / "build").rglob("*.a")} == {"libscl_model.a"}
    run("cmake", "--install", project / "build", "--prefix", tmp_path / "prefix")
    assert not (tmp_path / "prefix").exists()
    run("cmake", "--build", project / "build", "--target", "scl_link")


def installed(bundle: Path, folder: Path) -> Path:
    package = made(bundle, "cmake", folder / bundle.name)
    run("cmake", "-S", package, "-B", folder / bundle.name / "build")
    run("cmake", "--build", folder / bundle.name / "build")
    run("cmake", "--install", folder / bundle.name / "build", "--prefix", folder / "prefix")
    return folder / "prefix"


def test_a_project_finds_what_was_installed(bundle_folder, build_tools, project, tmp_path):
    prefix = installed(bundle_folder, tmp_path)
    brings = "find_package(scl_tiny REQUIRED)"
    answers = build(project, f"{brings}\n{brings}", "-D", f"CMAKE_PREFIX_PATH={prefix}")  # twice is once
    assert re.fullmatch(r"\d+ answers\n", answers)
    used = (project / "build" / "CMakeFiles" / "app.dir" / "link.txt").read_text()
    assert str(prefix / "lib" / "scl_tiny" / "libscl_model.a") in used


def test_two_models_in_one_program_are_refused(bundle_folder, build_tools, project, tmp_path):
    """However each is brought; side by side in one prefix they are no matter."""
    other = renamed(bundle_folder, tmp_path / "other")
    prefix = installed(bundle_folder, tmp_path)
    assert installed(other, tmp_path) == prefix
    finds = ["find_package(scl_tiny REQUIRED)", "find_package(scl_other REQUIRED)"]
    adds = [f"add_subdirectory({tmp_path / name / 'cmake'} {name})" for name in ("tiny", "other")]
    for index, brings in enumerate((finds, adds, [finds[0], adds[1]], [adds[0], finds[1]])):
        lines = ["cmake_minimum_required(VERSION 3.21)", "project(app C)", *brings]
        (project / "CMakeLists.txt").write_text("\n".join(lines))
        done = tried("cmake", "-S", project, "-B", project / str(index), "-D", f"CMAKE_PREFIX_PATH={prefix}")
        assert done.returncode != 0
        assert "scl_other: the model scl_tiny is in this program already" in " ".join(done.stderr.split())


@pytest.mark.exact
def test_flags_of_a_project_do_not_undo_the_toolchain_s(bundle_folder, build_tools, tmp_path):
    folder, attributes = made(bundle_folder, "cmake", tmp_path), []
    toolchain = f"CMAKE_TOOLCHAIN_FILE={folder / 'cmake' / 'mps2-an386.cmake'}"
    for name, flags in (("plain", []), ("flags", ["-D", "CMAKE_C_FLAGS=-g", "-D", "CMAKE_EXE_LINKER_FLAGS=-g"])):
        run("cmake", "-S", folder, "-B", tmp_path / name, "-D", toolchain, *flags)
        run("cmake", "--build", tmp_path / name)
        attributes.append(run("arm-none-eabi-readelf", "--arch-specific", tmp_path / name / "link.elf"))
    assert attributes[0] == attributes[1]
    assert "Tag_ABI_VFP_args: VFP registers" in attributes[0] and 'Tag_CPU_name: "7E-M"' in attributes[0]
