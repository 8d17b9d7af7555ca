"""Which recordings a command uses, and that a run gets its own back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.artifacts.run import DataSource, RunInfo, WindowInfo
from scl.partition import Partition
from tests.run_info import run_info
from train.data.registry import data_set
from train.data.splits import split_random, split_subjects
from train.data.stored import recordings_for_run, resolve, windows_for_run
from train.data.wisdm import DOWNLOADED, load

WISDM = data_set("wisdm")


def test_data_then_environment_then_the_embedded_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    assert resolve(None, WISDM) is None
    monkeypatch.setenv("SCL_DATA_DIR", str(tmp_path))
    assert resolve("elsewhere.zip", WISDM) == Path("elsewhere.zip")
    with pytest.raises(
        InputError, match="SCL_DATA_DIR is .*, which holds none of wisdm/wisdm-dataset.zip, .*give --data PATH"
    ):
        resolve(None, WISDM)
    folder = tmp_path / "wisdm"
    folder.mkdir()
    for name in (DOWNLOADED, "wisdm-dataset", "wisdm-dataset.zip"):  # each goes before those made so far
        (folder / name).touch()
        assert resolve(None, WISDM) == folder / name


def test_ecg_sets_are_found_as_their_publishers_name_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCL_DATA_DIR", str(tmp_path))
    folder = tmp_path / "mitdb"
    folder.mkdir()
    (folder / "RECORDS").touch()
    assert resolve(None, data_set("mitdb")) == folder  # the files lie open
    (folder / "mit-bih-arrhythmia-database-1.0.0").mkdir()
    assert resolve(None, data_set("mitdb")) == folder / "mit-bih-arrhythmia-database-1.0.0"
    (folder / "mit-bih-arrhythmia-database-1.0.0.zip").touch()
    assert resolve(None, data_set("mitdb")) == folder / "mit-bih-arrhythmia-database-1.0.0.zip"
    with pytest.raises(InputError, match="holds none of ptbxl/ptb-xl-a-large"):
        resolve(None, data_set("ptbxl"))


@dataclass(frozen=True)
class Run:
    """A run's description, and the archive that it was trained on."""

    info: RunInfo
    archive: Path


@pytest.fixture
def run(make_wisdm: Callable[..., Path]) -> Run:
    archive = make_wisdm()
    recordings = load(archive)
    info = run_info(
        Architecture(),
        Partition(32, 32, 64),
        WindowInfo(200, 20.0, recordings.channels, recordings.units),
        recordings.labels,
        split=split_subjects(recordings.groups, 1),
        data=DataSource("wisdm", {"device": "watch", "sensors": ["accel", "gyro"]}, recordings.sha256, {}),
    )
    return Run(info, archive)


@pytest.mark.parametrize(("part", "starts"), [("train", range(0, 401, 100)), ("test", range(0, 401, 200))])
def test_windows_of_a_run_are_cut_from_its_recordings(run: Run, part: str, starts: range) -> None:
    """30 s hold three windows of 10 s without overlap and five with half."""
    found = windows_for_run(run.info, part, run.archive)
    blocks = [b for b in load(run.archive).blocks if b.group in run.info.split.part(part)]
    expected = np.stack([b.x[:, s : s + 200] for b in blocks for s in starts])
    assert np.array_equal(found.x, expected) and found.x.dtype == np.float32
    assert found.groups.tolist() == [b.group for b in blocks for _ in starts]
    assert found.labels.tolist() == [b.label for b in blocks for _ in starts]


def test_windows_of_a_random_split_are_the_same_every_time(run: Run) -> None:
    info = replace(run.info, split=split_random(load(run.archive).groups, 2))
    once, again = (windows_for_run(info, "test", run.archive) for _ in range(2))
    assert np.array_equal(once.x, again.x) and len(once) == round(0.2 * 4 * 3 * 3)


def test_a_run_refuses_other_recordings(
    run: Run, make_wisdm: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_wisdm(seconds=20)
    with pytest.raises(InputError, match=r"SHA-256 is .* but run x was trained on .* with --data"):
        recordings_for_run(run.info, other)
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    with pytest.raises(InputError, match="run x: was trained on wisdm; say where it is"):
        recordings_for_run(run.info)
