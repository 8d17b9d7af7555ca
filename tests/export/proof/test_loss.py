"""Float against int8: figures by hand, and the gate on what may be lost."""

import numpy as np
import pytest

from export.proof.gates import ExportError
from export.proof.loss import evaluate, figures, require_small_loss


def predictions(windows: int, wrong: int, transforms: int = 3) -> np.ndarray:
    """Classes (transforms, windows): all 0, but the last `wrong` windows are 1 in the transformed copies."""
    classes = np.zeros((transforms, windows), int)
    if wrong:
        classes[1:, -wrong:] = 1
    return classes


def test_figures_by_hand():
    labels = np.array([0, 1, 2, 0])
    classes = np.array([[0, 1, 1, 0], [0, 1, 2, 1], [1, 1, 1, 0]])
    found = figures(np.tile(labels, (3, 1)), classes, np.zeros(4, int), None)
    assert found.accuracy == 3 / 4
    assert found.accuracy_transformed == 5 / 8
    assert found.consistency == 5 / 8


def test_losses_by_hand():
    windows, wrong = 2000, 30
    labels, groups = np.zeros(windows, int), np.arange(windows) % 20
    result = evaluate(np.tile(labels, (3, 1)), groups, predictions(windows, 0), predictions(windows, wrong))
    loss = result.loss_points
    assert loss.consistency == pytest.approx(100 * wrong / windows)
    assert loss.accuracy == pytest.approx(100 * wrong / windows * 2 / 3)
    low, high = loss.consistency_ci95
    assert low < loss.consistency < high
    assert result.same_class == pytest.approx(1 - wrong / windows * 2 / 3)
    assert (result.windows, result.subjects, result.copies) == (windows, 20, 2)


def test_changes_that_cancel_lose_nothing():
    labels, groups = np.arange(1000) % 2, np.arange(1000) % 10
    exact = np.tile(labels, (3, 1))
    exact[:, :10] ^= 1
    quantized = np.tile(labels, (3, 1))
    quantized[:, 10:20] ^= 1
    loss = evaluate(np.tile(labels, (3, 1)), groups, exact, quantized).loss_points
    assert loss.accuracy == 0 and loss.consistency == 0


@pytest.mark.parametrize(("wrong", "passes"), [(9, True), (10, True), (11, False)])
def test_the_point_estimate_is_the_gate(wrong, passes):
    labels, groups = np.zeros(2000, int), np.arange(2000) % 20
    result = evaluate(np.tile(labels, (3, 1)), groups, predictions(2000, 0), predictions(2000, wrong))
    if passes:
        require_small_loss(result, 0.5, ("accuracy", "consistency"))
    else:
        with pytest.raises(
            ExportError, match=r"int8 loses 0.55 points of consistency \(95 % interval .*allowed are 0.5; try"
        ):
            require_small_loss(result, 0.5, ("accuracy", "consistency"))


def test_a_single_subject_has_no_interval():
    labels, groups = np.zeros(100, int), np.zeros(100, int)
    result = evaluate(np.tile(labels, (3, 1)), groups, predictions(100, 0), predictions(100, 50))
    assert result.loss_points.accuracy_ci95 is None
    with pytest.raises(ExportError, match="int8 loses 33.33 points of accuracy on 100 test windows"):
        require_small_loss(result, 0.5, ("accuracy", "consistency"))
