"""The reference that travels with the bundle: raw counts of real windows and TFLite Micro's outputs for them.

golden.npz and evaluation.npz are aligned row by row; transform 0 is the identity.
"""

from pathlib import Path

import numpy as np

from export.proof.runtimes import Outputs
from scl.artifacts import write_npz
from train.data.recordings import WindowSet


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


def write_golden(
    folder: Path,
    counts: np.ndarray,
    outputs: Outputs,
    crc32: np.ndarray,
    flags: np.ndarray,
    labels: np.ndarray,
    parameters: dict[str, np.ndarray],
    windows: WindowSet,
) -> None:
    """Writes golden.npz and evaluation.npz into the bundle.

    Args:
        counts: int16 (transforms, windows, raw samples, channels).
        outputs: int8 (transforms * windows, size), transformation by transformation.
        crc32: uint32 (transforms, windows) of the network's inputs.
        flags: uint8 (transforms, windows) that the board raises.
        labels: (transforms, windows).
        parameters: of the transformations, each (transforms, ...).
        windows: the untransformed windows, row for row, as they were cut.
    """
    shape = counts.shape[:2]
    write_npz(
        folder / "golden.npz",
        counts=counts,
        **{name: values.reshape(*shape, -1) for name, values in outputs.items()},
        input_crc32=crc32,
        flags=flags,
        **parameters,
    )
    write_npz(folder / "evaluation.npz", windows=windows.x, labels=labels, groups=windows.groups)


def _rank(keys: np.ndarray) -> np.ndarray:
    """How many rows before each row of keys (n, k) equal it: (n,)."""
    _, index = np.unique(keys, axis=0, return_inverse=True)
    index = index.ravel()
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], index[order], side="left")
    rank = np.empty(len(index), int)
    rank[order] = np.arange(len(index)) - starts
    return rank
