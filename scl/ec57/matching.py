"""Which beat of the device is which beat of the reference (EC57, as WFDB's bxb does it)."""

import numpy as np

MATCH_S = 0.150


def match_window(rate_hz: float) -> int:
    """The most samples by which two beats that match may differ: 150 ms, rounded half up as WFDB's strtim does.

    Examples:
        >>> match_window(360), match_window(250)
        (54, 38)
    """
    return int(MATCH_S * rate_hz + 0.5)


def match(reference: np.ndarray, test: np.ndarray, within: int) -> np.ndarray:
    """The place in `test` (m,) of the beat that matches each of `reference` (n,), -1 for none: int64 (n,).

    Both are in order of time. The earlier of the two next beats is looked at: it matches the other series' next beat if
    that is at most `within` samples away and if the series it is of has no later beat that is as near to that one or
    nearer. So each beat matches at most once, the order is kept, and of two beats that are equally near the later one
    matches. This is bxb's loop; it looks one beat ahead, so in a crowd of beats closer than the window it may match
    fewer than could be matched.

    Examples:
        >>> match(np.array([100, 200]), np.array([90, 104, 150]), within=54).tolist()
        [1, 2]
    """
    ours, theirs = reference.tolist(), test.tolist()
    matched = np.full(len(ours), -1, np.int64)
    i = j = 0
    while i < len(ours) and j < len(theirs):
        distance = abs(ours[i] - theirs[j])
        reference_is_later = theirs[j] < ours[i]
        if reference_is_later:
            nearer = j + 1 < len(theirs) and abs(ours[i] - theirs[j + 1]) <= distance
        else:
            nearer = i + 1 < len(ours) and abs(ours[i + 1] - theirs[j]) <= distance
        if distance <= within and not nearer:
            matched[i] = j
            i, j = i + 1, j + 1
        elif reference_is_later:
            j += 1
        else:
            i += 1
    return matched
