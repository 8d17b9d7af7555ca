"""From logits to a class, the same for float logits, for int8 ones and on a board."""

import numpy as np

LOST = -1  # a window that was lost, or that the board abstained from: an error in every figure


def decide(logits: np.ndarray, thresholds: np.ndarray | list[int] | None = None) -> np.ndarray:
    """Classes (...) int64 of logits (..., classes): the largest, the lowest index on a tie.

    With `thresholds` (classes,) of the logits' own scale, the bit mask of the labels that reach theirs.
    """
    if thresholds is None:
        return logits.argmax(axis=-1)
    bits = 1 << np.arange(logits.shape[-1], dtype=np.int64)
    return ((logits >= np.asarray(thresholds)) * bits).sum(axis=-1)
