"""Windows of other lengths and rates than the data set's, from the options to run.json and back."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from train import imu
from train.data.data_set import Source
from train.data.registry import data_set
from train.data.stored import windows_for_run
from train.run.config import TrainConfig
from train.run.folder import load_run
from train.run.task import imu_task

ONE_STEP = ["--epochs", "1", "--draws", "1", "--batch-size", "512"]


@pytest.fixture(autouse=True)
def embedded_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    monkeypatch.setattr("train.run.loop.pick_device", lambda: torch.device("cpu"))


def test_a_run_of_another_length_and_rate_is_cut_again_alike(tmp_path: Path) -> None:
    """What run.json says loads the same windows: the loader's option and the window's samples carry both."""
    arguments = ["--window", "1.5", "--rate", "25", "--out", str(tmp_path / "run"), *ONE_STEP]
    assert imu.main(arguments) == 0
    info = load_run(tmp_path / "run").info
    assert (info.window.samples, info.window.rate_hz) == (38, 25.0)  # 37.5 samples
    assert info.data.options["rate_hz"] == 25.0 and (info.config["window"], info.config["rate"]) == (1.5, 25.0)
    found = windows_for_run(info, "test")
    config = TrainConfig().changed(window=1.5, rate=25)
    expected = imu_task(data_set("watch").load(None, {"rate_hz": 25.0}), Source("watch", {}), config).parts["test"]
    np.testing.assert_array_equal(found.x, expected.x)
    assert found.x.shape[2] == 38


def test_a_file_of_options_may_say_length_and_rate(tmp_path: Path) -> None:
    (tmp_path / "gesture.toml").write_text("window = 2\nrate = 50\n")
    assert imu.main(["--config", str(tmp_path / "gesture.toml"), "--out", str(tmp_path / "run"), *ONE_STEP]) == 0
    window = load_run(tmp_path / "run").info.window
    assert (window.samples, window.rate_hz) == (100, 50.0)


def test_groups_are_evaluated_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The network is the same with groups and without; the summary, metrics.json and run.json have them."""
    groups = "turns=IR+ER"
    assert imu.main(["--out", str(tmp_path / "run"), "--groups", groups, *ONE_STEP]) == 0
    assert imu.main(["--out", str(tmp_path / "plain"), *ONE_STEP]) == 0
    run, plain = load_run(tmp_path / "run"), load_run(tmp_path / "plain")
    assert run.info.weights_sha256 == plain.info.weights_sha256
    assert (run.info.config["groups"], plain.info.config["groups"]) == (groups, "")
    found, without = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("run", "plain"))
    counts = np.array(found["confusion"])
    rows = [run.info.labels.index(label) for label in ("IR", "ER")]
    right = np.trace(counts) + counts[rows[0], rows[1]] + counts[rows[1], rows[0]]
    assert found["label_groups"]["accuracy"] == pytest.approx(right / counts.sum())
    assert found["groups"] == [{"name": "turns", "labels": ["IR", "ER"]}]
    assert found["accuracy"] == without["accuracy"] and not {"groups", "label_groups"} & set(without)
    assert f"{len(run.info.labels) - 1} groups" in capsys.readouterr().out


def test_groups_of_other_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="eating has soup, which is no label; labels: PEN, .*give other --groups"):
        imu.main(["--out", str(tmp_path / "run"), "--groups", "eating=soup", *ONE_STEP])
    with pytest.raises(InputError, match="options: groups is 'soup', expected NAME=LABEL.*change it"):
        imu.main(["--out", str(tmp_path / "run"), "--groups", "soup", *ONE_STEP])


def test_without_options_a_run_is_as_it_was(tmp_path: Path) -> None:
    """The data set's own length and rate, and no option in run.json that older versions lack."""
    assert imu.main(["--out", str(tmp_path / "run"), *ONE_STEP]) == 0
    info = load_run(tmp_path / "run").info
    assert (info.window.samples, info.window.rate_hz) == (80, 20.0)
    assert info.data.options == {"device": "watch", "sensors": ["accel", "gyro"]}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rate", "104"], "watch: was recorded at 50 Hz, which cannot become 104 Hz; train with --rate 50 or less"),
        (["--rate", "-1"], "rate is -1.0, expected 0 or more"),
        (["--window", "nan"], "window is nan, expected a finite number"),
        (["--window", "3000"], "no window of 3000 s fits into the blocks"),
        (["--window", "0.2"], "0.2 s at 20 Hz has 4 samples, the encoder with --padding same needs 5"),
    ],
)
def test_lengths_and_rates_that_cannot_be_are_named(tmp_path: Path, flags: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        imu.main([*flags, "--out", str(tmp_path / "run")])
    assert not list(tmp_path.iterdir())
