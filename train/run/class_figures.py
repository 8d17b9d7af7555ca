"""Recall of each class with its count and interval, and the same of a run's own test windows, from metrics.json."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl import metrics
from scl.artifacts import InputError
from scl.artifacts.fields import Fraction, Line, Whole
from scl.robustness import Interval
from train.run.metrics_json import ADVICE


@dataclass(frozen=True)
class ClassFigures:
    """Of the windows of a class: how many, of how many people or records, and the share that is given the class.

    Attributes:
        recall_ci95: clustered by people or records; None with a single one, and of a run's own test windows.
    """

    label: Line
    windows: Whole
    people: Whole | None
    recall: Fraction | None
    recall_ci95: Interval | None


@dataclass(frozen=True)
class ClassesFigures:
    """Of the windows of some classes, whichever of its classes the model gives them."""

    windows: Whole
    people: Whole | None
    accuracy: Fraction
    accuracy_ci95: Interval | None
    macro_f1: Fraction
    macro_f1_ci95: Interval | None
    classes: tuple[ClassFigures, ...]


def class_figures(labels: np.ndarray, classes: np.ndarray, groups: np.ndarray, names: dict[int, str]) -> ClassesFigures:
    """Figures of windows.

    Args:
        labels, classes, groups: (n,) true and predicted class, and subject or record.
        names: of the classes that are listed, by their number.
    """
    several = len(np.unique(groups)) > 1
    right = labels == classes
    return ClassesFigures(
        windows=len(labels),
        people=len(np.unique(groups)),
        accuracy=metrics.accuracy(labels, classes),
        accuracy_ci95=metrics.interval_if_several(right, groups),
        macro_f1=metrics.macro_f1(labels, classes),
        macro_f1_ci95=metrics.macro_f1_interval(labels, classes, groups) if several else None,
        classes=tuple(_one(name, right[labels == k], groups[labels == k]) for k, name in names.items()),
    )


def _one(name: str, right: np.ndarray, groups: np.ndarray) -> ClassFigures:
    recall = float(right.mean()) if len(right) else None
    return ClassFigures(name, len(right), len(np.unique(groups)), recall, metrics.interval_if_several(right, groups))


def own_figures(
    contents: dict[str, object], path: Path, labels: tuple[str, ...], chosen: tuple[str, ...]
) -> ClassesFigures | None:
    """Figures of a run's own test windows of the `chosen` classes, of its confusion in metrics.json; None where it
    tested none of them.

    Args:
        contents: of metrics.json.
        path: of it, for messages.
        labels: the run's.

    Raises InputError if the file has no confusion of these labels.
    """
    try:
        matrix = np.asarray(contents["confusion"], dtype=np.int64)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path}: has no confusion that can be read ({error!r}); {ADVICE}") from error
    if matrix.shape != (len(labels), len(labels)) or (matrix < 0).any():
        raise InputError(
            f"{path}: confusion has shape {matrix.shape}, expected counts of {len(labels)} classes; {ADVICE}"
        )
    kept = np.zeros((len(labels), len(labels) + 1), np.int64)
    rows = [labels.index(label) for label in chosen]
    kept[rows, :-1] = matrix[rows]
    if not kept.any():
        return None
    found = metrics.per_class(kept)
    scores = [float(row["f1"] or 0) for row in found if row["windows"]]
    return ClassesFigures(
        windows=int(kept.sum()),
        people=None,
        accuracy=float(np.trace(kept) / kept.sum()),
        accuracy_ci95=None,
        macro_f1=float(np.mean(scores)),
        macro_f1_ci95=None,
        classes=tuple(
            ClassFigures(label, int(kept[k].sum()), None, found[k]["recall"], None)
            for label, k in zip(chosen, rows, strict=True)
        ),
    )
