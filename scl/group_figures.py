"""Figures with the classes of a group as one, from the same answers as the figures of the classes."""

from dataclasses import dataclass

import numpy as np

from scl.metrics import interval_if_several
from scl.robustness import Interval, robustness


@dataclass(frozen=True)
class GroupFigures:
    """As `scl.robustness` has them, of groups in place of classes; an interval is None for a single subject or record,
    figures of copies are None without copies.
    """

    accuracy: float | None
    accuracy_ci95: Interval | None
    macro_f1: float | None
    accuracy_transformed: float | None
    accuracy_transformed_ci95: Interval | None
    macro_f1_transformed: float | None
    consistency: float | None
    consistency_ci95: Interval | None


def grouped(classes: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Classes of any shape as groups, by the group's number of each class (classes,); below 0 (lost, unsure) stays.

    Examples:
        >>> grouped(np.array([0, 2, -1, 1]), np.array([0, 1, 1])).tolist()
        [0, 1, -1, 1]
    """
    return np.asarray(np.where(classes < 0, classes, numbers[np.maximum(classes, 0)]))


def group_figures(labels: np.ndarray, classes: np.ndarray, subjects: np.ndarray, numbers: np.ndarray) -> GroupFigures:
    """Figures of windows (row 0) and their copies (the other rows).

    Args:
        labels, classes: (1 + copies, n) true and predicted class; -1 where lost or abstained, or a label is not known.
        subjects: (n,) subject or record, which intervals are clustered by.
        numbers: (classes,) the group's number of each class.

    Examples:
        Soup is taken for chips, which is right where both are eating.

        >>> labels, classes = np.array([[0, 1, 2, 2]]), np.array([[0, 2, 2, 0]])
        >>> found = group_figures(labels, classes, np.array([1, 1, 2, 2]), numbers=np.array([0, 1, 1]))
        >>> found.accuracy, round(found.macro_f1, 3), found.consistency
        (0.75, 0.733, None)
    """
    truth, found = grouped(labels, numbers), grouped(classes, numbers)
    figures = robustness(truth, found, subjects)
    copies, right = figures.transformed, (truth == found) & (truth >= 0)
    everybody = np.broadcast_to(subjects, right.shape)
    return GroupFigures(
        accuracy=figures.accuracy,
        accuracy_ci95=None if figures.accuracy is None else interval_if_several(right[0], subjects),
        macro_f1=figures.macro_f1,
        accuracy_transformed=copies.accuracy if copies else None,
        accuracy_transformed_ci95=interval_if_several(right[1:].ravel(), everybody[1:].ravel())
        if copies and copies.accuracy is not None
        else None,
        macro_f1_transformed=copies.macro_f1 if copies else None,
        consistency=copies.consistency if copies else None,
        consistency_ci95=copies.consistency_ci95 if copies else None,
    )
