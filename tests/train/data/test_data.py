"""Which recordings a command uses, and that a run gets its own back."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scl.artifacts import InputError
from train.data import load, recordings_for_run, resolve, windows_for_run
from train.data.download import FILE
from train.data.splits import split_random, split_subjects


def test_data_then_environment_then_the_embedded_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    assert resolve(None) is None
    monkeypatch.setenv("SCL_DATA_DIR", str(tmp_path))
    assert resolve("elsewhere.zip") == Path("elsewhere.zip")
    with pytest.raises(
        InputError, match="SCL_DATA_DIR is .*, which holds none of wisdm/wisdm-dataset.zip, .*give --data PATH"
    ):
        resolve(None)
    folder = tmp_path / "wisdm"
    folder.mkdir()
    for name in (FILE, "wisdm-dataset", "wisdm-dataset.zip"):  # each goes before those made so far
        (folder / name).touch()
        assert resolve(None) == folder / name


def test_ecg_sets_are_found_as_their_publishers_name_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCL_DATA_DIR", str(tmp_path))
    folder = tmp_path / "mitdb"
    folder.mkdir()
    (folder / "RECORDS").touch()
    assert resolve(None, "mitdb") == folder  # the files lie open
    (folder / "mit-bih-arrhythmia-database-1.0.0").mkdir()
    assert resolve(None, "mitdb") == folder / "mit-bih-arrhythmia-database-1.0.0"
    (folder / "mit-bih-arrhythmia-database-1.0.0.zip").touch()
    assert resolve(None, "mitdb") == folder / "mit-bih-arrhythmia-database-1.0.0.zip"
    with pytest.raises(InputError, match="holds none of ptbxl/ptb-xl-a-large"):
        resolve(None, "ptbxl")


@pytest.fixture
def run(make_wisdm: Callable[..., Path]) -> Any:
    """What of a run the data need, and the archive that it was trained on."""
    archive = make_wisdm()
    recordings = load(archive)
    info = {
        "task": "imu",
        "window": {"samples": 200, "rate_hz": 20.0},
        "split": split_subjects(recordings.groups, 1),
        "data": {"name": "wisdm", "device": "watch", "sensors": ["accel", "gyro"], "sha256": recordings.sha256},
    }
    return SimpleNamespace(path=Path("runs/x"), info=info, archive=archive)


@pytest.mark.parametrize(("part", "starts"), [("train", range(0, 401, 100)), ("test", range(0, 401, 200))])
def test_windows_of_a_run_are_cut_from_its_recordings(run: Any, part: str, starts: range) -> None:
    """30 s hold three windows of 10 s without overlap and five with half."""
    found = windows_for_run(run, part, run.archive)
    blocks = [b for b in load(run.archive).blocks if b.group in run.info["split"][part]]
    expected = np.stack([b.x[:, s : s + 200] for b in blocks for s in starts])
    assert np.array_equal(found.x, expected) and found.x.dtype == np.float32
    assert found.groups.tolist() == [b.group for b in blocks for _ in starts]
    assert found.labels.tolist() == [b.label for b in blocks for _ in starts]


def test_windows_of_a_random_split_are_the_same_every_time(run: Any) -> None:
    run.info["split"] = split_random(load(run.archive).groups, 2)
    once, again = (windows_for_run(run, "test", run.archive) for _ in range(2))
    assert np.array_equal(once.x, again.x) and len(once) == round(0.2 * 4 * 3 * 3)


def test_a_run_refuses_other_recordings(
    run: Any, make_wisdm: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_wisdm(seconds=20)
    with pytest.raises(InputError, match=r"SHA-256 is .* but runs/x was trained on .* with --data"):
        recordings_for_run(run, other)
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    with pytest.raises(InputError, match="runs/x: was trained on wisdm; say where it is"):
        recordings_for_run(run)
