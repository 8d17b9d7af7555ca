"""train.ecg on folders of anybody's recordings: which set a path is, its classes, its rate, and one small run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from tests.ecg_sets import simulated, write_wfdb
from train import ecg
from train.data import ecg_folder
from train.data.data_set import Source
from train.data.stored import windows_for_run
from train.run.config import TrainConfig
from train.run.ecg_task import ecg_task
from train.run.folder import load_run

SOURCE = Source("ecg-folder", {})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nine records of half a minute at 130 Hz, of two rhythms and eight people, two of one person."""
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    path = tmp_path / "set"
    write_wfdb(path, simulated(9, 0.5, 130.0), annotator="")
    rows = [f"p{i + 1:02d},{('rest', 'run')[i % 2]},{'ab'[i > 1]}{max(i, 1)}\n" for i in range(9)]
    (path / "records.csv").write_text("record,label,subject\n" + "".join(rows))
    (path / "dataset.toml").write_text('kind = "ecg"\n[records]\nfile = "records.csv"\n')
    return path


def test_a_run_on_labelled_records(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "run"
    small = ["--epochs", "1", "--draws", "1", "--batch-size", "8", "--partition", "8/8/8"]
    assert ecg.main(["--data", str(folder), "--out", str(out), *small]) == 0
    info = load_run(out).info
    assert (info.data.name, info.labels, info.window.rate_hz, info.multilabel) == (
        "ecg-folder",
        ("rest", "run"),
        130,
        False,
    )
    assert info.split.name == "subject" and info.data.report["group_names"][0] == "a1"
    test = windows_for_run(info, "test", folder)
    assert set(test.groups) == set(info.split.test) and test.x.shape[1] == 1
    names = info.data.report["group_names"]
    for group, label in zip(test.groups, test.labels, strict=True):
        records = [r for r, subject in info.data.report["subjects"].items() if subject == names[group]]
        assert label == (int(records[0][1:]) - 1) % 2
    assert "ecg-folder: 8 subjects, 2 classes" in capsys.readouterr().out


@pytest.mark.parametrize(("rate_hz", "expected"), [(130.0, 130.0), (257.0, 179.9), (360.0, 180.0)])
def test_the_rate_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate_hz: float, expected: float
) -> None:
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    write_wfdb(tmp_path / "set", simulated(4, 0.5, rate_hz))
    recordings = ecg_folder.load(tmp_path / "set")
    task = ecg_task("strip", recordings, SOURCE, TrainConfig())
    assert task.recordings.rate_hz == pytest.approx(expected) and task.labels == ("N", "S", "V")
    assert task.samples == round(10 * expected)


@pytest.mark.parametrize(
    ("rate_hz", "expected"),
    [
        (200.0, "ecg-folder: was recorded at 130 Hz, .* cannot bring to 200 Hz; train with --rate 130"),
        (97.3, "ecg-folder: was recorded at 130 Hz, .* cannot bring to 97.3 Hz; train with --rate 96.2 or 97.5"),
        (
            65.0,
            "ecg-folder: a model of 65 Hz cannot see ECG up to 40 Hz, expected more than 80 Hz; give a higher --rate",
        ),
    ],
)
def test_a_rate_that_cannot_be(folder: Path, rate_hz: float, expected: str) -> None:
    recordings = ecg_folder.load(folder)
    with pytest.raises(InputError, match=expected):
        ecg_task("strip", recordings, SOURCE, TrainConfig().changed(rate=rate_hz))
    assert ecg_task("strip", recordings, SOURCE, TrainConfig().changed(rate=104.0)).recordings.rate_hz == 104


def test_measured_beats_are_of_as_many_hours_as_their_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task's recordings are at the model's rate, samples as well."""
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    write_wfdb(tmp_path / "set", simulated(4, 2.0, 360.0))
    recordings = ecg_folder.load(tmp_path / "set")
    task = ecg_task("beat", recordings, SOURCE, TrainConfig().changed(input="features"))
    assert task.recordings.rate_hz == 180
    assert task.recordings.summary().split("; ")[0] == recordings.summary().split("; ")[0]


def test_beats_of_two_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without S, V has the second place in the model's labels, and in those of its windows."""
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    write_wfdb(tmp_path / "set", simulated(4, 0.5, 250.0))
    (tmp_path / "set/dataset.toml").write_text(
        'kind = "ecg"\n[beats]\nannotator = "atr"\n[classes]\nN = ["N"]\nV = ["V"]\n'
    )
    recordings = ecg_folder.load(tmp_path / "set")
    for name in ("strip", "beat"):
        task = ecg_task(name, recordings, SOURCE, TrainConfig())  # type: ignore[arg-type]
        assert task.labels == ("N", "V") and task.others is None
        labels = np.concatenate([part.labels for part in task.parts.values()])
        assert set(labels.tolist()) == {0, 1}


def test_beats_that_are_named_as_the_aha_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """N, V, r (R on T), E, F, / and Q, no S: r and E are V, which keeps its place behind the S that nobody annotated,
    as the board's rhythm and EC57's figures know it.
    """
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    records = []
    for record in simulated(5, 1.0, 250.0):
        symbols = ["N" if symbol == "A" else symbol for symbol in record.symbols]
        for number, place in enumerate(i for i, symbol in enumerate(symbols) if symbol == "V"):
            symbols[place] = "VrE"[number % 3]
        symbols[5], symbols[9], symbols[12] = "/", "Q", "F"
        records.append(replace(record, symbols=tuple(symbols)))
    write_wfdb(tmp_path / "set", records)
    assert {"r", "E", "/"} <= {symbol for record in records for symbol in record.symbols}
    out, few = tmp_path / "run", ["--epochs", "1", "--batch-size", "32"]
    assert ecg.main(["--task", "beat", "--data", str(tmp_path / "set"), "--out", str(out), *few]) == 0
    assert "no training beat is S: the model will not answer it" in capsys.readouterr().out
    info = load_run(out).info
    assert info.labels == ("N", "S", "V")
    names = info.data.report["group_names"]
    counts = dict.fromkeys(range(3), 0)
    for part in ("train", "test"):
        for label in windows_for_run(info, part, tmp_path / "set").labels:
            counts[int(label)] += 1
    annotated = [symbol for record in records for symbol in record.symbols if record.name in names]
    ventricular = sum(symbol in "VrE" for symbol in annotated)
    assert counts[1] == 0 and 0.8 * ventricular < counts[2] <= ventricular


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--set", "mitdb", "--lead", "V1"), "--lead V1: the lead of mitdb is not chosen; leave out --lead"),
        (("--synthetic", "--lead", "V1"), "--lead V1: the lead of synthetic is not chosen; leave out --lead"),
        (("--data", "nowhere"), "nowhere: no such file or folder; expected a folder or zip of WFDB"),
    ],
)
def test_what_cannot_be_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCL_DATA_DIR", str(tmp_path))
    (tmp_path / "mitdb").mkdir()
    (tmp_path / "mitdb" / "RECORDS").write_text("100\n")
    with pytest.raises(InputError, match=expected):
        ecg.main([*arguments, "--out", str(tmp_path / "run")])


def test_a_lead_of_a_folder(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no record has lead 'aVF'; choose one with --lead: 'II \(9\), V1 \(9\)'"):
        ecg.main(["--data", str(folder), "--lead", "aVF", "--out", str(tmp_path / "run")])
