"""Sensitivity, positive predictive value and false positive rate, from the beat-by-beat matrix (EC57)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scl.ec57.matrix import LABELS, F, Q, S, V

BEATS = slice(0, 5)  # of rows or columns: N S V F Q
NO_BEAT = slice(5, 7)  # O and X


@dataclass(frozen=True)
class Statistics:
    """How well one kind of beat was detected.

    Attributes:
        true_positives, false_negatives, false_positives: counts.
        sensitivity: TP / (TP + FN); None without such beats.
        ppv: positive predictive value, TP / (TP + FP); None where the device reports none.
        false_positive_rate: FP / (FP + TN) with TN the device's other beats that are rightly called others; None
            for QRS complexes, and without any.
    """

    true_positives: int
    false_negatives: int
    false_positives: int
    sensitivity: float | None
    ppv: float | None
    false_positive_rate: float | None


@dataclass(frozen=True)
class Means:
    """Means over the records that have the figure; None where none has it."""

    sensitivity: float | None
    ppv: float | None
    false_positive_rate: float | None


def qrs(counts: np.ndarray) -> Statistics:
    """Detection of QRS complexes, whatever they were called; a beat that is missed in a shutdown is missed.

    Examples:
        >>> from scl.ec57.matrix import N, O
        >>> counts = np.zeros((7, 7), np.int64)
        >>> counts[N, N], counts[V, N], counts[V, O], counts[O, N] = 90, 5, 5, 5
        >>> qrs(counts).sensitivity, qrs(counts).ppv
        (0.95, 0.95)
    """
    tp, fn, fp, _ = qrs_tally(counts).tolist()
    return Statistics(tp, fn, fp, _ratio(tp, fn), _ratio(tp, fp), None)


def veb(counts: np.ndarray) -> Statistics:
    """Ventricular ectopic beats: fusion (F) and unclassifiable beats (Q) that are called V are no false positives.

    Examples:
        >>> from scl.ec57.matrix import N
        >>> counts = np.zeros((7, 7), np.int64)
        >>> counts[V, V], counts[V, N], counts[N, V], counts[F, V], counts[N, N] = 8, 2, 2, 50, 98
        >>> veb(counts).sensitivity, veb(counts).ppv, veb(counts).false_positive_rate
        (0.8, 0.8, 0.02)
    """
    tp, fn, fp, tn = veb_tally(counts).tolist()
    return Statistics(tp, fn, fp, _ratio(tp, fn), _ratio(tp, fp), _ratio(fp, tn))


def sveb(counts: np.ndarray) -> Statistics:
    """Supraventricular ectopic beats: unclassifiable beats (Q) that are called S are no false positives; fusion and
    ventricular beats that are called S are.

    Examples:
        >>> counts = np.zeros((7, 7), np.int64)
        >>> counts[S, S], counts[F, S], counts[Q, S] = 3, 1, 50
        >>> sveb(counts).ppv
        0.75
    """
    tp, fn, fp, tn = sveb_tally(counts).tolist()
    return Statistics(tp, fn, fp, _ratio(tp, fn), _ratio(tp, fp), _ratio(fp, tn))


def qrs_tally(counts: np.ndarray) -> np.ndarray:
    """TP, FN, FP and 0 (4, ...) of counts (..., 7, 7): no beat is rightly called none."""
    parts = (counts[..., BEATS, BEATS], counts[..., BEATS, NO_BEAT], counts[..., NO_BEAT, BEATS], counts[..., :0, :0])
    return np.stack([part.sum(axis=(-2, -1)) for part in parts])


def veb_tally(counts: np.ndarray) -> np.ndarray:
    """TP, FN, FP and TN (4, ...) of V in counts (..., 7, 7)."""
    return _tally(counts, V, exempt=(F, Q))


def sveb_tally(counts: np.ndarray) -> np.ndarray:
    """TP, FN, FP and TN (4, ...) of S in counts (..., 7, 7)."""
    return _tally(counts, S, exempt=(Q,))


def means(records: Sequence[Statistics]) -> Means:
    """The average over records, each of which counts alike (EC57: average statistics).

    Examples:
        Of three records one has no such beat.

        >>> means([Statistics(1, 1, 0, 0.5, 1.0, 0.0), Statistics(9, 0, 0, 1.0, 1.0, 0.0),
        ...        Statistics(0, 0, 0, None, None, 0.0)]).sensitivity
        0.75
    """
    return Means(
        _mean([record.sensitivity for record in records]),
        _mean([record.ppv for record in records]),
        _mean([record.false_positive_rate for record in records]),
    )


def _tally(counts: np.ndarray, kind: int, exempt: tuple[int, ...]) -> np.ndarray:
    others = [row for row in range(len(LABELS)) if row != kind]
    wrong = counts[..., [row for row in others if row not in exempt], kind].sum(axis=-1)
    other_calls = counts[..., [column for column in range(BEATS.stop) if column != kind]]
    hits = counts[..., kind, kind]
    return np.stack([hits, counts[..., kind, :].sum(axis=-1) - hits, wrong, other_calls[..., others, :].sum((-2, -1))])


def _ratio(part: int, rest: int) -> float | None:
    """The share of a part in part and rest; None of nothing."""
    return part / (part + rest) if part + rest else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
