"""Recall, accuracy and macro F1 against scikit-learn, and intervals against a slow bootstrap."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from scl.artifacts import InputError, write_json
from train.run.class_figures import class_figures, own_figures
from train.run.metrics_json import read_metrics

LABELS = ("a", "b", "c", "d")
NAMES = {0: "a", 2: "c", 3: "d"}


def drawn(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True classes 0 and 2, predicted ones of all four, of people with unlike numbers of windows and skill."""
    rng = np.random.default_rng(seed)
    groups = np.repeat([3, 5, 8, 13, 21], [30, 10, 25, 5, 40])
    labels = rng.choice([0, 2], len(groups))
    wrong = rng.random(len(groups)) < np.array([0.1, 0.6, 0.3, 0.9, 0.2])[np.searchsorted([3, 5, 8, 13, 21], groups)]
    return labels, np.where(wrong, rng.integers(0, 4, len(groups)), labels), groups


def slow_interval(right: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """People are drawn with replacement, and all their windows with them."""
    people = np.unique(groups)
    draws = np.random.default_rng(0).integers(0, len(people), size=(2000, len(people)))
    means = [np.concatenate([right[groups == people[k]] for k in draw]).mean() for draw in draws]
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def test_figures_equal_another_librarys() -> None:
    labels, classes, groups = drawn()
    found = class_figures(labels, classes, groups, NAMES)
    assert (found.windows, found.people) == (110, 5)
    assert found.accuracy == pytest.approx(accuracy_score(labels, classes))
    assert found.macro_f1 == pytest.approx(f1_score(labels, classes, labels=[0, 2], average="macro"))
    recalls = recall_score(labels, classes, labels=[0, 2], average=None)
    assert [row.label for row in found.classes] == ["a", "c", "d"]
    assert [row.recall for row in found.classes] == [*map(pytest.approx, recalls), None]
    assert [row.windows for row in found.classes] == [np.sum(labels == 0), np.sum(labels == 2), 0]
    assert found.classes[2].people == 0 and found.classes[2].recall_ci95 is None


def test_intervals_resample_people_not_windows() -> None:
    labels, classes, groups = drawn(1)
    found, right = class_figures(labels, classes, groups, NAMES), labels == classes
    assert found.accuracy_ci95 == pytest.approx(slow_interval(right, groups))
    for row, k in ((found.classes[0], 0), (found.classes[1], 2)):
        assert row.recall_ci95 == pytest.approx(slow_interval(right[labels == k], groups[labels == k]))
    low, high = found.macro_f1_ci95
    assert low < found.macro_f1 < high
    windows = 2 * 1.96 * np.sqrt(found.accuracy * (1 - found.accuracy) / len(labels))
    assert found.accuracy_ci95[1] - found.accuracy_ci95[0] > windows  # people differ


def test_one_person_has_no_interval() -> None:
    labels, classes, groups = drawn()
    alone = class_figures(labels, classes, np.zeros_like(groups), NAMES)
    assert alone.accuracy_ci95 is alone.macro_f1_ci95 is alone.classes[0].recall_ci95 is None
    groups[labels == 2] = 3  # one class of one person alone
    found = class_figures(labels, classes, groups, NAMES)
    assert found.accuracy_ci95 and found.classes[0].recall_ci95 and found.classes[1].recall_ci95 is None


def test_own_figures_are_of_the_chosen_classes_alone() -> None:
    rng = np.random.default_rng(2)
    labels, classes = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    classes = np.where(rng.random(200) < 0.6, labels, classes)
    contents = {"confusion": confusion_matrix(labels, classes).tolist()}
    found = own_figures(contents, Path("metrics.json"), LABELS, ("b", "d"))
    rows = np.isin(labels, (1, 3))
    assert found.windows == rows.sum() and found.people is None and found.accuracy_ci95 is None
    assert found.accuracy == pytest.approx(accuracy_score(labels[rows], classes[rows]))
    assert found.macro_f1 == pytest.approx(f1_score(labels[rows], classes[rows], labels=[1, 3], average="macro"))
    assert [row.recall for row in found.classes] == [pytest.approx(np.mean(classes[labels == k] == k)) for k in (1, 3)]


def test_classes_that_the_run_did_not_test_have_no_figures() -> None:
    contents = {"confusion": [[5, 0], [0, 0]]}
    assert own_figures(contents, Path("m"), ("a", "b"), ("b",)) is None
    found = own_figures(contents, Path("m"), ("a", "b"), ("a", "b"))
    assert found.macro_f1 == 1 and [row.recall for row in found.classes] == [1, None]


@pytest.mark.parametrize("confusion", [None, [[1, 2]], [["x"]], [[1, 2], [3, -1]], [[10**30, 0], [0, 1]], {}])
def test_a_damaged_confusion_is_named(confusion: object) -> None:
    with pytest.raises(InputError, match="metrics.json: (has no )?confusion.*train the run again"):
        own_figures({"confusion": confusion}, Path("metrics.json"), ("a", "b"), ("a",))


def test_metrics_that_are_missing_or_old(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"metrics\.json"):
        read_metrics(tmp_path)
    write_json(tmp_path / "metrics.json", {"kind": "metrics", "schema": 1})
    with pytest.raises(InputError, match="schema 1, this version reads schema 3; train the run again"):
        read_metrics(tmp_path)
