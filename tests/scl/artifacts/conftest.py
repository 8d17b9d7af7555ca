"""A valid run, and what stands in a file's place."""

import os
from pathlib import Path

import pytest

from scl.artifacts.architecture import Architecture
from scl.artifacts.run import (
    DataSource,
    InputSteps,
    Normalisation,
    RunInfo,
    SensorChannels,
    Split,
    TransformationInfo,
    WindowInfo,
)
from scl.partition import Partition


@pytest.fixture
def run_info() -> RunInfo:
    """With something in every field, so that every type of entry is there."""
    return RunInfo(
        name="demo",
        task="beat",
        method="scl",
        transformation=TransformationInfo("shift", {"least": -2.0, "most": 6.0}, "a time shift of -4 to 12 samples"),
        labels=("N, normal", "S"),
        multilabel=False,
        partition=Partition(4, 3, 5),
        window=WindowInfo(40, 125.0, ("I", "II"), ("mV", "mV")),
        sensors=(SensorChannels("ecg", (0, 1)),),
        frontend=InputSteps(band_hz=(0.5, 40.0), warmup_s=1.0),
        normalisation=Normalisation((0.0, -0.25), (1.0, 2.0), 8.0),
        architecture=Architecture((8, 8), (2, 1), (3, 5)),
        parameters=1000,
        split=Split("record", False, 0, (101, 102), (103,), (201, 202), fold=1, same_patient=(102, 202)),
        data=DataSource("mitdb", {"rate_hz": 125}, "0" * 64, {"records": [101]}),
        config={"epochs": 3},
        seed=0,
        versions={"python": "3.11"},
        weights_sha256="f" * 64,
    )


@pytest.fixture
def unreadable(tmp_path: Path) -> list[Path]:
    """Paths at which no file is that may be read."""
    folder = tmp_path / "unreadable"
    (folder / "a folder").mkdir(parents=True)
    (folder / "dangling").symlink_to(folder / "missing")
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "zero").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    names = ("a folder", "dangling", "circle", "zero", "pipe", "missing", "a folder/missing", "n" * 300)
    return [folder / name for name in names]
