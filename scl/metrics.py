"""Figures of a robust model: accuracy, consistency, similarity of latents, intervals. Plain numpy, fractions 0..1.

Similarity and consistency are both won by a collapsed model: print `negative_similarity`, `effective_rank` and
`accuracy` beside them.
"""

import numpy as np


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Share of equal entries of labels (n,) and predictions (n,); a prediction of -1 (lost, abstained) is wrong.

    Examples:
        >>> accuracy(np.array([0, 1, 1, 2]), np.array([0, 1, 2, -1]))
        0.5
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.size == 0:
        raise ValueError(
            f"labels have shape {labels.shape}, predictions {predictions.shape}: expected the same, not empty"
        )
    return float((labels == predictions).mean())


def macro_f1(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean F1 over the classes that occur in labels (n,); F1 = 2 TP / (2 TP + FP + FN).

    Examples:
        >>> round(macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])), 3)  # of 4/5 and 2/3
        0.733
    """
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


def macro_f1_of_masks(labels: np.ndarray, predictions: np.ndarray, classes: int) -> float:
    """Mean F1 over the labels that occur; each entry of labels (n,) and predictions (n,) is a bit mask of several.

    A prediction of -1 (lost, abstained) is wrong about every label.

    Examples:
        >>> macro_f1_of_masks(np.array([0b01, 0b11]), np.array([0b01, 0b01]), classes=2)  # of 1 and 0
        0.5
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    predictions = np.where(predictions < 0, ~labels, predictions)
    bits = 1 << np.arange(classes)
    truth, found = (labels[:, None] & bits) > 0, (predictions[:, None] & bits) > 0
    occur = truth.any(axis=0)
    if not occur.any():
        raise ValueError(f"none of the {classes} labels occurs")
    scores = 2 * (truth & found).sum(axis=0)[occur] / (truth.sum(axis=0) + found.sum(axis=0))[occur]
    return float(scores.mean())


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine similarity (n,) of the rows of a (n, d) and b (n, d); 0 where a row is all zeros.

    Examples:
        >>> cosine(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])).tolist()
        [1.0, 0.0]
    """
    return np.asarray(np.sum(_unit(a) * _unit(b), axis=-1))


def negative_similarity(z: np.ndarray) -> float:
    """Mean cosine over all pairs of different rows of z (n, d): near 1 means a collapsed latent.

    The sum over all pairs is |sum of unit rows|^2, so no (n, n) matrix is needed. Raises ValueError for fewer
    than two rows.

    Examples:
        >>> negative_similarity(np.array([[1.0, 0.0], [5.0, 0.0]])), negative_similarity(np.eye(3))
        (1.0, 0.0)
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

    Examples:
        >>> corners = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        >>> round(effective_rank(corners), 6), effective_rank(np.ones((4, 2)))
        (2.0, 0.0)
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
    """Which copies of a window (draws, n) keep its class, bool; their mean is the consistency.

    Args:
        predictions: classes (n,) of the untransformed windows.
        transformed: classes (draws, n) of their copies.

    A prediction of -1 (lost, abstained) on either side is never equal and stays in the denominator. Where a
    transformation can change the true label, take the mean over the pairs whose label it left.

    Examples:
        >>> kept = consistency(np.array([0, 1, -1]), np.array([[0, 2, -1], [0, 1, 1]]))
        >>> kept.tolist(), float(kept.mean())
        ([[True, False, False], [True, True, False]], 0.5)
    """
    predictions, transformed = np.asarray(predictions), np.asarray(transformed)
    if transformed.ndim != 2 or predictions.shape != transformed.shape[1:] or transformed.size == 0:
        raise ValueError(f"expected classes (n,) and (draws, n), got {predictions.shape} and {transformed.shape}")
    return np.asarray((transformed == predictions) & (predictions >= 0))


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes + 1): true class by predicted class, lost or abstained (-1) in the last column.

    Examples:
        >>> confusion(np.array([0, 0, 1]), np.array([0, 1, -1]), classes=2).tolist()
        [[1, 1, 0], [0, 0, 1]]
    """
    labels, predictions = np.asarray(labels).ravel(), np.asarray(predictions).ravel()
    matrix = np.zeros((classes, classes + 1), np.int64)
    np.add.at(matrix, (labels, np.where(predictions < 0, classes, predictions)), 1)
    return matrix


def per_class(matrix: np.ndarray) -> list[dict[str, float | int | None]]:
    """Of a confusion matrix: each class's windows, recall (sensitivity), precision (positive predictive value) and F1.

    None where a denominator is 0.

    Examples:
        >>> first, second = per_class(confusion(np.array([0, 0, 1]), np.array([0, 0, 0]), classes=2))
        >>> first["recall"], round(first["precision"], 3), second
        (1.0, 0.667, {'windows': 1, 'precision': None, 'recall': 0.0, 'f1': 0.0})
    """
    rows: list[dict[str, float | int | None]] = []
    for index in range(len(matrix)):
        hits, support, said = (int(n) for n in (matrix[index, index], matrix[index].sum(), matrix[:, index].sum()))
        rows.append(
            {
                "windows": support,
                "precision": hits / said if said else None,
                "recall": hits / support if support else None,
                "f1": 2 * hits / (said + support) if said + support else None,
            }
        )
    return rows


def retrieval(queries: np.ndarray, gallery: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """How well a transformed window finds its original: recall at 1 and 5, mean reciprocal rank, same group at 1.

    Args:
        queries: keys (n, d) of transformed windows.
        gallery: keys (n, d) of the originals, row for row.
        groups: (n,) record or subject of each.

    The rank of the original is one more than the number of others that are at least as similar (cosine): ties count
    against, so that a collapsed latent finds nothing. The nearest original, whichever it is, is of the same group in a
    share `same_group_at_1`.

    Examples:
        >>> found = retrieval(np.eye(4), np.eye(4), groups=np.array([0, 0, 1, 1]))
        >>> found["recall_at_1"], found["same_group_at_1"]
        (1.0, 1.0)
    """
    queries, gallery, groups = _unit(queries), _unit(gallery), np.asarray(groups)
    if queries.shape != gallery.shape or groups.shape != queries.shape[:1] or len(queries) < 2:
        raise ValueError(f"keys {queries.shape} and {gallery.shape}, groups {groups.shape}: expected the same n > 1")
    ranks, nearest = np.empty(len(queries)), np.empty(len(queries), np.int64)
    for start in range(0, len(queries), 512):
        similarity = queries[start : start + 512] @ gallery.T
        rows = np.arange(len(similarity))
        own = similarity[rows, start + rows]
        ranks[start : start + 512] = (similarity >= own[:, None]).sum(axis=1)
        nearest[start : start + 512] = similarity.argmax(axis=1)
    return {
        "recall_at_1": float((ranks <= 1).mean()),
        "recall_at_5": float((ranks <= 5).mean()),
        "mean_reciprocal_rank": float((1 / ranks).mean()),
        "same_group_at_1": float((groups[nearest] == groups).mean()),
    }


def cluster_interval(
    values: np.ndarray, clusters: np.ndarray, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean of values (n,), resampling whole clusters (n,).

    Windows of one subject are not independent, so subjects are drawn, not windows (Field and Welsh 2007, cluster
    bootstrap). Values may be paired differences. With a single cluster the interval is not defined and ValueError is
    raised.

    Examples:
        Two subjects, one always right and one never: anything may be drawn.

        >>> cluster_interval(np.array([1.0, 1.0, 0.0, 0.0]), np.array([7, 7, 8, 8]))
        (0.0, 1.0)
    """
    values, clusters = np.asarray(values, dtype=np.float64), np.asarray(clusters)
    if values.shape != clusters.shape or values.ndim != 1 or values.size == 0:
        raise ValueError(f"values have shape {values.shape}, clusters {clusters.shape}: expected the same (n,), n > 0")
    _, index = np.unique(clusters, return_inverse=True)
    low, high = np.quantile(_resampled(values, index, resamples, seed), [0.025, 0.975])
    return float(low), float(high)


