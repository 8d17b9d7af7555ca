"""Ten seconds of ECG by the worst of their beats, and whether they keep their class when they start a little later."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scl.ec57.beats import Series
from scl.robustness import Interval, robustness

STRIP_S = 10.0
MAX_SHIFT_S = 300 / 360
SHIFTS_S = tuple(MAX_SHIFT_S * step / 10 for step in range(11))  # that strips start later; the first is as recorded
SEVERITY = np.array([0, 1, 2, 2, -1])  # of N, S, V, F (as V) and Q (says nothing)


@dataclass(frozen=True)
class Strips:
    """Strips by the device's beats against those by the reference's. A strip without a beat of the device is wrong.

    Attributes:
        strips: with a beat of N, S, V or F in the reference, wherever they start.
        copies: of each, that start later.
        confusion: (3, 4) as recorded, N, S and V of the reference by N, S, V and no beat of the device.
        accuracy, macro_f1: as recorded, macro F1 over the classes that the reference has; None without a strip.
        accuracy_transformed, macro_f1_transformed: of the copies.
        pairs: of a strip and a copy whose reference keeps its class.
        consistency, consistency_ci95: share of them in which the device keeps its class too; None without a pair, the
            interval also for a single record.
    """

    strips: int
    copies: int
    confusion: tuple[tuple[int, int, int, int], ...]
    accuracy: float | None
    macro_f1: float | None
    accuracy_transformed: float | None
    macro_f1_transformed: float | None
    pairs: int
    consistency: float | None
    consistency_ci95: Interval | None


def strips(records: Sequence[tuple[Series, Series, int]], rate_hz: float) -> Strips:
    """Of records, each the reference, the device and how many samples it has.

    Examples:
        >>> reference = Series(np.array([1000, 5000]), np.array([0, 2]))
        >>> device = Series(np.array([1001, 5001]), np.array([0, 0]))
        >>> strips([(reference, device, 8000)], rate_hz=360.0).confusion
        ((1, 0, 0, 0), (0, 0, 0, 0), (1, 0, 0, 0))
    """
    truths, answers, groups = [], [], []
    for number, (reference, device, samples) in enumerate(records):
        starts = strip_starts(samples, rate_hz)
        truth = worst_of(reference, starts, rate_hz)
        known = (truth >= 0).all(axis=0)
        truths.append(truth[:, known])
        answers.append(worst_of(device, starts, rate_hz)[:, known])
        groups.append(np.full(known.sum(), number))
    labels, classes = np.concatenate(truths, axis=1), np.concatenate(answers, axis=1)
    confusion = np.zeros((3, 4), np.int64)
    np.add.at(confusion, (labels[0], classes[0]), 1)  # no beat, -1, is the last column
    counts = tuple((int(n), int(s), int(v), int(none)) for n, s, v, none in confusion)
    copies = len(SHIFTS_S) - 1
    if not labels.shape[1]:
        return Strips(0, copies, counts, None, None, None, None, 0, None, None)
    figures = robustness(labels, classes, np.concatenate(groups))
    later = figures.transformed
    assert later is not None  # there are copies
    return Strips(
        *(labels.shape[1], copies, counts, figures.accuracy, figures.macro_f1, later.accuracy, later.macro_f1),
        pairs=int((labels[1:] == labels[0]).sum()),
        consistency=later.consistency,
        consistency_ci95=later.consistency_ci95,
    )


def strip_starts(samples: int, rate_hz: float) -> np.ndarray:
    """First samples of the strips that lie side by side in a record, under each of SHIFTS_S: int64 (shifts, strips).

    Examples:
        >>> strip_starts(8000, 360.0)[:2].tolist(), strip_starts(3899, 360.0).shape
        ([[0, 3600], [30, 3630]], (11, 0))
    """
    length, later = round(STRIP_S * rate_hz), [round(shift * rate_hz) for shift in SHIFTS_S]
    first = np.arange(0, max(samples - length - later[-1] + 1, 0), length)
    return np.asarray(first + np.array(later)[:, None])


def spans(at: np.ndarray, starts: np.ndarray, rate_hz: float) -> np.ndarray:
    """Which of the beats at (n,), in order, lie in the strips from starts (any shape): the first of them and the one
    behind the last, int64 (any shape, 2).

    Examples:
        >>> spans(np.array([0, 500, 1000]), np.array([0, 400]), 100.0).tolist()
        [[0, 2], [1, 3]]
    """
    ends = starts + round(STRIP_S * rate_hz)
    return np.stack([np.searchsorted(at, starts), np.searchsorted(at, ends)], axis=-1)


def worst(classes: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """The highest of the classes (n,) from the first to before the second place of each part (any shape, 2): int64 of
    that shape; -1 of a part that has none, or none of 0 or more.

    Examples:
        >>> worst(np.array([0, 2, -1]), np.array([[0, 1], [0, 2], [2, 3], [3, 3]])).tolist()
        [0, 2, -1, -1]
    """
    highest = np.full(parts.shape[:-1], -1, np.int64)
    for code in range(int(classes.max(initial=-1)) + 1):
        before = np.concatenate([[0], np.cumsum(classes == code)])
        highest[before[parts[..., 1]] > before[parts[..., 0]]] = code
    return highest


def worst_of(series: Series, starts: np.ndarray, rate_hz: float) -> np.ndarray:
    """Severity (0 N, 1 S, 2 V) of the worst beat of the strips from starts, int64 of their shape; -1 without one.

    Examples:
        >>> worst_of(Series(np.array([5, 900]), np.array([3, 1])), np.array([0, 800, 2000]), 100.0).tolist()
        [2, 1, -1]
    """
    return worst(SEVERITY[series.classes], spans(series.at, starts, rate_hz))
