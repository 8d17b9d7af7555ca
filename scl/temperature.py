"""Temperature: how sure a softmax is, fitted to how often it is right (Guo et al. 2017, On Calibration of Modern
Neural Networks).
"""

import numpy as np

BINS = 15  # of a confidence, each as wide as the others
COLDEST, WARMEST = 1 / 16, 16.0
_GOLDEN = (5**0.5 - 1) / 2
_STEPS = 60  # of the search: each takes .38 of what is left


def expected_calibration_error(confidences: np.ndarray, right: np.ndarray) -> float:
    """Mean distance of confidence and accuracy over bins of confidence, weighted by how many answers are in each.

    Args:
        confidences: (n,) 0 to 1 of each answer.
        right: (n,) bool, whether it was.

    Raises ValueError for another number of one than of the other, or none.

    Examples:
        >>> right = np.array([True, True, True, False])
        >>> round(expected_calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), right), 6)
        0.1
    """
    confidences, right = np.asarray(confidences, float), np.asarray(right, bool)
    if confidences.shape != right.shape or confidences.ndim != 1 or not len(right):
        raise ValueError(f"confidences {confidences.shape}, right {right.shape}: expected the same (n,), not empty")
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, confidences - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(right))


def log_loss(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    """Mean negative log-likelihood of labels (n,) under the softmax of logits (n, classes) over a temperature.

    Examples:
        >>> round(log_loss(np.zeros((1, 4)), np.array([2]), 1.0), 4)
        1.3863
    """
    scaled = logits / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]).mean())


def fitted_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature of the least `log_loss`, 1/16 to 16, of logits (n, classes) float and labels (n,).

    The loss is convex in the temperature's inverse, so that a golden-section search over its logarithm finds it. Raises
    ValueError without a window.

    Examples:
        >>> logits = 2 * np.log([[0.8, 0.2]] * 5)  # sure of .94, and right four times of five
        >>> round(fitted_temperature(logits, np.array([0, 0, 0, 0, 1])), 3)
        2.0
    """
    logits, labels = np.asarray(logits, float), np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or not len(labels):
        raise ValueError(f"logits {logits.shape}, labels {labels.shape}: expected (n, classes) and (n,), not empty")
    low, high = np.log(COLDEST), np.log(WARMEST)
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if log_loss(logits, labels, np.exp(left)) < log_loss(logits, labels, np.exp(right)):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))
