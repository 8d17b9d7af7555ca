"""An ECG run on other recordings: strips and beats counted by hand, records that trained kept apart, leads said."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError, read_artifact, sha256_bytes
from train import ecg as command
from train import transfer
from train.data import ecg, registry, synthetic
from train.data.beats import measured
from train.data.data_set import DataSet
from train.data.recordings import Block, Recordings
from train.run.evaluate import predict
from train.run.folder import Run, load_run
from train.run.transfer_file import Transfer

SMALL = ("--draws", "2", "--batch-size", "16", "--method", "baseline")
LABELS = ("N", "S", "V")
KINDS = dict(enumerate("NSVVQ"))


def trained(folder: Path, *options: str) -> Iterator[Run]:
    """A run on eight simulated records, whose lead is said to be MLII; while it is used, the set is those records."""
    recordings = synthetic.load(records=8, minutes=1.0)
    recordings = replace(recordings, report={"leads": {"MLII": [str(k) for k in range(8)]}})
    simulated = replace(registry.data_set("synthetic"), load=lambda path, options: recordings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCL_CACHE_DIR", str(folder / "cache"))
        patch.setitem(registry.DATA_SETS, "synthetic", simulated)
        command.main(["--synthetic", "--out", str(folder / "run"), *options, *SMALL])
        yield load_run(folder / "run")


@pytest.fixture(scope="module")
def strip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    yield from trained(tmp_path_factory.mktemp("strip"), "--epochs", "6", "--input", "raw")


@pytest.fixture(scope="module")
def beat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    yield from trained(tmp_path_factory.mktemp("beat"), "--epochs", "2", "--task", "beat", "--input", "raw")


def evaluated(run: Run, monkeypatch: pytest.MonkeyPatch, recordings: Recordings) -> dict:
    """Of recordings of another set, which owns the path `other`."""
    recordings = replace(
        recordings,
        sha256=sha256_bytes(
            repr([(b.group, b.label, float(np.sum(b.x)), len(b.beats)) for b in recordings.blocks]).encode()
        ),
    )
    other = DataSet("other", "ecg", lambda path, options: recordings, "mitdb", owns=lambda path: path.name == "other")
    monkeypatch.setattr(
        registry, "DATA_SETS", {"other": other} | {k: v for k, v in registry.DATA_SETS.items() if k != "other"}
    )
    assert transfer.main([str(run.path), "--eval-data", "other", "--draws", "2"]) == 0
    read_artifact(run.path / "transfer.json", Transfer)
    return json.loads((run.path / "transfer.json").read_text())


def others(records: int = 4, **report: object) -> Recordings:
    """Simulated records of other people, with some F and Q beats among them."""
    found = synthetic.load(records=records, minutes=1.0, seed=5)
    blocks = []
    for block in found.blocks:
        beats = block.beats.copy()
        beats[5::25, 1], beats[7::31, 1] = 3, 4
        blocks.append(replace(block, beats=beats))
    return replace(found, name="other", blocks=tuple(blocks), report=dict(report))


def answers(run: Run, x: np.ndarray) -> np.ndarray:
    return predict(run.model, torch.from_numpy(np.ascontiguousarray(x)))[1].argmax(axis=1)


def by_hand(
    run: Run, recordings: Recordings, kinds: dict[int, str] = KINDS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names of the true and predicted classes, and the records, of all windows: cut here, sample by sample."""
    shift, truth, cuts, groups = run.info.transformation.parameters, [], [], []
    least, most, samples = (int(shift[name]) for name in ("least", "most", "samples"))
    for block in ecg.prepared(recordings, 180.0).blocks:
        if run.info.task == "beat":
            starts = [int(at) - samples // 2 for at, _ in block.beats]
            names = [recordings.labels[int(label)] for _, label in block.beats]
        else:
            starts = [*range(0, block.x.shape[1] - samples - most + 1, samples)]
            names = [strip_class(block, kinds, start, start + samples) for start in starts]
        for start, name in zip(starts, names, strict=True):
            if start + least >= 0 and start + samples + most <= block.x.shape[1] and name:
                cuts.append(block.x[:, start : start + samples])
                truth.append(name)
                groups.append(block.group)
    return np.array(truth), np.array(LABELS)[answers(run, np.stack(cuts))], np.array(groups)


def strip_class(block: Block, kinds: dict[int, str], start: int, end: int) -> str:
    """The most severe of a strip's beats, each of a kind; F counts as V, Q not at all."""
    inside = {kinds[label] for at, label in block.beats.tolist() if start <= at < end}
    return next((name for name in "VSN" if name in inside), "")


@pytest.mark.parametrize("task", ["strip", "beat"])
def test_every_class_is_counted(task: str, request: pytest.FixtureRequest, monkeypatch, capsys) -> None:
    run, recordings = request.getfixturevalue(task), others()
    found = evaluated(run, monkeypatch, recordings)
    truth, said, groups = by_hand(run, recordings)
    known = np.isin(truth, LABELS)
    assert found["group"] == "record" and found["classes"] == [*LABELS]
    assert (found["windows"], found["persons"]) == (len(truth), 4)
    assert found["new"]["accuracy"] == pytest.approx(np.mean((truth == said)[known]))
    for row in found["new"]["classes"]:
        mine = truth == row["label"]
        assert (row["windows"], row["people"]) == (mine.sum(), len(np.unique(groups[mine])))
        assert row["recall"] == pytest.approx(np.mean(said[mine] == row["label"]))
    taken = {row["label"]: row["taken_as"] for row in found["other_classes"]}
    expected = {
        name: {label: int(np.sum(said[truth == name] == label)) for label in LABELS}
        for name in (("F", "Q") if run.info.task == "beat" else ())
    }
    assert taken == expected
    assert found["copies"]["transformation"] == "shift" and found["copies"]["consistency_by_construction"] is None
    metrics = json.loads((run.path / "metrics.json").read_text())
    assert found["own"]["accuracy"] == pytest.approx(metrics["accuracy"])
    text = capsys.readouterr().out
    assert f"{len(truth)} windows of 4 records that did not train" in text and "recall of V  " in text
    assert "of the new have a numbered name that trained" in text  # 0 to 3: the simulated set numbers its records


def test_strips_by_their_beats_are_counted(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, recordings = tmp_path_factory.mktemp("beats"), others()
    for run in trained(folder, "--epochs", "1"):
        found = evaluated(run, monkeypatch, recordings)
        spec = run.info.frontend.beats
        assert run.info.task == "strip" and spec is not None
        truth, said = [], []
        for beats, block in zip(measured(recordings, spec).blocks, ecg.prepared(recordings, 180.0).blocks, strict=True):
            classes = answers(run, beats.x.T[:, :, None])
            for start in range(0, block.x.shape[1] - 1950 + 1, 1800):
                starts = [start + 15 * k for k in range(11)]
                if all(strip_class(block, KINDS, at, at + 1800) for at in starts):
                    inside = (beats.beats[:, 0] >= start) & (beats.beats[:, 0] < start + 1800)
                    truth.append(strip_class(block, KINDS, start, start + 1800))
                    said.append(LABELS[classes[inside].max()])
        assert found["windows"] == len(truth) and found["other_classes"] == []
        assert found["new"]["accuracy"] == pytest.approx(np.mean(np.array(truth) == np.array(said)))
        assert found["copies"]["transformation"] == "shift"


def test_a_record_that_trained_is_found_by_its_samples(strip: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = strip.info.split.train[0]
    own, foreign = registry.data_set("synthetic").load(None, {}), others()
    stolen = next(replace(block, group=77) for block in own.blocks if block.group == trained)
    found = evaluated(strip, monkeypatch, replace(foreign, blocks=(*foreign.blocks, stolen)))
    assert {"part": "train", "reason": "content", "names": ["77"]} in found["people"]
    assert found["new"]["people"] == 4 and found["trained"]["people"] == 1


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"leads": {"V1": ["0", "2"], "MLII": ["1", "3"]}}, "lead V1"),
        ({"leads": {"V1": 4}}, "lead V1"),
        ({"leads": {"MLII": 4}}, None),
        ({}, "these recordings do not say which lead was recorded"),
    ],
)
def test_another_lead_is_said(strip: Run, monkeypatch, capsys, report: dict[str, object], expected: str | None) -> None:
    notes = evaluated(strip, monkeypatch, others(**report))["notes"]
    said = [note for note in notes if "lead" in note]
    assert (not said) if expected is None else (len(said) == 1 and said[0].startswith(expected))
    assert expected is None or "MLII" in said[0] or not report
    assert all(f"note: {note}" in capsys.readouterr().out for note in said)


