"""What quantization costs: the int8 model on the sensor's counts against the float model on SI windows, in pairs.

Over all windows of the test split, originals and rotated copies. A loss is in points (per cent), positive if int8 is
worse, with a 95 % interval clustered by subject.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from export.gates import ExportError
from scl import metrics


@dataclass(frozen=True)
class Figures:
    """Fractions; the transformed ones are over all copies but the identity."""

    accuracy: float
    accuracy_transformed: float
    consistency: float


def figures(labels: np.ndarray, classes: np.ndarray) -> Figures:
    """Figures of predictions classes (transforms, n) of windows with labels (n,); transform 0 is the identity."""
    return Figures(
        metrics.accuracy(labels, classes[0]),
        float((classes[1:] == labels).mean()),
        float(metrics.consistency(classes[0], classes[1:]).mean()),
    )


def evaluate(
    labels: np.ndarray, groups: np.ndarray, float_classes: np.ndarray, int8_classes: np.ndarray
) -> dict[str, Any]:
    """Compares predictions (transforms, n) of the float and the int8 model; labels and groups (subjects) are (n,).

    "accuracy" counts originals and copies alike.
    """
    per_window = {
        "accuracy": [(classes == labels).mean(axis=0) for classes in (float_classes, int8_classes)],
        "consistency": [metrics.consistency(c[0], c[1:]) for c in (float_classes, int8_classes)],
    }
    loss: dict[str, Any] = {}
    for name, (exact, quantized) in per_window.items():
        points = 100 * (exact - quantized)
        loss[name] = float(points.mean())
        several = len(np.unique(groups)) > 1
        loss[f"{name}_ci95"] = list(metrics.cluster_interval(points, groups)) if several else None
    return {
        "windows": len(labels),
        "subjects": len(np.unique(groups)),
        "copies": len(int8_classes) - 1,
        "float": asdict(figures(labels, float_classes)),
        "int8": asdict(figures(labels, int8_classes)),
        "same_class": float((float_classes == int8_classes).mean()),
        "loss_points": loss,
    }


def require_small_loss(evaluation: dict[str, Any], limit: float) -> None:
    """Raises ExportError if int8 loses more than `limit` points of accuracy or of consistency, as a point estimate."""
    for name in ("accuracy", "consistency"):
        loss, interval = evaluation["loss_points"][name], evaluation["loss_points"][f"{name}_ci95"]
        if loss > limit:
            spread = f" (95 % interval {interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
            raise ExportError(
                f"int8 loses {loss:.2f} points of {name}{spread} on {evaluation['windows']} test windows and their "
                f"{evaluation['copies']} copies; allowed are {limit:g}. "
                "Try another --method of calibration.ranges, train longer, or allow more with --max-loss"
            )
