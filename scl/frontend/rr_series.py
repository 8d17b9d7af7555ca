"""The intervals between heartbeats: what is usual for this heart just before a beat, and how irregular it is.

RR: the interval from the beat before to a beat, in model-rate samples, clipped to 36..540 (.2 to 3 s at 180 Hz); 180
for the first beat of a stream, which has none.
Look-alike: a beat whose QRS correlates with the template by more than .75 (`scl.frontend.beat_template`).
NN: an RR, not of the first beat, both of whose beats are look-alikes.
firmware/src/frontend/rr_series.c is the same.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from scl.frontend.integer_math import ONE, quantile_9, quotient, twice_median

SHORTEST, LONGEST, FIRST = 36, 540, 180  # samples
NN_INTERVALS = 32  # the latest of them
NN_LONG = 128  # the latest of them, for what is usual in the long run
RR_INTERVALS = 16  # the latest of them, where there are too few NN
FEWEST_NN = 4
LOOK_ALIKES = 64  # beats over which irregularity is counted
IRREGULAR = 328  # Q12: a change of the interval by more than .08 of the median
ERRATIC = 20  # an interval unlike each of the three before it, by more than a 20th of the median
LARGEST_CHANGE = ONE // 2  # of the median
NO_P_CORRELATION = ONE // 2  # before the first look-alike


@dataclass(frozen=True)
class Usual:
    """Of the last 32 NN; of the last 16 RR where there are fewer than 4 NN; of the beat's own where there is no RR.

    Attributes:
        quantile: their .9 quantile, samples.
        median: twice their median, samples.
        change: twice the median of |difference of neighbours|, samples; 0 where there is one only.
        long_quantile: as `quantile`, of the last 128 NN.
    """

    quantile: int
    median: int
    change: int
    long_quantile: int


@dataclass
class RRSeries:
    """The series since the stream's start."""

    rr: deque[int] = field(default_factory=lambda: deque(maxlen=RR_INTERVALS))
    nn: deque[int] = field(default_factory=lambda: deque(maxlen=NN_LONG))

    def usual(self, interval: int) -> Usual:
        """What is usual before a beat of that RR."""
        many = list(self.nn if len(self.nn) >= FEWEST_NN else self.rr) or [interval]
        few = many[-NN_INTERVALS:]
        changes = [abs(b - a) for a, b in zip(few, few[1:], strict=False)] or [0]
        return Usual(quantile_9(few), twice_median(few), twice_median(changes), quantile_9(many))

    def add(self, interval: int, nn: bool) -> None:
        """Takes a beat's RR, which is not the first beat's; `nn`: it is an NN."""
        self.rr.append(interval)
        if nn:
            self.nn.append(interval)


def changes(rr: np.ndarray, median: np.ndarray) -> np.ndarray:
    """|RR less the RR before| in Q12 of the median, at most .5; 0 for the first beat. All int64 (beats,); `median`: as
    `Usual` has it.

    Examples:
        >>> changes(np.array([180, 180, 90, 99]), np.array([360] * 4)).tolist()  # 0, 0, .5 and .05
        [0, 0, 2048, 205]
    """
    difference = np.abs(np.diff(rr, prepend=rr[:1]))
    return np.asarray(np.minimum(quotient(2 * ONE * difference, median), LARGEST_CHANGE))


def erratic(rr: np.ndarray, median: np.ndarray) -> np.ndarray:
    """Whether RR differs from each of the three before it by more than .05 of the median, bool (beats,); False for the
    first three beats.

    Examples:
        >>> erratic(np.array([180, 180, 180, 90, 90, 130, 70]), np.array([360] * 7)).tolist()
        [False, False, False, True, False, True, True]
    """
    unlike = np.arange(len(rr)) >= 3
    for k in (1, 2, 3):
        unlike[k:] &= 2 * ERRATIC * np.abs(rr[k:] - rr[:-k]) > median[k:]
    return unlike


def over_look_alikes(values: np.ndarray, alike: np.ndarray, default: int) -> np.ndarray:
    """The mean of the values (beats,) of the last 64 look-alikes, each beat itself among them; `default` before the
    first one.

    Examples:
        >>> over_look_alikes(np.array([1, 9, 6]), np.array([False, True, True]), default=5).tolist()
        [5, 9, 8]
    """
    sums = np.cumsum(np.concatenate([[0], values[alike]]))
    last = np.cumsum(alike)
    first = np.maximum(last - LOOK_ALIKES, 0)
    return np.where(last > 0, quotient(sums[last] - sums[first], np.maximum(last - first, 1)), default)
