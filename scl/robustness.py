"""Figures of a model on windows and on their transformed copies, the same on the desktop and for a board's answers."""

from typing import Any

import numpy as np

from scl import metrics


def robustness(
    labels: np.ndarray, classes: np.ndarray, groups: np.ndarray, mask_labels: int | None = None
) -> dict[str, Any]:
    """Accuracy, macro F1 and consistency of windows (row 0) and of their copies (the other rows).

    Args:
        labels: (1 + copies, n) true labels; a transformation such as a time shift can change them.
        classes: (1 + copies, n) predicted ones, -1 where lost or abstained: an error in every figure.
        groups: (n,) subject or record, which intervals are clustered by.
        mask_labels: how many labels there are, where labels and classes are bit masks of several.

    Returns:
        accuracy, macro_f1: of the windows as recorded; with "_transformed", means over the copies.
        consistency, consistency_ci95: over the pairs whose label the transformation left; the interval is None for a
            single group.
        consistency_all_pairs: over all pairs.
        changed_labels: {share of the pairs whose label changed, followed: share of those whose predicted class is the
            new label}.
        per_copy: accuracy, macro_f1, consistency, consistency_ci95, lost of each copy.
    """
    if labels.shape != classes.shape or labels.ndim != 2 or len(labels) < 1 or groups.shape != labels.shape[1:]:
        raise ValueError(
            f"labels {labels.shape}, classes {classes.shape}, groups {groups.shape}: expected (1 + copies, n) twice "
            "and (n,)"
        )

    def f1(truth: np.ndarray, found: np.ndarray) -> float:
        if mask_labels is None:
            return metrics.macro_f1(truth, found)
        return metrics.macro_f1_of_masks(truth, found, mask_labels)

    def interval(pairs: np.ndarray, rows: np.ndarray) -> list[float] | None:
        clusters = np.broadcast_to(groups, rows.shape)[rows]
        return list(metrics.cluster_interval(pairs[rows], clusters)) if len(np.unique(clusters)) > 1 else None

    figures: dict[str, Any] = {
        "accuracy": metrics.accuracy(labels[0], classes[0]),
        "macro_f1": f1(labels[0], classes[0]),
    }
    if len(labels) == 1:
        return figures | {"per_copy": []}
    same = metrics.consistency(classes[0], classes[1:])
    unchanged = labels[1:] == labels[0]
    copies = [
        {
            "accuracy": metrics.accuracy(truth, found),
            "macro_f1": f1(truth, found),
            "consistency": _mean(same[index][unchanged[index]]),
            "consistency_ci95": interval(same[index], unchanged[index]),
            "lost": int((found < 0).sum()),
        }
        for index, (truth, found) in enumerate(zip(labels[1:], classes[1:], strict=True))
    ]
    return figures | {
        "accuracy_transformed": float(np.mean([copy["accuracy"] for copy in copies])),
        "macro_f1_transformed": float(np.mean([copy["macro_f1"] for copy in copies])),
        "consistency": _mean(same[unchanged]),
        "consistency_ci95": interval(same, unchanged),
        "consistency_all_pairs": float(same.mean()),
        "changed_labels": {
            "share": float((~unchanged).mean()),
            "followed": _mean((classes[1:] == labels[1:])[~unchanged]),
        },
        "per_copy": copies,
    }


def _mean(values: np.ndarray) -> float | None:
    """None where there are none."""
    return float(values.mean()) if len(values) else None
