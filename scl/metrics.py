"""What a robust model is measured by. Plain numpy, fractions 0..1.

Similarity and consistency are both won by a collapsed model: print `negative_similarity`, `effective_rank` and
`accuracy` beside them.
"""

import numpy as np


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Share of equal entries of labels (n,) and predictions (n,); a prediction of -1 (lost, abstained) is wrong."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.size == 0:
        raise ValueError(
            f"labels have shape {labels.shape}, predictions {predictions.shape}: expected the same, not empty"
        )
    return float((labels == predictions).mean())


def macro_f1(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean F1 over the classes that occur in labels (n,); F1 = 2 TP / (2 TP + FP + FN)."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.size == 0:
        raise ValueError(
            f"labels have shape {labels.shape}, predictions {predictions.shape}: expected the same, not empty"
        )
    scores = []
    for label in np.unique(labels):
        hits = np.sum((labels == label) & (predictions == label))
        scores.append(2 * hits / (np.sum(labels == label) + np.sum(predictions == label)))
    return float(np.mean(scores))


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine similarity (n,) of the rows of a (n, d) and b (n, d); 0 where a row is all zeros."""
    return np.sum(_unit(a) * _unit(b), axis=-1)


def negative_similarity(z: np.ndarray) -> float:
    """Mean cosine over all pairs of different rows of z (n, d): near 1 means a collapsed latent.

    The sum over all pairs is |sum of unit rows|^2, so no (n, n) matrix is needed. Raises ValueError for fewer
    than two rows.
    """
    unit = _unit(z)
    n = len(unit)
    if n < 2:
        raise ValueError(f"negative similarity needs at least 2 rows, got {n}")
    total = np.sum(unit.sum(axis=0) ** 2) - np.sum(unit**2)
    return float(total / (n * (n - 1)))


def effective_rank(z: np.ndarray) -> float:
    """Effective rank of centred z (n, d): exp of the entropy of its normalized singular values (Roy and Vetterli 2007).

    Between 1 and min(n - 1, d); 0 if all rows are equal.
    """
    z = np.asarray(z, dtype=np.float64)
    s = np.linalg.svd(z - z.mean(axis=0), compute_uv=False)
    # What centring leaves of equal rows is rounding, not rank.
    if s.size == 0 or s[0] <= 1e-12 * max(1.0, float(np.abs(z).max())) * np.sqrt(z.size):
        return 0.0
    p = s / s.sum()
    p = p[p > 0]
    return float(np.exp(-np.sum(p * np.log(p))))


def consistency(predictions: np.ndarray, transformed: np.ndarray) -> np.ndarray:
    """Share (n,) of a window's transformed copies whose class equals the untransformed window's.

    Args:
        predictions: classes (n,) of the untransformed windows.
        transformed: classes (draws, n) of their copies.

    A prediction of -1 (lost, abstained) on either side is never equal and stays in the denominator.
    """
    predictions, transformed = np.asarray(predictions), np.asarray(transformed)
    if transformed.ndim != 2 or predictions.shape != transformed.shape[1:] or transformed.size == 0:
        raise ValueError(f"expected classes (n,) and (draws, n), got {predictions.shape} and {transformed.shape}")
    return ((transformed == predictions) & (predictions >= 0)).mean(axis=0)


def cluster_interval(
    values: np.ndarray, clusters: np.ndarray, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean of values (n,), resampling whole clusters (n,).

    Windows of one subject are not independent, so subjects are drawn, not windows (Field and Welsh 2007, cluster
    bootstrap). Values may be
    paired differences. With a single cluster the interval is not defined and ValueError is raised.
    """
    values, clusters = np.asarray(values, dtype=np.float64), np.asarray(clusters)
    if values.shape != clusters.shape or values.ndim != 1 or values.size == 0:
        raise ValueError(f"values have shape {values.shape}, clusters {clusters.shape}: expected the same (n,), n > 0")
    _, index = np.unique(clusters, return_inverse=True)
    sums, counts = np.bincount(index, weights=values), np.bincount(index)
    if len(sums) < 2:
        raise ValueError("an interval over clusters needs at least 2 of them, got 1")
    draws = np.random.default_rng(seed).integers(0, len(sums), size=(resamples, len(sums)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _unit(z: np.ndarray) -> np.ndarray:
    z = np.asarray(z, dtype=np.float64)
    norm = np.linalg.norm(z, axis=-1, keepdims=True)
    return np.divide(z, norm, out=np.zeros_like(z), where=norm > 0)
