"""From logits to a class, the same for float logits, for int8 ones and on a board."""

from collections.abc import Sequence

import numpy as np

UNKNOWN = -1  # instead of a label; of a set of windows all are known, or none
LOST = -1  # a window that was lost, or that the board abstained from: an error in every figure


def decide(logits: np.ndarray, thresholds: np.ndarray | Sequence[float] | None = None) -> np.ndarray:
    """Classes (...) int64 of logits (..., classes): the largest, the lowest index on a tie.

    With `thresholds` (classes,) of the logits' own scale, the bit mask of the labels that reach theirs.
    Raises ValueError unless there is one threshold for each class.

    Examples:
        >>> logits = np.array([[1.0, 3.0], [2.0, 2.0]])
        >>> decide(logits).tolist(), decide(logits, thresholds=[2.0, 2.0]).tolist()
        ([1, 0], [2, 3])
    """
    classes = logits.shape[-1]
    if thresholds is None:
        return np.asarray(logits.argmax(axis=-1))
    least = np.asarray(thresholds)
    if least.shape != (classes,):
        raise ValueError(f"thresholds have shape {least.shape}, expected ({classes},), one for each class")
    return np.asarray(((logits >= least) * (1 << np.arange(classes, dtype=np.int64))).sum(axis=-1))
