"""python -m train.imu as a user runs it: on a small archive in the official layout, and with wrong input."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.artifacts.run import TransformationInfo, run_hash
from tests import imu_sets
from train import imu
from train.data.registry import data_set
from train.data.stored import windows_for_run
from train.run.evaluate import evaluate, predict
from train.run.folder import load_run
from train.transformations import Rotation, from_info

SMALL = ("--epochs", "1", "--batch-size", "16", "--draws", "2")


def train(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "SCL_DATA_DIR"} | env
    command = [sys.executable, "-m", "train.imu", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200)


def refused(message: str, *arguments: str) -> None:
    with pytest.raises(InputError, match=message):
        imu.main(arguments)


def test_a_run_folder_holds_all_that_later_stages_need(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    archive = make_wisdm(subjects=tuple(range(1600, 1608)), seconds=40)
    done = train(tmp_path, "--data", str(archive), "--out", "runs/a", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "split by subject" in done.stdout and "consistency" in done.stdout and "LEAKY" not in done.stdout
    run = load_run(tmp_path / "runs/a")
    names = {p.name for p in run.path.iterdir()}
    assert names == {"run.json", "model.safetensors", "metrics.json", "metrics.jsonl", "tensorboard"}
    assert list((run.path / "tensorboard").iterdir())
    metrics = json.loads((run.path / "metrics.json").read_text())
    assert metrics["method"] == "scl" and metrics["partition"] == {"invariant": 32, "variant": 32, "free": 64}
    turned = metrics["rotation"]
    assert turned["draws"] == 2 and set(turned["similarity"]) == {"invariant", "variant", "free"}
    low, high = turned["consistency_ci95"]
    assert 0 <= low <= turned["consistency"] <= high <= 1
    assert {"accuracy", "macro_f1", "split", "schema", "negative_similarity", "effective_rank"} <= set(metrics)
    # The test windows that later stages rebuild are those the metrics were made on, and of nobody who trained.
    test = windows_for_run(run.info, "test", archive)
    assert set(test.groups) == set(metrics["split"]["test"]) and not set(test.groups) & set(metrics["split"]["train"])
    _, logits = predict(run.model, torch.from_numpy(test.x))
    assert np.mean(logits.argmax(axis=1) == test.labels) == metrics["accuracy"]
    assert json.loads(json.dumps(evaluate(run.model, test, Rotation(), 2, 0).as_dict()["rotation"])) == turned
    assert len(run_hash(run.path)) == 64

    (run.path / "model.safetensors").write_bytes(b"\x80\x04K\x01.")  # a pickle
    with pytest.raises(InputError, match="model.safetensors: SHA-256 is"):
        load_run(run.path)


def test_random_split_is_labelled_leaky(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    archive = make_wisdm(seconds=60)
    done = train(tmp_path, "--data", str(archive), "--split", "random", "--method", "augment", *SMALL)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("LEAKY") == 2
    assert json.loads((tmp_path / "runs/imu/metrics.json").read_text())["split"]["leaky"] is True


def test_wrong_input_is_one_line_and_status_2(tmp_path: Path) -> None:
    done = train(tmp_path, "--data", "gone.zip")
    assert done.returncode == 2 and done.stderr.startswith("error: gone.zip: no such file or folder")
    assert len(done.stderr.splitlines()) == 1 and not list(tmp_path.iterdir())


def test_wrong_input_is_named(make_wisdm: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = ("--data", str(make_wisdm(seconds=60)))
    refused("expected three sizes", *data, "--partition", "32/32")
    refused("leaves the task head nothing", *data, "--partition", "0/128/0")
    (tmp_path / "bad.toml").write_text("colour = 3\n")
    refused("unknown key colour", *data, "--config", "bad.toml")
    refused("training windows, less than one batch", *data, "--batch-size", "998")
    refused("no interrupted run", *data, "--resume", *SMALL)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("precious")
    refused("choose another folder", *data, "--out", "thesis", *SMALL)
    monkeypatch.setenv("SCL_DATA_DIR", str(tmp_path))
    refused("SCL_DATA_DIR is")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("mark", ["manifest.json", "validation.json", "scl_package.json"])
def test_no_other_artefact_is_replaced(tmp_path: Path, mark: str) -> None:
    (tmp_path / mark).write_text("precious")
    for force in ([], ["--force"]):
        refused(f"{tmp_path.name}: holds .*; choose another folder with --out", "--out", str(tmp_path), *force)
    refused("is a file, expected a folder", "--out", str(tmp_path / mark))
    assert [p.read_text() for p in tmp_path.iterdir()] == ["precious"]


def test_killed_in_the_middle_and_resumed(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    """SIGKILL after the first epochs, Ctrl-C after some more; the weights equal those of a run that was left alone."""
    archive = str(make_wisdm(seconds=60))
    options = ("--data", archive, "--epochs", "25", "--batch-size", "16", "--draws", "1")
    environment = {k: v for k, v in os.environ.items() if k != "SCL_DATA_DIR"} | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "train.imu", *options, "--out", "runs/killed"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch 3/"):
                process.kill()
                break
    assert not (tmp_path / "runs/killed").exists()
    out = ("--out", str(tmp_path / "runs/killed"))
    refused("runs/killed.partial: holds an interrupted run; go on with --resume, or start anew", *options, *out)
    refused("the interrupted run had another config", *options, *out, "--resume", "--seed", "5")
    line = interrupted([*command, "--resume"], tmp_path, environment)
    resumed = subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert resumed.returncode == 0 and "epoch 6/" not in resumed.stdout and "epoch 25/" in resumed.stdout, (
        resumed.stderr
    )
    refused("runs/killed: holds a finished run; give --force to replace it", *options, *out)
    whole = train(tmp_path, *options, "--out", "runs/whole", OMP_NUM_THREADS="1")
    assert whole.returncode == 0, whole.stderr
    a, b = (tmp_path / "runs" / name / "model.safetensors" for name in ("killed", "whole"))
    assert a.read_bytes() == b.read_bytes()
    epochs = [json.loads(line)["epoch"] for line in (tmp_path / "runs/killed/metrics.jsonl").read_text().splitlines()]
    assert epochs == list(range(1, 26))


def interrupted(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Trains until epoch 7, then sends what Ctrl-C sends; returns the line that goes on."""
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for text in process.stdout:
            assert not text.startswith("epoch 2/"), "it was to be resumed"
            if text.startswith("epoch 7/"):
                process.send_signal(signal.SIGINT)
                break
        _, said = process.communicate()
    assert process.returncode == 130 and "Traceback" not in said
    assert said.splitlines()[-2] == "interrupted; to go on:", said
    return said.splitlines()[-1]


