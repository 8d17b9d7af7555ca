"""A model's figures on a set of windows, as recorded and transformed."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from scl import metrics
from scl.decision import decide
from scl.robustness import Robustness, robustness
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.transformations import CircularShift, Shift, Transformation

GALLERY = 4000  # windows that retrieval searches, at most: its cost grows with their square


def predict(model: Classifier, x: torch.Tensor, batch_size: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Latents (n, d) and logits (n, classes) of windows x (n, channels, samples), without gradients."""
    model.eval()
    latents, logits = [], []
    with torch.inference_mode():
        for start in range(0, len(x), batch_size):
            z, y = model(x[start : start + batch_size])
            latents.append(z.float().cpu().numpy())
            logits.append(y.float().cpu().numpy())
    return np.concatenate(latents), np.concatenate(logits)


def evaluate(
    model: Classifier,
    windows: WindowSet,
    transformation: Transformation,
    draws: int,
    seed: int,
    device: torch.device | str = "cpu",
) -> dict[str, Any]:
    """Figures as recorded and, under the transformation's name, of `draws` transformed copies of every window.

    Intervals are clustered by subject or record; with a single one they are None.
    """
    x, y = torch.from_numpy(windows.x).to(device), torch.from_numpy(windows.targets).to(device)
    z, logits = predict(model, transformation.identity(x, y)[0])
    turned, overall, last = _transformed(model, windows, transformation, draws, seed, z, logits, device)
    invariant = z[:, model.partition.invariant_slice]
    figures: dict[str, Any] = {
        "windows": len(windows),
        "subjects": len(np.unique(windows.groups)),
        "accuracy": overall.accuracy,
        "macro_f1": overall.macro_f1,
    }
    if windows.multilabel:
        figures["macro_auc"] = macro_auc(windows.labels, logits)
    else:
        matrix = metrics.confusion(windows.labels, decide(logits), logits.shape[1])
        figures |= {"confusion": matrix[:, :-1].tolist(), "per_class": metrics.per_class(matrix)}
    figures[transformation.name] = turned
    figures |= {
        "negative_similarity": metrics.negative_similarity(invariant),
        "effective_rank": metrics.effective_rank(invariant),
    }
    if isinstance(transformation, Shift):
        rows = np.linspace(0, len(z) - 1, min(len(z), GALLERY)).astype(int)
        keys = last[rows][:, model.partition.invariant_slice], invariant[rows]
        figures["retrieval"] = {
            "samples": turned["samples"][-1],
            "gallery": len(rows),
            **metrics.retrieval(*keys, windows.groups[rows]),
        }
    return figures


def evaluate_circular(
    model: Classifier, windows: WindowSet, shift: Shift, draws: int, device: torch.device | str = "cpu"
) -> dict[str, Any]:
    """As `evaluate`'s "shift", for circular shifts."""
    rolled = CircularShift.from_parameters(shift.parameters)
    x, y = torch.from_numpy(windows.x).to(device), torch.from_numpy(windows.targets).to(device)
    z, logits = predict(model, rolled.identity(x, y)[0])
    return _transformed(model, windows, rolled, draws, 0, z, logits, device)[0]


def where_others_go(
    model: Classifier,
    windows: WindowSet,
    labels: tuple[str, ...],
    transformation: Transformation,
    device: torch.device | str = "cpu",
) -> dict[str, list[int]]:
    """How often windows of `labels`, which the model has no class for, are given each of its classes."""
    x, y = torch.from_numpy(windows.x).to(device), torch.from_numpy(windows.targets).to(device)
    _, logits = predict(model, transformation.identity(x, y)[0])
    classes = decide(logits)
    counts = {label: classes[windows.labels == i] for i, label in enumerate(labels)}
    return {label: np.bincount(found, minlength=logits.shape[1]).tolist() for label, found in counts.items()}


def _transformed(
    model: Classifier,
    windows: WindowSet,
    transformation: Transformation,
    draws: int,
    seed: int,
    z: np.ndarray,
    logits: np.ndarray,
    device: torch.device | str,
) -> tuple[dict[str, Any], Robustness, np.ndarray]:
    """The copies' figures, all that `robustness` says, and the last copy's latents."""
    x, y = torch.from_numpy(windows.x).to(device), torch.from_numpy(windows.targets).to(device)
    thresholds = np.zeros(logits.shape[1]) if windows.multilabel else None  # a probability of a half
    labels, classes = [windows.labels], [decide(logits, thresholds)]
    similarity: dict[str, list[float]] = {name: [] for name in model.partition.slices}
    for copy, labels_t in transformation.copies(x, y, draws, seed):
        z_t, logits_t = predict(model, copy)
        labels.append(labels_t.cpu().numpy())
        classes.append(decide(logits_t, thresholds))
        for name, part in model.partition.slices.items():
            similarity[name].append(float(metrics.cosine(z[:, part], z_t[:, part]).mean()))
    mask_labels = logits.shape[1] if windows.multilabel else None
    overall = robustness(np.stack(labels), np.stack(classes), windows.groups, mask_labels)
    means = {name: float(np.mean(values)) for name, values in similarity.items()}
    of_copies = overall.transformed
    assert of_copies is not None  # a transformation draws one copy at least
    figures: dict[str, Any] = {"accuracy": of_copies.accuracy, "macro_f1": of_copies.macro_f1}
    if isinstance(transformation, Shift):
        figures |= {
            "kind": transformation.kind,
            "samples": [round(s * transformation.source_samples) for s in transformation.grid(draws)],
            "similarity": similarity,
            "consistency": [copy.consistency for copy in of_copies.per_copy],
            "consistency_ci95": [copy.consistency_ci95 for copy in of_copies.per_copy],
            "mean_similarity": means,
            "mean_consistency": of_copies.consistency,
            "mean_consistency_ci95": of_copies.consistency_ci95,
            "all_pairs_consistency": of_copies.consistency_all_pairs,
            "changed_labels": asdict(of_copies.changed_labels),
        }
    else:
        figures |= {
            "draws": draws,
            "consistency": of_copies.consistency,
            "consistency_ci95": of_copies.consistency_ci95,
            "similarity": means,
        }
    return figures, overall, z_t


def headline(figures: dict[str, Any], transformation: str) -> dict[str, Any]:
    """Of `evaluate`'s figures, those under the transformation as plain numbers: accuracy, macro_f1, consistency,
    consistency_ci95 and similarity by group.
    """
    found = figures[transformation]
    mean = "mean_" if transformation == Shift.name else ""
    return {"accuracy": found["accuracy"], "macro_f1": found["macro_f1"]} | {
        name: found[mean + name] for name in ("consistency", "consistency_ci95", "similarity")
    }


def macro_auc(labels: np.ndarray, logits: np.ndarray) -> float | None:
    """Mean area under the ROC curve over the labels that occur and are sometimes absent; labels (n,) are bit masks.

    None if there is no such label.
    """
    from sklearn.metrics import roc_auc_score

    truth = (labels[:, None] >> np.arange(logits.shape[1])) & 1
    known = [i for i in range(truth.shape[1]) if 0 < truth[:, i].sum() < len(truth)]
    return float(np.mean([roc_auc_score(truth[:, i], logits[:, i]) for i in known])) if known else None
