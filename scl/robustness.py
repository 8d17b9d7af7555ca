"""Figures of a model on windows and on their transformed copies, the same on the desktop and for a board's answers."""

from dataclasses import dataclass

import numpy as np

from scl import metrics
from scl.decision import UNKNOWN

Interval = tuple[float, float]


@dataclass(frozen=True)
class CopyFigures:
    """Figures of one transformed copy of all windows; `consistency` over the pairs whose label the transformation
    left, None where it left none.
    """

    accuracy: float | None
    macro_f1: float | None
    consistency: float | None
    consistency_ci95: Interval | None
    lost: int


@dataclass(frozen=True)
class ChangedLabels:
    """Pairs whose true label the transformation changed: their share of all pairs, and the share of them whose
    predicted class is the new label (None where there are none).
    """

    share: float
    followed: float | None


@dataclass(frozen=True)
class Transformed:
    """Figures of all copies: means over the copies; consistency over pairs of a window and its copy.

    Attributes:
        accuracy, macro_f1: None where the labels are not known.
        consistency, consistency_ci95: over the pairs whose label the transformation left; the interval is None for a
            single group.
        consistency_all_pairs: over all pairs.
    """

    accuracy: float | None
    macro_f1: float | None
    consistency: float | None
    consistency_ci95: Interval | None
    consistency_all_pairs: float
    changed_labels: ChangedLabels
    per_copy: tuple[CopyFigures, ...]


@dataclass(frozen=True)
class Robustness:
    """Figures of windows as recorded and, where there are copies, of those."""

    accuracy: float | None
    macro_f1: float | None
    transformed: Transformed | None


def robustness(
    labels: np.ndarray, classes: np.ndarray, groups: np.ndarray, mask_labels: int | None = None
) -> Robustness:
    """Accuracy, macro F1 and consistency of windows (row 0) and of their copies (the other rows).

    Args:
        labels: (1 + copies, n) true labels; a transformation such as a time shift can change them. Where they are not
            known (UNKNOWN throughout) there is no accuracy and no macro F1, and consistency is over all pairs.
        classes: (1 + copies, n) predicted ones, -1 where lost or abstained: an error in every figure.
        groups: (n,) subject or record, which intervals are clustered by.
        mask_labels: how many labels there are, where labels and classes are bit masks of several.

    Raises:
        ValueError: shapes do not fit together.

    Examples:
        Four windows of two people, and one copy of each; the copy of the last has another class.

        >>> labels = np.array([[0, 1, 0, 1], [0, 1, 0, 1]])
        >>> classes = np.array([[0, 1, 0, 1], [0, 1, 0, 0]])
        >>> figures = robustness(labels, classes, groups=np.array([1, 1, 2, 2]))
        >>> figures.accuracy, figures.transformed.accuracy, figures.transformed.consistency
        (1.0, 0.75, 0.75)
        >>> figures.transformed.consistency_ci95
        (0.5, 1.0)
    """
    if labels.shape != classes.shape or labels.ndim != 2 or len(labels) < 1 or groups.shape != labels.shape[1:]:
        raise ValueError(
            f"labels {labels.shape}, classes {classes.shape}, groups {groups.shape}: expected (1 + copies, n) twice "
            "and (n,)"
        )

    accuracy, macro_f1 = _scores(labels[0], classes[0], mask_labels)
    if len(labels) == 1:
        return Robustness(accuracy, macro_f1, None)
    same = metrics.consistency(classes[0], classes[1:])
    unchanged = labels[1:] == labels[0]
    copies = tuple(
        CopyFigures(
            *_scores(truth, predicted, mask_labels),
            _mean(same[index][unchanged[index]]),
            _interval(same[index], unchanged[index], groups),
            int((predicted < 0).sum()),
        )
        for index, (truth, predicted) in enumerate(zip(labels[1:], classes[1:], strict=True))
    )
    transformed = Transformed(
        accuracy=_mean_of([copy.accuracy for copy in copies]),
        macro_f1=_mean_of([copy.macro_f1 for copy in copies]),
        consistency=_mean(same[unchanged]),
        consistency_ci95=_interval(same, unchanged, groups),
        consistency_all_pairs=float(same.mean()),
        changed_labels=ChangedLabels(float((~unchanged).mean()), _mean((classes[1:] == labels[1:])[~unchanged])),
        per_copy=copies,
    )
    return Robustness(accuracy, macro_f1, transformed)


def _scores(labels: np.ndarray, classes: np.ndarray, mask_labels: int | None) -> tuple[float | None, float | None]:
    """Accuracy and macro F1; None where the labels are not known."""
    if (labels == UNKNOWN).all():
        return None, None
    if mask_labels is None:
        return metrics.accuracy(labels, classes), metrics.macro_f1(labels, classes)
    return metrics.accuracy(labels, classes), metrics.macro_f1_of_masks(labels, classes, mask_labels)


def _interval(pairs: np.ndarray, rows: np.ndarray, groups: np.ndarray) -> Interval | None:
    """Of pairs (..., n) those that `rows` names, clustered by groups (n,); None for a single group."""
    clusters = np.broadcast_to(groups, rows.shape)[rows]
    return metrics.interval_if_several(pairs[rows], clusters)


def _mean_of(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else None


def _mean(values: np.ndarray) -> float | None:
    """None where there are none."""
    return float(values.mean()) if len(values) else None
