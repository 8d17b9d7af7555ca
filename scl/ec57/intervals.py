"""The error of a device's RR intervals (EC57: RMS RR interval error)."""

import numpy as np

from scl.ec57.beats import Series


def rr_errors(reference: Series, test: Series, matched: np.ndarray, start: int = 0) -> np.ndarray:
    """By how many samples the RR intervals of matched beats differ: the device's minus the reference's, int64 (k,).

    A beat's RR interval reaches back to the beat before it in its own series, so a beat that is missed or extra makes
    an error of its neighbour. A beat has none if it is its series' first, or if flutter or an unreadable stretch of
    that series begins in between. bxb adds the intervals of beats without match to these, as it meets them; they are
    left out here, since there is nothing to compare them with.

    Args:
        matched: (n,) of `scl.ec57.matching.match`.
        start: the first sample of a reference's beat that counts.

    Examples:
        >>> reference = Series(np.array([0, 300, 600]), np.zeros(3, np.int64))
        >>> test = Series(np.array([2, 300, 603]), np.zeros(3, np.int64))
        >>> rr_errors(reference, test, np.array([0, 1, 2])).tolist()
        [-2, 3]
    """
    ours = np.flatnonzero((matched >= 0) & (reference.at >= start))
    theirs = matched[ours]
    kept = _has_interval(reference)[ours] & _has_interval(test)[theirs]
    ours, theirs = ours[kept], theirs[kept]
    return np.asarray((test.at[theirs] - test.at[theirs - 1]) - (reference.at[ours] - reference.at[ours - 1]))


def _has_interval(series: Series) -> np.ndarray:
    """Which beats (n,) have an RR interval."""
    has = np.ones(len(series.at), bool)
    has[:1] = False
    for begun in np.concatenate([series.unreadable[:, 0], series.flutter[:, 0]]):
        next_beat = np.searchsorted(series.at, begun, side="right")
        has[next_beat : next_beat + 1] = False
    return has
