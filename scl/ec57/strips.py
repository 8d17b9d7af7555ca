"""Ten seconds of ECG by the worst of their beats, and whether they keep their class when they start a little later."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scl.ec57.beats import Series
from scl.ec57.inter_patient import f1_scores

STRIP_S = 10.0
SHIFTS_S = (0.0, 0.2, 0.4, 0.6, 0.8)  # that strips start later; the first is as recorded
SEVERITY = np.array([0, 1, 2, 2, -1])  # of N, S, V, F (as V) and Q (says nothing)


@dataclass(frozen=True)
class Strips:
    """Strips by the device's beats against those by the reference's.

    Attributes:
        strips: as recorded, with a beat of N, S, V or F in the reference.
        confusion: (3, 4), N, S and V of the reference by N, S, V and no beat of the device.
        macro_f1: over the classes that the reference has.
        pairs: of a strip and its copy that starts later, whose reference keeps its class.
        consistency: share of them in which the device keeps its class too; None without a pair.
    """

    strips: int
    confusion: tuple[tuple[int, int, int, int], ...]
    macro_f1: float | None
    pairs: int
    consistency: float | None


def strips(records: Sequence[tuple[Series, Series, int]], rate_hz: float) -> Strips:
    """Of records, each the reference, the device and how many samples it has.

    Examples:
        >>> reference = Series(np.array([100, 4000]), np.array([0, 2]))
        >>> device = Series(np.array([101, 4001]), np.array([0, 0]))
        >>> strips([(reference, device, 8000)], rate_hz=360.0).confusion
        ((1, 0, 0, 0), (0, 0, 0, 0), (1, 0, 0, 0))
    """
    confusion, pairs, same = np.zeros((3, 4), np.int64), 0, 0
    length = round(STRIP_S * rate_hz)
    for reference, device, samples in records:
        last = samples - length - round(SHIFTS_S[-1] * rate_hz)
        starts = np.arange(0, max(last + 1, 0), length)
        truth = [_worst(reference, starts + round(s * rate_hz), length) for s in SHIFTS_S]
        answers = [_worst(device, starts + round(s * rate_hz), length) for s in SHIFTS_S]
        known = truth[0] >= 0
        np.add.at(confusion, (truth[0][known], answers[0][known]), 1)
        for later, answer in zip(truth[1:], answers[1:], strict=True):
            kept = known & (later == truth[0])
            pairs += int(kept.sum())
            same += int((answer == answers[0])[kept].sum())
    counts = tuple((int(n), int(s), int(v), int(none)) for n, s, v, none in confusion)
    return Strips(int(confusion.sum()), counts, f1_scores(confusion)[1], pairs, same / pairs if pairs else None)


def _worst(series: Series, starts: np.ndarray, length: int) -> np.ndarray:
    """Severity of the worst beat of each strip, int64 (strips,); -1 without one."""
    worst = np.full(len(starts), -1, np.int64)
    for severity in range(3):
        at = np.sort(series.at[SEVERITY[series.classes] == severity])
        worst[np.searchsorted(at, starts + length) > np.searchsorted(at, starts)] = severity
    return worst
