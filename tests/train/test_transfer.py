"""A run on other recordings: who trained is kept apart, figures as counted by hand, what does not fit is refused."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from scl.artifacts import InputError, read_artifact
from tests.documents import document
from tests.train.wisdm_archive import write_wisdm
from train import imu, transfer
from train.data import registry, wisdm
from train.data.data_set import DataSet, Options
from train.data.recordings import Block, Recordings, windows
from train.run.evaluate import predict
from train.run.folder import load_run
from train.run.transfer_file import Transfer

SMALL = ("--epochs", "2", "--batch-size", "16", "--draws", "1")
PEOPLE = tuple(range(1600, 1606))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on six people, and the archive that it was trained on; nobody changes either."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCL_CACHE_DIR", str(folder / "cache"))
        archive = write_wisdm(folder, subjects=PEOPLE, seconds=40)
        imu.main(["--data", str(archive), "--out", str(folder / "run"), *SMALL])
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run; its own recordings are not at hand."""
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    shutil.copytree(trained / "run", tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def archive(trained: Path) -> Path:
    return trained / "wisdm-dataset.zip"


def evaluated(run: Path, *arguments: object) -> dict:
    assert transfer.main([str(run), *map(str, arguments)]) == 0
    read_artifact(run / "transfer.json", Transfer)  # every field is what it should be
    return json.loads((run / "transfer.json").read_text())


def by_hand(run: Path, recordings: Recordings, groups: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names of the true and predicted classes of these people's windows of 10 s, and the people."""
    loaded = load_run(run)
    cut = windows(recordings, groups, 10.0, 0.0)
    classes = predict(loaded.model, torch.from_numpy(cut.x))[1].argmax(axis=1)
    return np.array(recordings.labels)[cut.labels], np.array(loaded.info.labels)[classes], cut.groups


def foreign(monkeypatch: pytest.MonkeyPatch, recordings: Recordings, name: str = "foreign") -> str:
    """Registers a set of these recordings, which owns the path that is returned."""
    made_up = DataSet(name, "imu", lambda path, options: recordings, "replay-imu", owns=lambda path: path.name == name)
    monkeypatch.setitem(registry.DATA_SETS, name, made_up)
    return name


def mislabelled(recordings: Recordings) -> Recordings:
    """Each person has another share of windows with the next class' name, so that recalls differ; the classes' order is
    not the run's.
    """
    rng = np.random.default_rng(3)
    blocks = []
    for block in recordings.blocks:
        parts = np.split(block.x[:, : block.x.shape[1] // 200 * 200], block.x.shape[1] // 200, axis=1)
        share = (block.group - 1610) / 6
        blocks += [replace(block, x=x, label=2 - (block.label + int(rng.random() < share)) % 3) for x in parts]
    return replace(recordings, labels=recordings.labels[::-1], blocks=tuple(blocks), sha256="f" * 64)


def test_other_people_are_judged_class_by_class(run: Path, make_wisdm, monkeypatch, capsys) -> None:
    recordings = mislabelled(wisdm.load(make_wisdm(subjects=tuple(range(1610, 1615)), seconds=80)))
    found = evaluated(run, "--eval-data", foreign(monkeypatch, recordings), "--draws", "2")
    truth, said, people = by_hand(run, recordings, [*range(1610, 1615)])
    new, labels = found["new"], ["walking", "jogging", "sitting"]
    assert found["classes"] == labels and not found["absent"] and not found["other_classes"]
    assert (found["windows"], found["persons"], new["windows"], new["people"]) == (len(truth), 5, len(truth), 5)
    assert new["accuracy"] == pytest.approx(np.mean(truth == said)) and 0.2 < new["accuracy"] < 0.9
    assert new["macro_f1"] == pytest.approx(f1_score(truth, said, labels=labels, average="macro"))
    low, high = new["accuracy_ci95"]
    assert low < new["accuracy"] < high and high - low > 0.1
    for row, label in zip(new["classes"], labels, strict=True):
        mine = truth == label
        assert (row["label"], row["windows"], row["people"]) == (label, mine.sum(), len(np.unique(people[mine])))
        assert row["recall"] == pytest.approx(np.mean(said[mine] == label))
    # The run's own figures, as its metrics.json has them.
    metrics = json.loads((run / "metrics.json").read_text())
    assert found["own"]["accuracy"] == pytest.approx(metrics["accuracy"])
    assert found["own"]["macro_f1"] == pytest.approx(metrics["macro_f1"])
    assert [row["recall"] for row in found["own"]["classes"]] == [row["recall"] for row in metrics["per_class"]]
    assert found["copies"]["own_consistency"] == metrics["rotation"]["consistency"]
    said_aloud = capsys.readouterr().out
    first = new["classes"][0]
    assert (
        f"recall of walking  {first['recall']:.3f} (" in said_aloud and "the run's own test, 12 windows" in said_aloud
    )
    assert f"{len(truth)} windows of 5 subjects that did not train; nothing was trained here" in said_aloud
    assert "5 subjects new to the run: 1610, 1611, 1612, 1613, 1614" in said_aloud


def test_some_of_the_classes_beside_the_same_of_the_runs_own(run: Path, make_wisdm, capsys) -> None:
    """The other archive has no jogging, and has typing, which the run does not know."""
    key = "walking = A\njogging = B\nsitting = D\ntyping = F\n\n"
    other = make_wisdm(subjects=(1610, 1611, 1612), codes="FDA", seconds=40, key=key)
    found = evaluated(run, "--eval-data", other)
    assert found["classes"] == ["walking", "sitting"] and found["absent"] == ["jogging"]
    truth, said, people = by_hand(run, wisdm.load(other), [1610, 1611, 1612])
    known = truth != "typing"
    assert found["windows"] == len(truth) and found["new"]["windows"] == known.sum()
    assert found["new"]["accuracy"] == pytest.approx(np.mean((truth == said)[known]))
    (typing,) = found["other_classes"]
    taken = {label: int(np.sum(said[~known] == label)) for label in ("walking", "jogging", "sitting")}
    assert (typing["label"], typing["windows"], typing["taken_as"]) == ("typing", 12, taken)
    matrix = np.array(json.loads((run / "metrics.json").read_text())["confusion"])[[0, 2]]
    assert found["own"]["windows"] == matrix.sum()
    assert found["own"]["accuracy"] == pytest.approx((matrix[0, 0] + matrix[1, 2]) / matrix.sum())
    text = capsys.readouterr().out
    assert "without a window here: jogging" in text and "typing is no class of the run: of 12 windows " in text


def test_the_runs_own_archive_is_divided_as_it_was(run: Path, archive: Path, capsys) -> None:
    found = evaluated(run, "--eval-data", archive)
    metrics = json.loads((run / "metrics.json").read_text())
    assert found["data"]["same_archive"] and found["data"]["compared"]
    names = {part["part"]: (part["names"], part["reason"]) for part in found["people"]}
    assert names == {part: ([*map(str, metrics["split"][part])], "archive") for part in ("train", "validation", "test")}
    assert found["new"]["accuracy"] == metrics["accuracy"] and found["new"]["macro_f1"] == metrics["macro_f1"]
    assert found["copies"]["consistency"] == metrics["rotation"]["consistency"]
    for part, row in (("train", found["trained"]), ("validation", found["validated"])):
        truth, said, people = by_hand(run, wisdm.load(archive), metrics["split"][part])
        assert (row["windows"], row["people"]) == (len(truth), len(np.unique(people)))
        assert row["accuracy"] == pytest.approx(np.mean(truth == said))
    text = capsys.readouterr().out
    assert f"the archive is the one that the run was trained on (SHA-256 {found['data']['sha256'][:12]})" in text
    assert "4 subjects trained, by the archive, kept apart: " in text and "subjects that trained, apart:" in text


def test_another_archive_of_the_set_keeps_its_numbers(run: Path, make_wisdm, capsys) -> None:
    """As a folder or another release: WISDM's numbers are people."""
    metrics = json.loads((run / "metrics.json").read_text())
    trained = metrics["split"]["train"][0]
    found = evaluated(run, "--eval-data", make_wisdm(subjects=(trained, 1610, 1611), seconds=40))
    assert not found["data"]["same_archive"] and found["new"]["people"] == 2 and found["trained"]["people"] == 1
    assert {"part": "train", "reason": "number", "names": [str(trained)]} in found["people"]
    assert f"1 subject trained, by the data set's own numbers, kept apart: {trained}" in capsys.readouterr().out


def test_people_are_found_by_their_samples(run: Path, archive: Path, make_wisdm, monkeypatch, capsys) -> None:
    """A foreign set numbers its people from 0; two are the run's, which the run's own recordings tell."""
    metrics, own = json.loads((run / "metrics.json").read_text()), wisdm.load(archive)
    stolen = {metrics["split"]["train"][0]: 0, metrics["split"]["test"][0]: 1}
    others = wisdm.load(make_wisdm(subjects=(1610, 1611), seconds=40))
    blocks = [replace(b, group=stolen[b.group]) for b in own.blocks if b.group in stolen]
    blocks += [replace(b, group=b.group - 1608) for b in others.blocks]
    path = foreign(monkeypatch, replace(others, blocks=tuple(blocks), sha256="f" * 64))
    blind = evaluated(run, "--eval-data", path)
    assert blind["new"]["people"] == 4 and not blind["data"]["compared"]
    assert "equal samples are not noticed; --data names them" in capsys.readouterr().out
    found = evaluated(run, "--eval-data", path, "--data", archive)
    assert found["data"]["compared"] and found["new"]["people"] == 3 and found["trained"]["people"] == 1
    assert {"part": "train", "reason": "content", "names": ["0"]} in found["people"]
    assert {"part": "test", "reason": "content", "names": ["1"]} in found["people"]
    assert "1 subject trained, by equal samples, kept apart: 0" in capsys.readouterr().out


def test_where_everybody_trained_there_is_no_figure_of_others(run: Path, archive: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "leaky"
    imu.main(["--data", str(archive), "--out", str(out), "--split", "random", *SMALL])
    capsys.readouterr()
    found = evaluated(out, "--eval-data", archive)
    assert found["new"] is found["copies"] is None and found["persons"] == 0 and found["trained"]["people"] == 6
    text = capsys.readouterr().out
    assert "every subject trained or validated: nothing here says how the run does on others" in text
    assert "the run's split is leaky: every subject trained" in text


def test_without_a_shared_class_only_consistency_is_told(run: Path, capsys) -> None:
    found = evaluated(run, "--eval-data", "watch-set", "--draws", "2")
    assert found["classes"] == [] and found["new"] is found["own"] is None
    assert len(found["other_classes"]) == 7
    assert all(sum(row["taken_as"].values()) == row["windows"] > 0 for row in found["other_classes"])
    assert sum(row["windows"] for row in found["other_classes"]) == found["windows"]
    copies = found["copies"]
    assert copies["accuracy"] is copies["macro_f1"] is None and copies["consistency"] > 0.99
    assert copies["consistency_by_construction"] == "the input does not change under rotation"
    text = capsys.readouterr().out
    assert transfer.main([str(run), "--eval-data", "watch-set", "--json"]) == 0
    assert document(capsys.readouterr().out) == json.loads((run / "transfer.json").read_text())
    assert "accuracy cannot be told" in text
    assert "consistency 1.000 by construction: the input does not change under rotation" in text


def test_a_measured_consistency_has_its_interval(
    archive: Path, make_wisdm, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    out = tmp_path / "raw"
    options = ["--input", "raw", "--variation", "0", "--smoothing", "0"]
    imu.main(["--data", str(archive), "--out", str(out), *SMALL, *options])
    capsys.readouterr()
    copies = evaluated(out, "--eval-data", make_wisdm(subjects=(1610, 1611), seconds=40))["copies"]
    assert copies["consistency_by_construction"] is None and copies["draws"] == 1  # the run's own number
    low, high = copies["consistency_ci95"]
    assert f"consistency {copies['consistency']:.3f} ({low:.3f} to {high:.3f}), by subject; the run's own" in (
        capsys.readouterr().out
    )


def test_faster_recordings_are_resampled_and_slower_ones_refused(run: Path, monkeypatch, capsys) -> None:
    time = np.arange(2000) / 50
    x = np.stack([np.sin(2 * np.pi * (k + 1) * 0.3 * time + k) for k in range(7)]).astype(np.float32)
    names = ("temperature", "gz", "gx", "gy", "ax", "ay", "az")  # one more than the run has, and in another order
    units = ("K", *("rad/s",) * 3, *("m/s^2",) * 3)
    blocks = tuple(Block(group, 0, x * (1 + group)) for group in range(2))
    fast = Recordings("fast", 50.0, 4.0, names, units, (("many", tuple(range(7))),), ("sitting",), blocks, "f" * 64)
    found = evaluated(run, "--eval-data", foreign(monkeypatch, fast))
    assert found["new"]["windows"] == 2 * 4 and found["data"]["rate_hz"] == 50
    assert "resampled from 50 to the run's 20 Hz" in capsys.readouterr().out
    with pytest.raises(InputError, match="fast: has 12.5 samples per second, the run needs 20: what lies between"):
        transfer.main([str(run), "--eval-data", foreign(monkeypatch, replace(fast, rate_hz=12.5))])
    with pytest.raises(InputError, match="fast: has temperature in K, .*, the run needs ax in m/s"):
        transfer.main([str(run), "--eval-data", foreign(monkeypatch, replace(fast, units=("K", *("g",) * 6)))])
    assert [path.name for path in run.iterdir() if "transfer" in path.name] == ["transfer.json"]


def test_the_model_s_rate_and_sensors_are_asked_of_the_loader(run: Path, make_wisdm, monkeypatch) -> None:
    asked: list[Options] = []
    recordings = wisdm.load(make_wisdm(subjects=(1610, 1611), seconds=40))

    def load(path: Path | None, options: Options) -> Recordings:
        asked.append(options)
        return recordings

    made_up = DataSet("asking", "imu", load, "replay-imu", owns=lambda path: path.name == "asking")
    monkeypatch.setitem(registry.DATA_SETS, "asking", made_up)
    evaluated(run, "--eval-data", "asking", "--eval-device", "phone")
    assert asked == [{"device": "phone", "rate_hz": 20.0, "sensors": ["accel", "gyro"]}]


def test_what_cannot_be_judged_is_refused(run: Path, archive: Path, make_wisdm, monkeypatch) -> None:
    with pytest.raises(InputError, match="no subject has files raw/phone"):
        transfer.main([str(run), "--eval-data", str(archive), "--eval-device", "phone"])
    recordings = wisdm.load(archive)
    with pytest.raises(InputError, match="wisdm-watch: its labels may hold together, expected one class a window"):
        transfer.main([str(run), "--eval-data", foreign(monkeypatch, replace(recordings, multilabel=True))])
    short = replace(recordings, blocks=tuple(replace(b, x=b.x[:, :50]) for b in recordings.blocks))
    with pytest.raises(InputError, match="no window of 10 s fits into the blocks of subjects"):
        transfer.main([str(run), "--eval-data", foreign(monkeypatch, short)])
    with pytest.raises(InputError, match=r"SHA-256 is .* but run run was trained on .*; give the same recordings"):
        other = make_wisdm(subjects=(1610, 1611, 1612), seconds=40)
        transfer.main([str(run), "--eval-data", "watch-set", "--data", str(other)])
    (run / "metrics.json").unlink()
    with pytest.raises(InputError, match=r"metrics\.json"):
        transfer.main([str(run), "--eval-data", "watch-set"])
    assert not (run / "transfer.json").exists()


def test_activities_alone(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    archive = make_wisdm(subjects=tuple(range(1600, 1606)), seconds=40)
    out = tmp_path / "two"
    imu.main(["--data", str(archive), "--activities", "sitting,walking", "--out", str(out), *SMALL])
    run = load_run(out)
    assert run.info.labels == ("sitting", "walking") and run.info.data.options["activities"] == ["sitting", "walking"]
    from train.data.stored import windows_for_run

    test = windows_for_run(run.info, "test", archive)
    everything = wisdm.load(archive)
    loaded = transfer.loaded(run.info, str(archive), "watch")[1]
    assert loaded.labels == everything.labels == ("walking", "jogging", "sitting")  # so that it is said where they go
    still = [b for b in everything.blocks if everything.labels[b.label] == "sitting" and b.group in test.groups]
    sitting = test.x[test.labels == 0]
    assert all(any(np.array_equal(x, b.x[:, :200]) or x[0, 0] in b.x[0] for b in still) for x in sitting)
    for wrong, message in (("walking,flying", "has no flying"), ("walking,walking", "cannot be cut to")):
        with pytest.raises(InputError, match=f"{message}.*; its classes: walking, jogging, sitting"):
            imu.main(["--data", str(archive), "--activities", wrong, "--out", str(tmp_path / "x"), *SMALL])
