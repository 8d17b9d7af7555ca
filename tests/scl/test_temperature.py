"""Temperature and expected calibration error, against closed forms and loops."""

import math

import numpy as np
import pytest

from scl.temperature import BINS, expected_calibration_error, fitted_temperature, log_loss


def test_of_two_classes_the_temperature_has_a_closed_form() -> None:
    """All logits apart by d and a share a right: the softmax says a where d / T = ln(a / (1 - a))."""
    for apart, right, count in ((6.0, 80, 100), (0.3, 70, 100), (2.0, 99, 100)):
        logits = np.tile([apart, 0.0], (count, 1))
        labels = (np.arange(count) >= right).astype(int)
        share = right / count
        assert fitted_temperature(logits, labels) == pytest.approx(apart / math.log(share / (1 - share)), rel=1e-6)


def test_logits_that_were_scaled_are_scaled_back() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, (4000, 5))
    powers = np.exp(logits)
    labels = (powers.cumsum(axis=1) < rng.random((4000, 1)) * powers.sum(axis=1, keepdims=True)).sum(axis=1)
    once = fitted_temperature(logits, labels)
    assert once == pytest.approx(1.0, abs=0.06)
    assert fitted_temperature(3 * logits, labels) == pytest.approx(3 * once, rel=1e-5)
    grid = [log_loss(logits, labels, t) for t in np.geomspace(0.1, 10, 400)]
    assert log_loss(logits, labels, once) <= min(grid) + 1e-9


def test_within_its_limits() -> None:
    assert fitted_temperature(np.eye(3), np.arange(3)) == pytest.approx(1 / 16, rel=1e-4)  # all are right
    assert fitted_temperature(np.eye(2), np.array([1, 0])) == pytest.approx(16, rel=1e-4)  # all wrong


def slowly(confidences: np.ndarray, right: np.ndarray) -> float:
    total = 0.0
    for number in range(BINS):
        last = number == BINS - 1
        inside = [
            (c, r)
            for c, r in zip(confidences.tolist(), right.tolist(), strict=True)
            if number / BINS <= c and (last or c < (number + 1) / BINS)
        ]
        if inside:
            gap = sum(c for c, _ in inside) / len(inside) - sum(r for _, r in inside) / len(inside)
            total += len(inside) / len(right) * abs(gap)
    return total


def test_the_error_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(4)
    for count in (1, 7, 500):
        confidences, right = rng.random(count), rng.random(count) < 0.7
        assert expected_calibration_error(confidences, right) == pytest.approx(slowly(confidences, right), abs=1e-12)
    assert expected_calibration_error(np.ones(4), np.ones(4, bool)) == 0.0
    assert expected_calibration_error(np.ones(4), np.zeros(4, bool)) == 1.0


def test_what_does_not_fit_together() -> None:
    for confidences, right in ((np.ones(2), np.ones(3, bool)), (np.ones(0), np.ones(0, bool)), (np.ones((2, 2)),) * 2):
        with pytest.raises(ValueError, match="expected the same"):
            expected_calibration_error(confidences, right)
    for logits, labels in ((np.ones((2, 3)), np.ones(3, int)), (np.ones((0, 3)), np.ones(0, int)), (np.ones(3),) * 2):
        with pytest.raises(ValueError, match="not empty"):
            fitted_temperature(logits, labels)
