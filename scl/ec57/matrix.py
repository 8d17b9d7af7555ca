"""The beat-by-beat matrix of EC57 (table 3 of the standard): how each beat was called."""

import numpy as np

from scl.ec57.beats import CLASSES, Series, inside

# Of rows and of columns. O: no beat on this side (an extra beat of the device, a missed one of the reference). X: no
# beat, in a stretch that this side calls unreadable.
LABELS = CLASSES + "OX"
N, S, V, F, Q, O, X = range(len(LABELS))  # noqa: E741
Matrix = tuple[tuple[int, ...], ...]  # 7 x 7


def beat_matrix(reference: Series, test: Series, matched: np.ndarray, start: int = 0) -> np.ndarray:
    """Counts (7, 7) int64: what the reference says (rows, LABELS) by what the device says (columns, LABELS).

    Args:
        matched: (n,) of `scl.ec57.matching.match`.
        start: the first sample that counts. A pair counts if the reference's beat does.

    A beat of the device without match does not count within ventricular flutter or fibrillation of the reference, of
    which no single beats are annotated. Beats that match count always; a device's own flutter has no effect.

    Examples:
        >>> reference = Series(np.array([100, 500]), np.array([N, V]))
        >>> test = Series(np.array([101, 900]), np.array([N, S]))
        >>> counts = beat_matrix(reference, test, np.array([0, -1]))
        >>> int(counts[N, N]), int(counts[V, O]), int(counts[O, S]), int(counts.sum())
        (1, 1, 1, 3)
    """
    counts = np.zeros((len(LABELS), len(LABELS)), np.int64)
    answers = np.where(inside(reference.at, test.unreadable), X, O)
    answers[matched >= 0] = test.classes[matched[matched >= 0]]
    counted = reference.at >= start
    np.add.at(counts, (reference.classes[counted], answers[counted]), 1)
    extra = np.ones(len(test.at), bool)
    extra[matched[matched >= 0]] = False
    extra &= (test.at >= start) & ~inside(test.at, reference.flutter)
    truths = np.where(inside(test.at, reference.unreadable), X, O)
    np.add.at(counts, (truths[extra], test.classes[extra]), 1)
    return counts


def plain(counts: np.ndarray) -> Matrix:
    """Counts (7, 7) as Python's integers, for files."""
    return tuple(tuple(int(count) for count in row) for row in counts)
