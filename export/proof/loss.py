"""What quantization costs: the int8 model on the sensor's counts against the float model on SI windows, in pairs.

Over windows of the test split, originals and transformed copies. A loss is in points (per cent), positive if int8 is
worse, with a 95 % interval clustered by subject or record.
"""

from typing import Any

import numpy as np

from export.proof.gates import ExportError
from scl import metrics
from scl.robustness import robustness

FIGURES = ("accuracy", "accuracy_transformed", "macro_f1", "macro_f1_transformed", "consistency")


def figures(
    labels: np.ndarray, classes: np.ndarray, groups: np.ndarray, mask_labels: int | None
) -> dict[str, float | None]:
    """FIGURES as fractions, of predictions classes (transforms, n) with labels (transforms, n); transform 0 is the
    identity. Raises ValueError without a transformed copy.
    """
    result = robustness(labels, classes, groups, mask_labels)
    copies = result.transformed
    if copies is None:
        raise ValueError(f"labels have shape {labels.shape}, expected the originals and one transformed copy at least")
    values = (result.accuracy, copies.accuracy, result.macro_f1, copies.macro_f1, copies.consistency)
    return dict(zip(FIGURES, values, strict=True))


def evaluate(
    labels: np.ndarray,
    groups: np.ndarray,
    float_classes: np.ndarray,
    int8_classes: np.ndarray,
    mask_labels: int | None = None,
) -> dict[str, Any]:
    """Compares predictions (transforms, n) of the float and the int8 model; labels alike, groups are (n,).

    "accuracy" and "macro_f1" count originals and copies alike; "consistency" is over the copies whose label the
    transformation left. Of bit masks the macro F1 has no interval.
    """
    everyone = np.broadcast_to(groups, labels.shape)
    several = len(np.unique(groups)) > 1
    kept = labels[1:] == labels[0]

    def paired(exact: np.ndarray, quantized: np.ndarray, clusters: np.ndarray) -> tuple[float, list[float] | None]:
        points = 100 * (exact.astype(float) - quantized)
        return float(points.mean()), list(metrics.cluster_interval(points, clusters)) if several else None

    loss: dict[str, Any] = {}
    loss["accuracy"], loss["accuracy_ci95"] = paired(
        (float_classes == labels).ravel(), (int8_classes == labels).ravel(), everyone.ravel()
    )
    same = [metrics.consistency(classes[0], classes[1:])[kept] for classes in (float_classes, int8_classes)]
    loss["consistency"], loss["consistency_ci95"] = paired(*same, everyone[1:][kept])
    found = [figures(labels, classes, groups, mask_labels) for classes in (float_classes, int8_classes)]
    flat = labels.ravel(), float_classes.ravel(), int8_classes.ravel()
    spread = None
    if mask_labels is None:
        loss["macro_f1"] = 100 * (metrics.macro_f1(flat[0], flat[1]) - metrics.macro_f1(flat[0], flat[2]))
        spread = metrics.macro_f1_interval(flat[0], flat[1], everyone.ravel(), minus=flat[2]) if several else None
    else:
        scores = [metrics.macro_f1_of_masks(flat[0], found, mask_labels) for found in flat[1:]]
        loss["macro_f1"] = 100 * (scores[0] - scores[1])
    loss["macro_f1_ci95"] = [100 * bound for bound in spread] if spread else None
    return {
        "windows": labels.shape[1],
        "subjects": len(np.unique(groups)),
        "copies": len(labels) - 1,
        "float": found[0],
        "int8": found[1],
        "same_class": float((float_classes == int8_classes).mean()),
        "loss_points": loss,
    }


def require_small_loss(evaluation: dict[str, Any], limit: float, names: tuple[str, ...]) -> None:
    """Raises ExportError if int8 loses more than `limit` points of one of the named figures, as a point estimate."""
    for name in names:
        loss, interval = evaluation["loss_points"][name], evaluation["loss_points"][f"{name}_ci95"]
        if loss > limit:
            spread = f" (95 % interval {interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
            raise ExportError(
                f"int8 loses {loss:.2f} points of {name.replace('_', ' ')}{spread} on {evaluation['windows']} "
                f"test windows and their {evaluation['copies']} copies; allowed are {limit:g}. "
                "Try another --method of calibration.ranges, train longer, or allow more with --max-loss"
            )
