"""Windows and their later cuts, which travel with a bundle, joined to the strip that they were cut from."""

from dataclasses import dataclass

import numpy as np

NEAR = 2  # samples: where a cut begins is rounded twice


@dataclass(frozen=True, eq=False)
class Strips:
    """A strip for each window.

    Attributes:
        samples: of each strip, (n, values).
        first: where in each strip the window as recorded begins.
        shifts: least and most samples by which every window may begin later; (0, 0) where the cuts do not join.
    """

    samples: list[np.ndarray]
    first: list[int]
    shifts: tuple[int, int]


def strips_of(cuts: np.ndarray, shifts: np.ndarray) -> Strips:
    """Joins cuts (transforms, windows, samples, values); cut t begins about `shifts[t]` samples later than cut 0.

    Cuts join where they have equal samples at equal times. If those of one window do not, each window is a strip of its
    own: what lies around it is not known.
    """
    joined = [_strip(cuts[:, window], shifts) for window in range(cuts.shape[1])]
    if any(one is None for one in joined):
        return Strips([*cuts[0]], [0] * cuts.shape[1], (0, 0))
    strips = [one for one in joined if one is not None]
    length = cuts.shape[2]
    least = max(-first for _, first in strips)
    most = min(len(strip) - length - first for strip, first in strips)
    return Strips([strip for strip, _ in strips], [first for _, first in strips], (least, most))


def _strip(cuts: np.ndarray, shifts: np.ndarray) -> tuple[np.ndarray, int] | None:
    """One window's strip (n, values) and where cut 0 begins in it; None if the cuts do not join."""
    strip, first = cuts[0], 0
    for later in (True, False):
        for number in sorted(range(1, len(cuts)), key=lambda t: abs(shifts[t])):
            if (shifts[number] > 0) != later:
                continue
            near = range(round(shifts[number]) - NEAR, round(shifts[number]) + NEAR + 1)
            starts = sorted(near, key=lambda start: abs(start - shifts[number]))
            placed = (_joined(strip, cuts[number], first + start) for start in starts)
            found = next((one for one in placed if one is not None), None)
            if found is None:
                return None
            strip, before = found
            first += before
    return strip, first


def _joined(strip: np.ndarray, cut: np.ndarray, start: int) -> tuple[np.ndarray, int] | None:
    """The strip with a cut that begins at its sample `start`, and how many samples came before; None if they differ
    where both are, or are not both anywhere.
    """
    low, high = max(start, 0), min(start + len(cut), len(strip))
    if high <= low or not np.array_equal(strip[low:high], cut[low - start : high - start]):
        return None
    before, behind = cut[: max(0, -start)], cut[len(strip) - start :]
    return np.concatenate([before, strip, behind]), len(before)