def test_killed_while_finishing_and_resumed(
    make_wisdm: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last epoch, before the folder has its name: nothing is trained again, and the metrics are the same."""

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("train.run.loop.pick_device", lambda: torch.device("cpu"))
    options = ["--data", str(make_wisdm(seconds=60)), *SMALL, "--out"]
    with monkeypatch.context() as patch:
        patch.setattr("scl.artifacts.replace_folder", kill)
        with pytest.raises(KeyboardInterrupt):
            imu.main([*options, str(tmp_path / "killed")])
    with monkeypatch.context() as patch:
        patch.setattr("train.run.objective.Objective.__call__", kill)  # a training step now would be one too many
        assert imu.main([*options, str(tmp_path / "killed"), "--resume"]) == 0
    assert imu.main([*options, str(tmp_path / "whole")]) == 0
    for name in ("model.safetensors", "metrics.json", "metrics.jsonl"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert {p.name for p in (tmp_path / "killed").iterdir()} == {p.name for p in (tmp_path / "whole").iterdir()}


def test_embedded_set_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path))
    assert data_set("watch").load(None, {}).name == "watch"
    with pytest.raises(InputError, match="'shear' is not known"):
        from_info(TransformationInfo("shear", {}, ""))


def test_a_folder_of_ones_own_recordings_trains(tmp_path: Path) -> None:
    """Doubts are said as warnings and stand in run.json, and so do the people's names."""
    folder = imu_sets.write_described(tmp_path / "mine", 6, 12)
    text = (folder / "dataset.toml").read_text().replace('unit = "g"', 'unit = "m/s2"')
    (folder / "dataset.toml").write_text(text)
    done = train(tmp_path, "--data", "mine", "--out", "runs/a", *SMALL, SCL_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "imu-folder: 6 subjects, 3 classes" in done.stdout and "windows of 1 subjects" in done.stdout
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert warning.endswith("|a| at rest is 1 m/s2: this looks like g, dataset.toml says m/s2")
    info = load_run(tmp_path / "runs/a").info
    assert (info.data.name, info.data.options, info.window.rate_hz, info.window.samples) == (
        "imu-folder",
        {},
        50.0,
        200,
    )
    assert info.data.report["warnings"] == [warning.removeprefix("warning: ")]
    assert info.data.report["group_names"] == [f"p{i:02d}" for i in range(1, 7)]
    assert len(windows_for_run(info, "test", folder)) == 9
    (folder / "dataset.toml").write_text(text.replace('unit = "m/s2"', 'unit = "g"'))
    with pytest.raises(InputError, match="give the same recordings with --data"):
        windows_for_run(info, "test", folder)


def test_a_folders_sensors_rate_and_classes_are_options(tmp_path: Path) -> None:
    imu_sets.write_described(tmp_path / "mine", 6, 12)
    flags = ("--sensors", "accel", "--rate", "25", "--window", "2", "--activities", "waving,resting")
    env = {"SCL_CACHE_DIR": str(tmp_path / "cache")}
    done = train(tmp_path, "--data", "mine", "--out", "runs/a", *flags, *SMALL, **env)
    assert done.returncode == 0, done.stderr
    info = load_run(tmp_path / "runs/a").info
    assert info.data.options == {"sensors": ["accel"], "rate_hz": 25.0, "activities": ["waving", "resting"]}
    assert (info.labels, info.window.channels, info.window.samples) == (("waving", "resting"), ("ax", "ay", "az"), 50)
    assert len(windows_for_run(info, "test", tmp_path / "mine")) == 12
