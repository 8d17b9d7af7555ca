"""Shared fixtures: tools and recordings, and a small trained run with all that the exporter makes of it.

Threads are limited before torch is imported: spinning OpenMP workers slow small machines down.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest

LONG = re.compile("pipeline|damaged_models|killed_commands")  # files that take longest
EPOCHS = 6
DRAWS = 2


@pytest.fixture(scope="session")
def board_tools() -> None:
    """Skips where networks cannot be built for a board and run there."""
    for tool in ("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium (playwright.sync_api.Browser); skips where it is not installed."""
    from tests.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder with the real recordings (wisdm/, mitdb/, ptbxl/); skips where there is none."""
    value = os.environ.get("SCL_DATA_DIR")
    if not value:
        pytest.skip("SCL_DATA_DIR is not set: real recordings are not at hand")
    folder = Path(value)
    if not folder.is_dir():
        pytest.skip(f"SCL_DATA_DIR names {folder}, which is not a folder")
    return folder


@dataclass(frozen=True)
class Exported:
    """One network in all its forms, in memory, with the C compiled; inputs are real test windows and rotated copies."""

    run: Any
    ranges: dict[str, tuple[float, float]]
    network: Any  # export.network.quantization.Int8Network
    frontend: Any  # scl.frontend.spec.FrontEndSpec
    tflite: bytes
    onnx: bytes
    c_folder: Path
    engine: Any  # export.proof.c_engine.CEngine
    copies: Any  # train.transformations.rotation.RotatedCopies
    counts: np.ndarray  # int16 (transforms, windows, raw samples, channels) of the copies
    inputs8: np.ndarray  # int8 (transforms, windows, samples, channels)
    flags: np.ndarray  # uint8 (transforms, windows)
    test: Any  # train.data.recordings.WindowSet

    @property
    def inputs(self) -> np.ndarray:
        return self.inputs8.reshape(-1, *self.inputs8.shape[2:])


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the embedded watch set, trained for a few epochs and calibrated."""
    from calibration import ranges
    from train import imu

    folder = tmp_path_factory.mktemp("export") / "run"
    before = os.environ.pop("SCL_DATA_DIR", None)
    try:
        imu.main(["--out", str(folder), "--epochs", str(EPOCHS), "--groups", "turns=IR+ER"])
        ranges.main([str(folder)])
    finally:
        if before is not None:
            os.environ["SCL_DATA_DIR"] = before
    return folder


@pytest.fixture(scope="session")
def exported(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The run, quantized and written in every form."""
    from export.golden.windows import network_inputs
    from export.model import frontend_for
    from export.network import arena
    from export.network.from_encoder import fold
    from export.network.quantization import quantize
    from export.proof.c_engine import CEngine, build_library
    from export.sensor import sensor_for
    from export.writers.c_source import CModel, write_c
    from export.writers.onnx import write_onnx
    from export.writers.tflite import write_tflite
    from scl.artifacts.ranges import read_ranges
    from scl.frontend.resampler import design
    from train.data.stored import windows_for_run
    from train.run.folder import load_run
    from train.transformations.rotation import RotatedCopies

    run, ranges = load_run(run_folder), read_ranges(run_folder)
    network = quantize(fold(run.model, run.info.window.samples), ranges)
    frontend = frontend_for(run, network, sensor_for(run.info, "replay-imu"))
    folder = tmp_path_factory.mktemp("c")
    memory = arena.schedule(network.network)
    coefficients = design(20.0, 20.0).coefficients
    write_c(CModel(network, memory, run.info.labels, "ab" * 32, frontend, coefficients), folder)
    test = windows_for_run(run.info, "test")
    copies, everything = RotatedCopies(test, DRAWS, 0, frontend), np.arange(len(test))
    inputs, flags = network_inputs(copies, everything, frontend)
    return Exported(
        run=run,
        ranges=ranges,
        network=network,
        frontend=frontend,
        tflite=write_tflite(network),
        onnx=write_onnx(network.network, network),
        c_folder=folder,
        engine=CEngine(build_library(folder, tmp_path_factory.mktemp("lib"))),
        copies=copies,
        counts=np.stack([copies.counts(t, everything) for t in range(copies.transforms)]),
        inputs8=inputs,
        flags=flags,
        test=test,
    )


@pytest.fixture(scope="session")
def bundle_folder(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run, exported by the command."""
    from export import quantize

    out = tmp_path_factory.mktemp("bundles") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SCL_DATA_DIR", raising=False)
        options = ["--windows", "40", "--max-loss", "100", "--battery", "small"]
        assert quantize.main([str(run_folder), "--out", str(out), *options]) == 0
    return out


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin first: else one process works alone on the last of them."""
    items.sort(key=lambda item: not (item.path.parent.name == "tutorials" or LONG.search(item.path.name)))
