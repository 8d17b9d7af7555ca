"""Figures of groups against loops over windows and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from scl.group_figures import group_figures, grouped
from scl.robustness import robustness

GROUP_OF = {0: "a", 1: "b", 2: "a", 3: "c", 4: "b"}
NUMBERS = np.array(["abc".index(GROUP_OF[k]) for k in range(5)])


def answers() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels and classes (4, 60) with a tenth lost, subjects (60,)."""
    rng = np.random.default_rng(3)
    labels = np.tile(rng.integers(0, 5, 60), (4, 1))
    classes = np.where(rng.random((4, 60)) < 0.5, labels, rng.integers(0, 5, (4, 60)))
    return labels, np.where(rng.random((4, 60)) < 0.1, -1, classes), np.arange(60) % 6


def test_figures_equal_loops() -> None:
    labels, classes, subjects = answers()
    found = group_figures(labels, classes, subjects, NUMBERS)
    right, kept, by_class = [], [], []
    for copy in range(4):
        for n in range(60):
            answer, first = classes[copy, n], classes[0, n]
            right.append(answer >= 0 and GROUP_OF[answer] == GROUP_OF[labels[copy, n]])
            by_class.append(answer == labels[copy, n])
            if copy:
                kept.append(answer >= 0 and first >= 0 and GROUP_OF[answer] == GROUP_OF[first])
    assert found.accuracy == pytest.approx(np.mean(right[:60])) and np.mean(right[:60]) > np.mean(by_class[:60])
    assert found.accuracy_transformed == pytest.approx(np.mean(right[60:]))
    assert found.consistency == pytest.approx(np.mean(kept))
    names = [["lost" if k < 0 else GROUP_OF[k] for k in row] for row in classes]
    truth = [GROUP_OF[k] for k in labels[0]]
    scores = [f1_score(truth, row, labels=["a", "b", "c"], average="macro") for row in names]
    assert found.macro_f1 == pytest.approx(scores[0]) and found.macro_f1_transformed == pytest.approx(
        np.mean(scores[1:])
    )
    assert found.accuracy_ci95 is not None and found.accuracy_ci95[0] < found.accuracy < found.accuracy_ci95[1]


def test_without_groups_the_figures_are_those_of_the_classes() -> None:
    labels, classes, subjects = answers()
    found, figures = group_figures(labels, classes, subjects, np.arange(5)), robustness(labels, classes, subjects)
    assert figures.transformed is not None
    assert (found.accuracy, found.macro_f1) == (figures.accuracy, figures.macro_f1)
    assert (found.consistency, found.consistency_ci95) == (
        figures.transformed.consistency,
        figures.transformed.consistency_ci95,
    )


def test_one_subject_and_no_copies_leave_figures_out() -> None:
    labels, classes, _ = answers()
    found = group_figures(labels[:1], classes[:1], np.zeros(60, int), NUMBERS)
    assert found.accuracy is not None and found.accuracy_ci95 is None
    assert (found.accuracy_transformed, found.macro_f1_transformed, found.consistency) == (None, None, None)


def test_codes_below_0_are_no_class() -> None:
    assert grouped(np.array([[0, -1], [4, -2]]), NUMBERS).tolist() == [[0, -1], [1, -2]]
