"""The reference that travels with the bundle: raw counts of real windows and TFLite Micro's outputs for them.

golden.npz and evaluation.npz are aligned row by row; transform 0 is the identity.
"""

import zlib
from pathlib import Path

import numpy as np

from export.copies import Copies
from export.runtimes import Outputs
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


def write_golden(folder: Path, copies: Copies, outputs: Outputs, windows: WindowSet) -> None:
    """Writes golden.npz and evaluation.npz into the bundle.

    Args:
        outputs: int8 (transforms * windows, size) for copies.inputs, transformation by transformation.
        windows: the untransformed windows, row for row.
    """
    shape = copies.inputs.shape[:2]
    crc = [[zlib.crc32(np.ascontiguousarray(x).tobytes()) for x in row] for row in copies.inputs]
    write_npz(
        folder / "golden.npz",
        counts=copies.counts,
        **{name: values.reshape(*shape, -1) for name, values in outputs.items()},
        input_crc32=np.array(crc, np.uint32),
        saturated=copies.saturated,
        rotation=copies.rotation,
    )
    write_npz(folder / "evaluation.npz", windows=windows.x, labels=windows.labels, groups=windows.groups)


def _rank(keys: np.ndarray) -> np.ndarray:
    """How many rows before each row of keys (n, k) equal it: (n,)."""
    _, index = np.unique(keys, axis=0, return_inverse=True)
    index = index.ravel()
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], index[order], side="left")
    rank = np.empty(len(index), int)
    rank[order] = np.arange(len(index)) - starts
    return rank