def test_recordings_of_whole_classes_and_of_another_rate(strip: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records with one label each, at 360 Hz; what is slower than the model is refused."""
    whole = others()
    names = ("AF", "N")
    blocks = tuple(replace(b, label=b.group % 2, beats=np.zeros((0, 2), np.int64)) for b in whole.blocks)
    found = evaluated(strip, monkeypatch, replace(whole, labels=names, blocks=blocks))
    assert found["classes"] == ["N"] and found["absent"] == ["S", "V"]
    assert found["new"]["people"] == 2 and found["other_classes"][0]["label"] == "AF"
    with pytest.raises(InputError, match="other: has 128 samples per second, the run needs 180"):
        evaluated(strip, monkeypatch, replace(whole, rate_hz=128.0))


def test_records_that_are_upside_down_are_said(strip: Run, monkeypatch, capsys) -> None:
    found = others(leads={"MLII": 4})
    blocks = tuple(replace(block, x=-block.x if block.group in (1, 2) else block.x) for block in found.blocks)
    (note,) = [n for n in evaluated(strip, monkeypatch, replace(found, blocks=blocks))["notes"] if "inverted" in n]
    assert (
        note.startswith("2 of 4 records look inverted against the training set") and "1 (-" in note and "2 (-" in note
    )
    assert not [n for n in evaluated(strip, monkeypatch, found)["notes"] if "inverted" in n]


def test_strips_are_named_by_the_beats_that_there_are(strip: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without S beats the second class of strips is V."""
    found = others()
    blocks = []
    for block in found.blocks:
        beats = block.beats[np.isin(block.beats[:, 1], (0, 2))]
        beats[:, 1] //= 2
        blocks.append(replace(block, beats=beats))
    recordings = replace(found, labels=("N", "V"), blocks=tuple(blocks), sha256="e" * 64)
    result = evaluated(strip, monkeypatch, recordings)
    assert result["classes"] == ["N", "V"] and result["absent"] == ["S"]
    truth, said, _ = by_hand(strip, replace(recordings, labels=("N", "V")), {0: "N", 1: "V"})
    for row in result["new"]["classes"]:
        mine = truth == row["label"]
        assert row["windows"] == mine.sum() and row["recall"] == pytest.approx(np.mean(said[mine] == row["label"]))


def test_what_an_ecg_run_refuses(strip: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="watch-set has an IMU's recordings, the run run is of ecg; give a path"):
        transfer.main([str(strip.path), "--eval-data", "watch-set"])
    with pytest.raises(InputError, match="other: its labels may hold together, expected one class a window"):
        evaluated(strip, monkeypatch, replace(others(), multilabel=True))
