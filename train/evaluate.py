"""A model's figures on a set of windows, as recorded and transformed."""

from typing import Any

import numpy as np
import torch

from scl import metrics
from train.data.recordings import WindowSet
from train.encoder import Classifier
from train.transformations import Transformation


def predict(model: Classifier, x: torch.Tensor, batch_size: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Latents (n, d) and classes (n,) of windows x (n, channels, samples), without gradients."""
    model.eval()
    latents, classes = [], []
    with torch.inference_mode():
        for start in range(0, len(x), batch_size):
            z, logits = model(x[start : start + batch_size])
            latents.append(z.float().cpu().numpy())
            classes.append(logits.argmax(dim=1).cpu().numpy())
    return np.concatenate(latents), np.concatenate(classes)


def evaluate(
    model: Classifier,
    windows: WindowSet,
    transformation: Transformation,
    draws: int,
    seed: int,
    device: torch.device | str = "cpu",
) -> dict[str, Any]:
    """Accuracy, macro F1, consistency and similarity; transformed figures are means over `draws` copies of every
    window.

    The interval of the consistency is clustered by subject; with a single subject it is None.
    """
    x = torch.from_numpy(windows.x).to(device)
    generator = torch.Generator(device=device).manual_seed(seed)
    z, classes = predict(model, x)
    copies, similarity = [], {name: [] for name in model.partition.slices}
    for _ in range(draws):
        z_t, classes_t = predict(model, transformation(x, generator))
        copies.append(classes_t)
        for name, part in model.partition.slices.items():
            similarity[name].append(metrics.cosine(z[:, part], z_t[:, part]).mean())
    consistent = metrics.consistency(classes, np.stack(copies))
    several = len(np.unique(windows.groups)) > 1
    invariant = z[:, model.partition.invariant_slice]
    return {
        "windows": len(windows),
        "subjects": len(np.unique(windows.groups)),
        "accuracy": metrics.accuracy(windows.labels, classes),
        "macro_f1": metrics.macro_f1(windows.labels, classes),
        transformation.name: {
            "draws": draws,
            "accuracy": float(np.mean([metrics.accuracy(windows.labels, c) for c in copies])),
            "macro_f1": float(np.mean([metrics.macro_f1(windows.labels, c) for c in copies])),
            "consistency": float(consistent.mean()),
            "consistency_ci95": list(metrics.cluster_interval(consistent, windows.groups)) if several else None,
            "similarity": {name: float(np.mean(values)) for name, values in similarity.items()},
        },
        "negative_similarity": metrics.negative_similarity(invariant),
        "effective_rank": metrics.effective_rank(invariant),
    }
