"""A run on other recordings: classes matched by name, figures as evaluated by hand, what does not fit is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from train import imu, transfer
from train.data import wisdm
from train.data.recordings import windows
from train.run.evaluate import predict
from train.run.folder import load_run

SMALL = ("--epochs", "2", "--batch-size", "16", "--draws", "1")


@pytest.fixture
def run(make_wisdm: Callable[..., Path], tmp_path: Path) -> Path:
    archive = make_wisdm(subjects=tuple(range(1600, 1606)), seconds=40)
    imu.main(["--data", str(archive), "--out", str(tmp_path / "run"), *SMALL])
    archive.unlink()
    return tmp_path / "run"


def test_other_people_with_some_of_the_classes(run: Path, make_wisdm: Callable[..., Path], capsys) -> None:
    """The other archive has no jogging, so that sitting is its second class and the run's third."""
    other = make_wisdm(subjects=(1610, 1611, 1612), codes="DA", seconds=40)
    assert transfer.main([str(run), "--eval-data", str(other), "--draws", "2"]) == 0
    found = json.loads((run / "transfer.json").read_text())
    assert found["classes"] == ["walking", "sitting"] and found["left_out"] == [] and found["subjects"] == 3
    recordings = wisdm.load(other)
    cut = windows(recordings, recordings.groups, 10.0, 0.0)
    loaded = load_run(run)
    classes = predict(loaded.model, torch.from_numpy(cut.x))[1].argmax(axis=1)
    names = np.array(loaded.info.labels)[classes]
    truth = np.array(recordings.labels)[cut.labels]
    assert found["accuracy"] == pytest.approx(np.mean(names == truth))
    assert found["windows"] == len(cut) and found["rotation"]["draws"] == 2
    assert "classes walking, sitting: accuracy" in capsys.readouterr().out


def test_without_a_shared_class_only_consistency_is_told(run: Path, capsys) -> None:
    assert transfer.main([str(run), "--eval-data", "watch-set", "--draws", "2"]) == 0
    found = json.loads((run / "transfer.json").read_text())
    assert found["classes"] == [] and len(found["left_out"]) == 7 and "accuracy" not in found
    assert set(found["rotation"]) == {"draws", "consistency", "consistency_ci95", "similarity"}
    assert found["rotation"]["consistency"] > 0.99  # the run's input is invariant
    assert "accuracy cannot be told" in capsys.readouterr().out


def test_other_sensors_are_refused(run: Path, make_wisdm: Callable[..., Path], monkeypatch) -> None:
    other = make_wisdm(subjects=(1610, 1611, 1612), seconds=40)
    loaded = load_run(run)
    recordings = replace(wisdm.load(other), rate_hz=25.0)
    with pytest.raises(InputError, match="at 25 Hz; .* needs ax, .* at 20 Hz"):
        transfer.transferred(loaded, recordings, 1, 0)
    with pytest.raises(InputError, match="no subject has files raw/phone"):
        transfer.main([str(run), "--eval-data", str(other), "--eval-device", "phone"])
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(info | {"task": "strip"}))
    with pytest.raises(InputError, match=r"is a run of task strip, expected one of train\.imu"):
        transfer.main([str(run), "--eval-data", str(other)])


def test_activities_alone(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    archive = make_wisdm(subjects=tuple(range(1600, 1606)), seconds=40)
    out = tmp_path / "two"
    imu.main(["--data", str(archive), "--activities", "sitting,walking", "--out", str(out), *SMALL])
    run = load_run(out)
    assert run.info.labels == ("sitting", "walking") and run.info.data.options["activities"] == ["sitting", "walking"]
    from train.data import windows_for_run

    test = windows_for_run(run.info, "test", archive)
    everything = wisdm.load(archive)
    still = [b for b in everything.blocks if everything.labels[b.label] == "sitting" and b.group in test.groups]
    sitting = test.x[test.labels == 0]
    assert all(any(np.array_equal(x, b.x[:, :200]) or x[0, 0] in b.x[0] for b in still) for x in sitting)
    for wrong, message in (("walking,flying", "has no flying"), ("walking,walking", "cannot be cut to")):
        with pytest.raises(InputError, match=f"{message}.*; its classes: walking, jogging, sitting"):
            imu.main(["--data", str(archive), "--activities", wrong, "--out", str(tmp_path / "x"), *SMALL])