def interval_if_several(values: np.ndarray, clusters: np.ndarray) -> tuple[float, float] | None:
    """As `cluster_interval`; None for fewer than two clusters.

    Examples:
        >>> interval_if_several(np.array([1.0, 0.0]), np.array([7, 7]))
    """
    return cluster_interval(values, clusters) if len(np.unique(clusters)) > 1 else None


def difference_interval(
    values: np.ndarray, clusters: np.ndarray, minus: np.ndarray, minus_clusters: np.ndarray
) -> tuple[float, float]:
    """As `cluster_interval`, for what the mean of values (n,) exceeds that of `minus` (m,) by, which are of other
    windows: both are resampled, apart from each other. Of the same windows, take the interval of the differences.

    Examples:
        >>> people = np.array([0, 0, 1, 1])
        >>> difference_interval(np.array([1.0, 1.0, 1.0, 1.0]), people, np.array([0.0, 1.0, 0.0, 1.0]), people + 5)
        (0.5, 0.5)
    """
    draws = [
        _resampled(np.asarray(x, np.float64), np.unique(groups, return_inverse=True)[1], 2000, seed)
        for seed, (x, groups) in enumerate(((values, clusters), (minus, minus_clusters)))
    ]
    low, high = np.quantile(draws[0] - draws[1], [0.025, 0.975])
    return float(low), float(high)


