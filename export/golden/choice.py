"""Which test windows travel with a bundle."""

import numpy as np


def balanced(labels: np.ndarray, groups: np.ndarray, limit: int, seed: int = 0) -> np.ndarray:
    """Sorted indices of at most `limit` windows, spread evenly over classes and, within a class, over subjects.

    Args:
        labels, groups: (n,) class and subject of each window.

    Raises:
        ValueError: limit is below 1.
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}, expected 1 or more windows")
    order = np.random.default_rng(seed).permutation(len(labels))
    in_cell = _rank(np.stack([labels, groups], axis=1)[order])  # the how-manieth of its class and subject
    order = order[np.argsort(in_cell, kind="stable")]
    in_class = _rank(labels[order, None])
    order = order[np.argsort(in_class, kind="stable")]
    return np.sort(order[:limit])


def spread(count: int, limit: int) -> np.ndarray:
    """Sorted indices of at most `limit` of `count` windows, evenly spaced: classes stay as frequent as they are."""
    return np.unique(np.linspace(0, count - 1, min(limit, count)).astype(int))


def _rank(keys: np.ndarray) -> np.ndarray:
    """How many rows before each row of keys (n, k) equal it: (n,)."""
    _, index = np.unique(keys, axis=0, return_inverse=True)
    index = index.ravel()
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], index[order], side="left")
    rank = np.empty(len(index), int)
    rank[order] = np.arange(len(index)) - starts
    return rank
