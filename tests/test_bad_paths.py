"""Every path that a command takes, given names that no disk has room for, or where something else stands: the error
names the path and what to do, exit status 2, and never a traceback.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from scl.artifacts.bundle import MANIFEST, hashes, read_run_bundle, write_manifest
from scl.artifacts.capture import Capture, write_capture
from scl.toolchain import MODEL_FILES
from tests.bundles import write_bundle
from tests.tiny_wisdm import write_archive
from tests.warm import Warm

PRELOAD = (
    "torch", "calibration.ranges", "calibration.sensor", "export.from_tflite", "export.profile", "firmware_host.probe",
    "firmware_host.validate", "train.data.watch", "train.data.wisdm", "train.ecg", "train.imu", "train.run.folder",
    "train.run.session", "train.run.task", "train.transfer",
)  # fmt: skip
LONG = "n" * 300
HANGS_S = 60.0
# To write to: name, what has to be said of it.
TARGETS = {
    "file/x": "move it away",
    "file/x/y": "move it away",
    "dangling/x": "move it away",
    LONG: "255 bytes",
    f"{LONG}/x": "255 bytes",
    f"deep/{LONG}": "255 bytes",
    "circle/x": "or choose",
    "/proc/x": "check the name",
    "/sys/x": "get the right",
    "/dev/null": "/dev/null: is a",
}
FOLDERS = {"file": "is a file", "dangling": "is a link", "circle": "is a link", "/dev/shm": "is a mount point"}
FILES = {"folder": "move it away", "pipe": "is a device or a pipe", "/dev": "move it away"}
SOURCES = (LONG, f"{LONG}/x", "file/x", "dangling", "circle", "missing", "pipe", "folder", "/dev/zero")
# The path's place is {}.
WRITE_FOLDER = (
    "train.imu --data wisdm.zip --out {}",
    "train.ecg --synthetic --out {}",
    "train.fusion --out {}",
    "export.quantize missing --out {}",
    "export.package bundle --for cmake --out {}",
    "firmware_host.validate bundle --port native --out {}",
)
WRITE_FILE = (
    "export.capture missing --sensor bmi270 --out {}",
    "export.recording missing --out {}",
    "firmware_host.capture bundle --port native --seconds 1 --out {}",
    "firmware_host.probe bundle --port native --out {}",
)
READ = (
    "train.imu --data {} --out out",
    "train.imu --config {} --out out",
    "train.ecg --data {} --out out",
    "train.fusion --imu-data {} --out out",
    "train.sweep {}",
    "train.probe {}",
    "train.transfer {} --eval-data watch-set",
    "calibration.ranges {}",
    "calibration.sensor show {}",
    "calibration.sensor still {} --sensor bmi270 --out out",
    "calibration.sensor six-position {} --sensor bmi270 --out out",
    "calibration.sensor gyroscope {} --sensor bmi270 --out out",
    "export.quantize {} --out out",
    "export.quantize --from {} --out out",
    "export.profile {}",
    "export.profile {} --estimate",
    "export.package {} --for cmake --out out",
    "export.capture {} --sensor bmi270 --out out",
    "export.capture missing --sensor {} --out out",
    "export.recording {} --out out",
    "firmware_host.validate {} --port native --out out",
    "firmware_host.stream {} --port native --record out",
    "firmware_host.stream bundle --port native --record {}",
    "firmware_host.stream bundle --port native --record capture --calibration {}",
    "firmware_host.capture {} --port native --seconds 1 --out out",
    "firmware_host.capture bundle --port native --seconds 1 --out out --play {}",
    "firmware_host.probe {} --port native --out out",
)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    warm = Warm(PRELOAD, {"SCL_CACHE_DIR": str(tmp_path_factory.mktemp("cache")), "SCL_DATA_DIR": ""})
    yield warm
    warm.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("place")
    (place / "file").write_text("precious")
    (place / "folder").mkdir()
    (place / "deep").mkdir()
    (place / "dangling").symlink_to("nowhere")
    (place / "circle").symlink_to("circle")
    os.mkfifo(place / "pipe")
    bundle = write_bundle(place / "bundle")
    manifest = read_run_bundle(bundle).manifest
    (bundle / "c").mkdir()
    for name in MODEL_FILES:
        (bundle / "c" / name).write_text("")
    (bundle / MANIFEST).unlink()
    write_manifest(bundle, replace(manifest, files=hashes(bundle)))
    sensor, channels = manifest.frontend.sensor, manifest.window.channels
    counts = np.zeros((10, len(channels)), np.int16)
    write_capture(place / "capture", Capture(sensor.name, sensor.rate_hz, channels, counts))
    write_archive(place / "wisdm.zip")
    return place


# What a file would be written over, each a user's own; {} is its place.
OVER = (
    "export.recording missing --out {}",
    "firmware_host.capture bundle --port native --seconds 1 --out {}",
    "firmware_host.probe bundle --port native --out {}",
    "calibration.sensor six-position capture --sensor bmi270 --out {}",
    # --trace has its own test, in tests/firmware_host/test_trace.py.
)


def some(lines: tuple[str, ...]) -> list[ParameterSet]:
    """Every line, two of three of them for make test-faults."""
    return [pytest.param(line, marks=() if i % 3 == 0 else pytest.mark.faults) for i, line in enumerate(lines)]


def refused(warm: Warm, place: Path, line: str, path: str) -> str:
    """The error of a command."""
    module, *arguments = (path if part == "{}" else part for part in line.split())
    ended = warm.run(module, *arguments, cwd=place, after_s=HANGS_S)
    assert "Traceback" not in ended.output and ended.status == 2, (line, path, ended)
    last = ended.output.splitlines()[-1]
    assert last.startswith("error: "), (line, path, ended.output)
    return last


@pytest.mark.parametrize("line", some((*WRITE_FOLDER, *WRITE_FILE)))
def test_where_nothing_can_be_written(warm: Warm, place: Path, line: str) -> None:
    """Said before anything takes time, and what stands there stays."""
    before = names(place)
    for path, said in (TARGETS | (FOLDERS if line in WRITE_FOLDER else FILES)).items():
        error = refused(warm, place, line, path)
        assert said in error and path.split("/x")[0] in error and ("choose" in error or "--out" in error), (
            line,
            path,
            error,
        )
    assert names(place) == before and (place / "file").read_text() == "precious"


@pytest.mark.parametrize("line", OVER)
def test_a_file_of_another_kind_is_not_overwritten(warm: Warm, place: Path, line: str) -> None:
    for path in ("file", "bundle/manifest.json", "bundle/golden.npz", "wisdm.zip"):
        before = (place / path).read_bytes()
        error = refused(warm, place, line, path)
        assert path in error and "exists" in error and "another file" in error, (line, path, error)
        assert (place / path).read_bytes() == before


@pytest.mark.parametrize("command", ["capture bundle --seconds 1", "probe bundle"])
def test_a_trace_and_what_a_command_writes_are_two_files(warm: Warm, place: Path, command: str) -> None:
    line = f"firmware_host.{command} --port native --out folder/../new --trace {{}}"
    assert "is named by --out and by --trace; name another file" in refused(warm, place, line, "new")
    assert not (place / "new").exists()


@pytest.mark.parametrize("line", some(READ))
def test_what_cannot_be_read(warm: Warm, place: Path, line: str) -> None:
    for path in SOURCES:
        error = refused(warm, place, line, path)
        assert path in error or repr(path)[1:50] in error, (line, path, error)


def names(place: Path) -> list[str]:
    return sorted(str(path) for path in place.rglob("*"))
