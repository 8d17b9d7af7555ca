"""F1 of N, S and V, as papers on inter-patient classification report them beside EC57's figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scl.ec57.matrix import N, O, S, V

RHYTHM = (N, S, V)
BEATS = slice(0, 5)
RESAMPLES = 2000
Interval = tuple[float, float]
Figure = Callable[[np.ndarray], np.ndarray]  # of counts (draws, ..., 7, 7), (draws,); NaN where a draw has none


@dataclass(frozen=True)
class InterPatient:
    """Of the beats of classes N, S and V that both sides have; F and Q of the reference are left out.

    Attributes:
        confusion: (3, 4), N, S and V of the reference by N, S, V and any other answer of the device.
        f1: of N, S and V: 2 TP / (2 TP + FP + FN); None for a class that neither side has.
        macro_f1: their mean over the classes that the reference has; None where it has none.
        macro_f1_ci95: 95 % percentile interval of the macro F1, of resampled records; None for fewer than 2 records.
    """

    confusion: tuple[tuple[int, int, int, int], ...]
    f1: tuple[float | None, float | None, float | None]
    macro_f1: float | None
    macro_f1_ci95: Interval | None


def inter_patient(matrices: Sequence[np.ndarray]) -> InterPatient:
    """Of the beat-by-beat matrices (7, 7) of several records, summed.

    Examples:
        >>> counts = np.zeros((7, 7), np.int64)
        >>> counts[N, N], counts[N, S], counts[S, S], counts[V, V] = 8, 2, 1, 1
        >>> figures = inter_patient([counts])
        >>> [round(f1, 3) for f1 in figures.f1], round(figures.macro_f1, 3)
        ([0.889, 0.5, 1.0], 0.796)
    """
    stacked = np.stack(matrices)
    counts = stacked.sum(axis=0)
    scores, macro = f1_scores(counts[:3, BEATS])
    confusion = tuple(
        (int(counts[row, N]), int(counts[row, S]), int(counts[row, V]), int(counts[row, V + 1 : BEATS.stop].sum()))
        for row in RHYTHM
    )
    return InterPatient(confusion, (scores[0], scores[1], scores[2]), macro, resampled(stacked, macro_f1s))


def f1_scores(confusion: np.ndarray) -> tuple[tuple[float | None, ...], float | None]:
    """F1 of each of k classes in a confusion (k, k and more) of truth by answer, None for one that neither side has,
    and their mean over the classes that the truth has, None where it has none.

    Examples:
        >>> f1_scores(np.array([[8, 2, 0], [0, 1, 0]]))  # the third answer is of no class
        ((0.8888888888888888, 0.5), 0.6944444444444444)
    """
    f1, support = _f1(confusion)
    macro = float(f1[support > 0].mean()) if (support > 0).any() else None
    return tuple(None if np.isnan(score) else float(score) for score in f1), macro


def resampled(matrices: np.ndarray, figure: Figure) -> Interval | None:
    """95 % percentile bootstrap interval of a figure of summed matrices (records, ..., 7, 7): whole records are drawn,
    since beats of one are not independent (as `scl.metrics.cluster_interval`).

    None for fewer than 2 records, or where no draw has the figure.
    """
    if len(matrices) < 2:
        return None
    draws = np.random.default_rng(0).integers(0, len(matrices), size=(RESAMPLES, len(matrices)))
    times = np.zeros((RESAMPLES, len(matrices)), np.int64)
    np.add.at(times, (np.arange(RESAMPLES)[:, None], draws), 1)
    values = figure(np.tensordot(times, matrices, axes=1))
    values = values[~np.isnan(values)]
    return (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))) if len(values) else None


def _f1(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F1 (..., k) of confusions (..., k, k and more), NaN for what neither side has, and how many the truth has."""
    classes = confusion.shape[-2]
    hits, support = np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1)
    sides = support + confusion[..., :classes].sum(axis=-2)
    return np.where(sides > 0, 2 * hits / np.maximum(sides, 1), np.nan), support


def macro_f1s(counts: np.ndarray) -> np.ndarray:
    """Macro F1 (...,) of N, S and V in beat-by-beat counts (..., 7, 7), NaN where the reference has none.

    Examples:
        >>> counts = np.zeros((2, 7, 7), np.int64)
        >>> counts[0, N, N], counts[0, V, N], counts[0, V, V] = 3, 2, 2
        >>> macro_f1s(counts).round(3).tolist()
        [0.708, nan]
    """
    f1, support = _f1(counts[..., :3, BEATS])
    occur = support > 0
    mean = np.where(occur, f1, 0).sum(axis=-1) / np.maximum(occur.sum(axis=-1), 1)
    return np.where(occur.any(axis=-1), mean, np.nan)


def accuracies(counts: np.ndarray) -> np.ndarray:
    """Share (...,) of beats annotated N, S or V, and of beats found where none is annotated, that were named right, of
    beat-by-beat counts (..., 7, 7); NaN where there are none.

    Examples:
        >>> counts = np.zeros((2, 7, 7), np.int64)
        >>> counts[0, N, N], counts[0, V, O], counts[0, O, S] = 6, 1, 1
        >>> accuracies(counts).tolist()
        [0.75, nan]
    """
    total = counts[..., :3, :].sum(axis=(-1, -2)) + counts[..., O:, :].sum(axis=(-1, -2))
    hits = np.diagonal(counts, axis1=-2, axis2=-1)[..., :3].sum(axis=-1)
    return np.where(total > 0, hits / np.maximum(total, 1), np.nan)
