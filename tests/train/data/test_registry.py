"""A data set is added with its loader and its line in the registry: training, calibration and the windows of a run find
it by its name. The made-up one here is what docs/ADDING.md describes.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from calibration import ranges
from scl.artifacts import InputError, sha256_file
from scl.artifacts.ranges import read_ranges
from train.data import registry
from train.data.data_set import DataSet, Options, Source, needed, text_option
from train.data.recordings import Block, Recordings
from train.data.registry import data_set, data_set_at
from train.data.stored import resolve, windows_for_run
from train.run.config import TrainConfig
from train.run.folder import load_run
from train.run.session import train_run
from train.run.summary import summary
from train.run.task import imu_task
from train.run.working_folder import WorkingFolder

AXES = ("acc_x", "acc_y", "acc_z")


def load_made_up(path: Path | None, options: Options) -> Recordings:
    """A text file of `subject,class,x,y,z` lines, one sample each, 20 a second; `options["unit"]` is g or m/s^2."""
    path = needed(path, "made-up")
    scale = {"g": 9.80665, "m/s^2": 1.0}[text_option(options, "unit", "m/s^2")]
    rows = np.loadtxt(path, delimiter=",")
    changes = np.flatnonzero((np.diff(rows[:, :2], axis=0) != 0).any(axis=1)) + 1
    blocks = tuple(
        Block(int(part[0, 0]), int(part[0, 1]), (scale * part[:, 2:].T).astype(np.float32))
        for part in np.split(rows, changes)
    )
    sensors = (("accelerometer", (0, 1, 2)),)
    return Recordings("made-up", 20.0, 2.0, AXES, ("m/s^2",) * 3, sensors, ("still", "wave"), blocks, sha256_file(path))


MADE_UP = DataSet("made-up", "imu", load_made_up, "replay-imu", ("made-up/all.csv",))


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that SCL_DATA_DIR names, with ten people's recordings in g; the data set is registered."""
    rng, lines, time = np.random.default_rng(0), [], np.arange(400) / 20
    for subject in range(10):
        for label in (0, 1):
            x = rng.normal(0, 0.05, (400, 3)) + [0, 0, 1]
            x[:, 0] += label * np.sin(2 * np.pi * 1.5 * time)
            lines += [f"{subject},{label},{a:.5f},{b:.5f},{c:.5f}" for a, b, c in x]
    (tmp_path / "made-up").mkdir()
    (tmp_path / "made-up" / "all.csv").write_text("\n".join(lines))
    monkeypatch.setitem(registry.DATA_SETS, MADE_UP.name, MADE_UP)
    monkeypatch.setenv("SCL_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("train.run.loop.pick_device", lambda: torch.device("cpu"))
    return tmp_path


def test_a_made_up_data_set_goes_from_training_to_ranges(data_folder: Path, capsys: pytest.CaptureFixture) -> None:
    source = Source("made-up", {"unit": "g"})
    data_set = registry.data_set(source.data_set)
    recordings = data_set.load(resolve(None, data_set), source.options)
    config = TrainConfig().changed(epochs=1, draws=1, batch_size=32, partition="8/8/16", input="invariant")
    task = imu_task(recordings, source, config)
    out = data_folder / "run"
    metrics = train_run(task, config, WorkingFolder(out))
    assert metrics is not None and "windows of 2 subjects" in summary(metrics)

    info = load_run(out).info
    assert (info.data.name, info.data.options, info.labels) == ("made-up", {"unit": "g"}, ("still", "wave"))
    test = windows_for_run(info, "test")
    np.testing.assert_array_equal(test.x, task.parts["test"].x)
    np.testing.assert_array_equal(test.labels, task.parts["test"].labels)
    assert set(test.groups) == set(info.split.test)
    # By hand: two people's 20 s of each class make ten windows of 2 s, and the first lies in the file.
    assert test.x.shape == (2 * 2 * 10, 3, 40)
    rows = np.loadtxt(data_folder / "made-up" / "all.csv", delimiter=",")
    first = rows[(rows[:, 0] == test.groups[0]) & (rows[:, 1] == test.labels[0])][:40, 2:]
    np.testing.assert_allclose(test.x[0], 9.80665 * first.T, rtol=1e-6)

    assert ranges.main([str(out), "--windows", "20", "--draws", "1"]) == 0
    assert set(read_ranges(out)) >= {"input", "features", "logits"}
    people = json.loads((out / "ranges.json").read_text())["subjects"]
    assert people and set(people) <= set(info.split.train)
    assert "made-up: 10 subjects, 2 classes" in capsys.readouterr().out


def test_a_run_refuses_other_recordings_of_a_made_up_data_set(data_folder: Path) -> None:
    path = data_folder / "made-up" / "all.csv"
    recordings = load_made_up(path, {"unit": "g"})
    config = TrainConfig().changed(epochs=1, draws=1, batch_size=32, partition="8/8/16")
    train_run(
        imu_task(recordings, Source("made-up", {"unit": "g"}), config), config, WorkingFolder(data_folder / "run")
    )
    info = load_run(data_folder / "run").info
    path.write_text(path.read_text().replace("0,0,", "0,1,", 1))
    with pytest.raises(InputError, match="give the same recordings with --data"):
        windows_for_run(info, "test")


def test_a_data_set_that_is_not_registered_is_named() -> None:
    with pytest.raises(InputError, match="data set 'made-up' is not known, expected one of wisdm, watch"):
        registry.data_set("made-up")


@pytest.mark.parametrize("name", registry.DATA_SETS)
def test_every_data_set_is_registered_under_its_own_name(name: str) -> None:
    assert registry.data_set(name).name == name


def laid_out(folder: Path, *names: str, zipped: bool) -> Path:
    """A folder of files with these names and a byte in each, or the zip of it."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return Path(shutil.make_archive(str(folder), "zip", folder)) if zipped else folder


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    "signal, names, expected",
    [
        ("imu", ("wisdm-dataset/activity_key.txt",), "wisdm"),
        ("imu", ("raw/watch/accel/data_1600_accel_watch.txt",), "wisdm"),
        ("imu", ("wisdm-dataset.zip",), "wisdm"),
        ("ecg", ("RECORDS", "100.hea", "234.hea"), "mitdb"),
        ("ecg", ("mit-bih-arrhythmia-database-1.0.0/RECORDS", "mit-bih-arrhythmia-database-1.0.0/208.hea"), "mitdb"),
        ("ecg", ("ptb-xl/ptbxl_database.csv", "ptb-xl/RECORDS"), "ptbxl"),
    ],
)
def test_a_path_tells_its_set(tmp_path, signal, names, expected, zipped):
    path = laid_out(tmp_path / "set", *names, zipped=zipped)
    assert data_set_at(path, signal).name == expected


@pytest.mark.parametrize("names", [("RECORDS", "I01.hea", "I02.hea"), ("RECORDS", "100.hea", "I02.hea"), ("100.hea",)])
def test_other_databases_are_not_mit_bih(tmp_path, names):
    assert not data_set("mitdb").owns(laid_out(tmp_path / "set", *names, zipped=False))


def test_what_no_other_set_owns_is_for_a_folder_of_ecg_or_the_first_imu_set(tmp_path):
    assert (data_set_at(tmp_path / "absent", "imu").name, data_set_at(tmp_path / "absent", "ecg").name) == (
        "wisdm",
        "ecg-folder",
    )


def test_the_sets_at_hand_own_their_archives(data_dir):
    for name in ("wisdm", "mitdb", "ptbxl"):
        chosen = data_set(name)
        path = chosen.find(data_dir)
        if path is not None:
            assert data_set_at(path, chosen.signal) is chosen
