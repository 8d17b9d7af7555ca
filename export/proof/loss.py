"""What quantization costs: the int8 model on the sensor's counts against the float model on SI windows, in pairs.

Over windows of the test split, originals and transformed copies. A loss is in points (per cent), positive if int8 is
worse, with a 95 % interval clustered by subject or record.
"""

from collections.abc import Sequence

import numpy as np

from export.proof.gates import ExportError
from scl import metrics
from scl.artifacts.export_report import Evaluation, Losses, ModelFigures
from scl.robustness import Interval, robustness

FIGURES = ("accuracy", "accuracy_transformed", "macro_f1", "macro_f1_transformed", "consistency")


def figures(labels: np.ndarray, classes: np.ndarray, groups: np.ndarray, mask_labels: int | None) -> ModelFigures:
    """Of predictions classes (transforms, n) with labels (transforms, n); transform 0 is the identity.

    Raises ValueError without a transformed copy, or without labels.
    """
    result = robustness(labels, classes, groups, mask_labels)
    copies = result.transformed
    if copies is None:
        raise ValueError(f"labels have shape {labels.shape}, expected the originals and one transformed copy at least")
    if result.accuracy is None or result.macro_f1 is None or copies.accuracy is None or copies.macro_f1 is None:
        raise ValueError("labels are not known, expected the windows' own")
    return ModelFigures(result.accuracy, copies.accuracy, result.macro_f1, copies.macro_f1, copies.consistency)


def evaluate(
    labels: np.ndarray,
    groups: np.ndarray,
    float_classes: np.ndarray,
    int8_classes: np.ndarray,
    mask_labels: int | None = None,
) -> Evaluation:
    """Compares predictions (transforms, n) of the float and the int8 model; labels alike, groups are (n,)."""
    everyone = np.broadcast_to(groups, labels.shape)
    unchanged = labels[1:] == labels[0]
    accuracy, accuracy_ci95 = _paired(
        (float_classes == labels).ravel(), (int8_classes == labels).ravel(), everyone.ravel()
    )
    same, same_int8 = (metrics.consistency(c[0], c[1:])[unchanged] for c in (float_classes, int8_classes))
    consistency, consistency_ci95 = _paired(same, same_int8, everyone[1:][unchanged])
    macro_f1, macro_f1_ci95 = _macro_f1(
        labels.ravel(), float_classes.ravel(), int8_classes.ravel(), everyone.ravel(), mask_labels
    )
    return Evaluation(
        windows=labels.shape[1],
        subjects=len(np.unique(groups)),
        copies=len(labels) - 1,
        same_class=float((float_classes == int8_classes).mean()),
        loss_points=Losses(accuracy, accuracy_ci95, consistency, consistency_ci95, macro_f1, macro_f1_ci95),
        float=figures(labels, float_classes, groups, mask_labels),
        int8=figures(labels, int8_classes, groups, mask_labels),
    )


def _paired(exact: np.ndarray, quantized: np.ndarray, clusters: np.ndarray) -> tuple[float, Interval | None]:
    """Mean difference of bools (n,) in points, with its interval over clusters (n,)."""
    points = 100 * (exact.astype(float) - quantized)
    several = len(np.unique(clusters)) > 1
    return float(points.mean()), metrics.cluster_interval(points, clusters) if several else None


def _macro_f1(
    labels: np.ndarray, exact: np.ndarray, quantized: np.ndarray, clusters: np.ndarray, mask_labels: int | None
) -> tuple[float, Interval | None]:
    """Points of macro F1 that the classes `quantized` (n,) are behind `exact` (n,)."""
    if mask_labels is not None:
        scores = [metrics.macro_f1_of_masks(labels, classes, mask_labels) for classes in (exact, quantized)]
        return 100 * (scores[0] - scores[1]), None
    loss = 100 * (metrics.macro_f1(labels, exact) - metrics.macro_f1(labels, quantized))
    if len(np.unique(clusters)) == 1:
        return loss, None
    low, high = metrics.macro_f1_interval(labels, exact, clusters, minus=quantized)
    return loss, (100 * low, 100 * high)


def require_small_loss(evaluation: Evaluation, limit: float, names: Sequence[str]) -> None:
    """Raises ExportError if int8 loses more than `limit` points of one of the named figures, as a point estimate."""
    for name in names:
        loss, interval = evaluation.loss_points.of(name)
        if loss > limit:
            spread = f" (95 % interval {interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
            raise ExportError(
                f"int8 loses {loss:.2f} points of {name.replace('_', ' ')}{spread} on {evaluation.windows} "
                f"test windows and their {evaluation.copies} copies; allowed are {limit:g}; "
                "try another --method of calibration.ranges, train longer, or allow more with --max-loss"
            )