def macro_f1_interval(
    labels: np.ndarray, predictions: np.ndarray, clusters: np.ndarray, minus: np.ndarray | None = None
) -> tuple[float, float]:
    """As `cluster_interval`, for the macro F1 of predictions (n,), or for what it exceeds that of `minus` (n,) by.

    A class that a resample does not hold is left out of its mean. Raises ValueError for a single cluster.

    Examples:
        >>> labels, subjects = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
        >>> macro_f1_interval(labels, labels, subjects)
        (1.0, 1.0)
    """
    names, index = np.unique(clusters, return_inverse=True)
    if len(names) < 2:
        raise ValueError("an interval over clusters needs at least 2 of them, got 1")
    classes = 1 + max(int(np.max(found)) for found in (labels, predictions, labels if minus is None else minus))
    draws = np.random.default_rng(0).integers(0, len(names), size=(2000, len(names)))

    def scores(found: np.ndarray) -> np.ndarray:
        counts = np.stack([confusion(labels[index == k], found[index == k], classes) for k in range(len(names))])
        summed = counts[draws].sum(axis=1)
        hits = summed[:, range(classes), range(classes)]
        support, said = summed.sum(axis=2), summed[:, :, :-1].sum(axis=1)
        f1 = 2 * hits / np.maximum(support + said, 1)
        return np.asarray(np.where(support > 0, f1, 0).sum(axis=1) / (support > 0).sum(axis=1))

    values = scores(np.asarray(predictions)) - (0 if minus is None else scores(np.asarray(minus)))
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _resampled(values: np.ndarray, index: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Means (resamples,) of values (n,) whose clusters, numbered by index (n,), were drawn with replacement."""
    sums, counts = np.bincount(index, weights=values), np.bincount(index)
    if len(sums) < 2:
        raise ValueError("an interval over clusters needs at least 2 of them, got 1")
    draws = np.random.default_rng(seed).integers(0, len(sums), size=(resamples, len(sums)))
    return np.asarray(sums[draws].sum(axis=1) / counts[draws].sum(axis=1))


def _unit(z: np.ndarray) -> np.ndarray:
    z = np.asarray(z, dtype=np.float64)
    norm = np.linalg.norm(z, axis=-1, keepdims=True)
    return np.asarray(np.divide(z, norm, out=np.zeros_like(z), where=norm > 0))
