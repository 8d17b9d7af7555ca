"""Records that are there twice: with the same samples, or with the same intervals between beats, where one was cut,
rounded, scaled or resampled.
"""

from collections.abc import Mapping

import numpy as np

INTERVALS = 20  # in a row that two hearts do not have alike
AGREE_S = 0.012
LEAST_SCATTER_S = 0.015  # of intervals; a pacemaker's are alike in everybody


def intervals(beats: np.ndarray, rate_hz: float) -> np.ndarray:
    """Runs (k, INTERVALS) float32 of seconds between beats in samples (n,), of hearts that vary."""
    rr = np.diff(beats) / rate_hz
    if len(rr) < INTERVALS:
        return np.zeros((0, INTERVALS), np.float32)
    runs: np.ndarray = np.lib.stride_tricks.sliding_window_view(rr, INTERVALS)
    varied: np.ndarray = runs[runs.std(axis=1) > LEAST_SCATTER_S]
    return varied.astype(np.float32)


def same_intervals(records: Mapping[str, np.ndarray]) -> list[tuple[str, str, float]]:
    """Pairs of records that share runs of intervals, and the share of the shorter one's."""
    from scipy.spatial import cKDTree

    names = [name for name, runs in records.items() if len(runs)]
    if len(names) < 2:
        return []
    every = np.concatenate([records[name] for name in names])
    owner = np.repeat(np.arange(len(names)), [len(records[name]) for name in names])
    pairs = cKDTree(every).query_pairs(AGREE_S, p=np.inf, output_type="ndarray")
    pairs = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]]
    matched = np.unique(np.concatenate([
        np.stack([owner[pairs[:, 0]], owner[pairs[:, 1]], pairs[:, 0]], axis=1),
        np.stack([owner[pairs[:, 1]], owner[pairs[:, 0]], pairs[:, 1]], axis=1),
    ]), axis=0)  # fmt: skip
    of_pair, counts = np.unique(matched[:, :2], axis=0, return_counts=True)
    sizes = np.bincount(owner)
    found: dict[tuple[int, int], float] = {}
    for (a, b), count in zip(of_pair.tolist(), counts.tolist(), strict=True):
        both = (min(a, b), max(a, b))
        found[both] = max(found.get(both, 0.0), count / int(sizes[a]))
    return [(names[a], names[b], share) for (a, b), share in found.items()]
