"""A board's figures with the classes of a group as one, against loops over its answers, in every form of the report."""

import json
import math
from contextlib import contextmanager
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from firmware_host import report, validate
from firmware_host.board import Board
from firmware_host.figures import Answers
from firmware_host.label_groups import label_group_figures
from firmware_host.link import Link
from firmware_host.messages import ABSTAIN, UNSURE_CODE, Result
from firmware_host.outcome import Outcome
from firmware_host.validation import Validation
from scl.artifacts import InputError, read_artifact
from scl.artifacts.bundle import read_bundle, read_run_bundle
from scl.artifacts.decision import Decision
from scl.artifacts.golden import read_golden
from scl.artifacts.label_groups import LabelGroup
from scl.belief import UNSURE

MOVING = LabelGroup("moving", ("walking", "jogging"))
GROUP_OF = {"walking": "moving", "jogging": "moving", "sitting": "sitting"}


@pytest.fixture
def manifest(fake_bundle):
    return replace(read_run_bundle(fake_bundle).manifest, label_groups=(MOVING,))


@pytest.fixture
def golden(fake_bundle):
    return read_golden(read_bundle(fake_bundle))


def answered(golden):
    """The golden answers, but for a lost window, one that was abstained from, and three that are unsure."""
    results = []
    for index, logits in enumerate(golden.logits.reshape(36, 3)):
        predicted = ABSTAIN if index == 5 else int(logits.argmax())
        decided = UNSURE_CODE if index in (3, 14, 30) else predicted
        results.append(Result(predicted, 0, 0, 0, decided, 0, golden.features.reshape(36, 5)[index], logits))
    results[7] = None
    return Answers.of(Outcome(results, [math.nan if r is None else 0.01 for r in results], [1] * 36), golden)


def test_figures_equal_loops(manifest, golden):
    answers = answered(golden)
    found = label_group_figures(manifest, golden, answers)
    assert (found.groups, found.names) == ((MOVING,), ("moving", "sitting"))
    labels, right, sure = manifest.labels, [], []
    for copy in range(3):
        for window in range(12):
            truth = GROUP_OF[labels[golden.labels[copy, window]]]
            code, decided = answers.predictions[copy, window], answers.decided[copy, window]
            right.append(code >= 0 and GROUP_OF[labels[code]] == truth)
            if decided != UNSURE:
                sure.append(decided >= 0 and GROUP_OF[labels[decided]] == truth)
    assert len(sure) == 33 and (answers.decided < 0).sum() == 5
    assert found.board.accuracy == pytest.approx(np.mean(right[:12]))
    assert found.board.accuracy_transformed == pytest.approx(np.mean(right[12:]))
    assert found.board.answered_accuracy == pytest.approx(np.mean(sure))
    truth = [GROUP_OF[labels[k]] for k in golden.labels[0]]
    named = ["" if k < 0 else GROUP_OF[labels[k]] for k in answers.predictions[0]]
    assert found.board.macro_f1 == pytest.approx(f1_score(truth, named, labels=found.names, average="macro"))


def test_the_desktop_decides_too(manifest, golden):
    """Its own unsure windows are left out of what it answered."""
    manifest = replace(manifest, decision=Decision(1.0, None, 0.5))
    found = label_group_figures(manifest, golden, answered(golden)).desktop
    scale = manifest.outputs.logits.scale
    right = []
    for copy in range(3):
        for window in range(12):
            shares = np.exp(golden.logits[copy, window] * scale)
            low, high = np.sort(shares / shares.sum())[-2:]
            if high - low >= 0.5:
                answer = manifest.labels[golden.logits[copy, window].argmax()]
                right.append(GROUP_OF[answer] == GROUP_OF[manifest.labels[golden.labels[copy, window]]])
    assert 0 < len(right) < 36 and found.answered_accuracy == pytest.approx(np.mean(right))


def test_without_groups_there_is_no_second_level(fake_bundle, golden):
    assert label_group_figures(read_run_bundle(fake_bundle).manifest, golden, answered(golden)) is None


@pytest.fixture
def validated(monkeypatch, make_board, fake_bundle, edit_manifest, tmp_path):
    """validated(name, groups): the report folder of the bundle with these groups."""

    def validated(name, *groups):
        board = make_board()

        @contextmanager
        def open_fake(*_options, **_named):
            link = Link(board, board.now)
            yield Board(link, link.greet(), False, None)

        monkeypatch.setattr(validate, "open_board", open_fake)
        edit_manifest(fake_bundle, label_groups=[asdict(group) for group in groups])
        validate.main([str(fake_bundle), "--port", "fake", "--out", str(tmp_path / name)])
        return tmp_path / name

    return validated


def test_both_levels_are_in_every_form_of_the_report(validated, fake_bundle, capsys):
    folder = validated("report", MOVING)
    v = read_artifact(folder / "validation.json", Validation)
    golden = read_golden(read_bundle(fake_bundle))
    moves = (golden.predictions < 2) == (golden.labels < 2)
    assert (
        v.label_groups.board.accuracy == pytest.approx(moves[0].mean()) and v.accuracy != v.label_groups.board.accuracy
    )
    assert v.label_groups.board == v.label_groups.desktop
    printed, page = capsys.readouterr().out, (folder / "validation.html").read_text()
    assert "accuracy of 2 groups" in printed and f"{100 * moves[0].mean():.2f} %" in printed
    assert "3 classes, and 2 groups" in page and "moving: walking, jogging." in page
    assert f"{100 * v.label_groups.board.macro_f1:.1f} %" in page.split("Groups of classes")[1].split("</table>")[0]


def test_a_comparison_has_both_levels(validated, tmp_path):
    """Rows of groups where both reports have the same, or one has none; else a fact that says that they differ."""
    one, none, other = (
        validated("one", MOVING),
        validated("none"),
        validated("other", LabelGroup("still", ("sitting", "walking"))),
    )

    def compared(a, b):
        report.main([str(a), str(b), "--out", str(tmp_path / "compared")])
        found = json.loads((tmp_path / "compared" / "compare.json").read_text())
        fact = next(fact for fact in found["facts"] if fact["name"] == "Groups of classes")
        return {row["name"]: row for row in found["differences"] if "groups" in row["name"]}, fact

    rows, fact = compared(one, none)
    assert set(rows) == {
        *("Accuracy, as recorded, groups of classes", "Accuracy, transformed, groups of classes"),
        *("Macro F1, as recorded, groups of classes", "Macro F1, copies together, groups of classes"),
    }
    board = json.loads((one / "validation.json").read_text())["label_groups"]["board"]
    row = rows["Macro F1, as recorded, groups of classes"]
    assert (row["a"], row["b"], row["difference"]) == (pytest.approx(board["macro_f1"]), row["a"], 0)
    assert rows["Accuracy, transformed, groups of classes"]["a"] == pytest.approx(board["accuracy_transformed"])
    assert (fact["a"], fact["b"], fact["same"]) == ("moving=walking+jogging", "none", False)
    assert compared(one, other) == ({}, {**fact, "b": "still=sitting+walking"})


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (
            LabelGroup("moving", ("walking", "running")),
            "moving has running, which is no label; labels: walking, jogging",
        ),
        (LabelGroup("sitting", ("walking", "jogging")), "sitting is the name of a class that is not in it"),
    ],
)
def test_a_manifest_with_other_groups_is_refused(validated, group, message):
    with pytest.raises(InputError, match=message):
        validated("report", group)
