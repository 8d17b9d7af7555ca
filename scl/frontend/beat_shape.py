"""Measures of the shape of heartbeats, in integers; firmware/src/frontend/beat_shape.c is the same.

Every function takes rows (beats, samples) int64, in microvolts (within +-32767) or in 256ths of one, and answers int64
(beats,). Sums stay below 2^62.
"""

import numpy as np

from scl.frontend.integer_math import ONE, isqrt, quotient

FIRST, LAST = -50, 32  # of a cut, samples from the R peak
P = slice(0, 38)  # -50..-13 of it
QRS = slice(36, 68)  # -14..17
STEEP = slice(26, 83)  # -24..32: where slopes are looked at
PR = slice(14, 38)  # -36..-13
BASE = slice(30, 38)  # -20..-13
ST = slice(66, 76)  # 16..25
FURTHEST = 6  # samples by which a QRS is moved to find its template


def cuts_at(uv: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Cuts (beats, 83) int64 of the signal (samples,) around R peaks, none of which ends behind it; before its first
    sample there is that sample.
    """
    return np.asarray(uv, np.int64)[np.maximum(at[:, None] + np.arange(FIRST, LAST + 1), 0)]


def spread(a: np.ndarray) -> np.ndarray:
    """Samples times the standard deviation of each row, floored: sqrt(n sum a^2 - (sum a)^2)."""
    return isqrt(a.shape[1] * (a * a).sum(axis=1) - a.sum(axis=1) ** 2)


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's of each pair of rows, Q12; 0 where a row is constant.

    Examples:
        >>> row = np.array([[0, 100, 50, 0]])
        >>> correlation(row, 256 * row).tolist(), correlation(row, -row).tolist(), correlation(row, 0 * row).tolist()
        ([4096], [-4096], [0])
    """
    covariance = a.shape[1] * (a * b).sum(axis=1) - a.sum(axis=1) * b.sum(axis=1)
    scale = spread(a) * spread(b)
    return np.where(scale > 0, np.clip(quotient(covariance * ONE, np.maximum(scale, 1)), -ONE, ONE), 0)


def correlation_of(covariance: int, scale: int) -> int:
    """The last step of `correlation`, for one pair."""
    return max(-ONE, min(ONE, quotient(covariance * ONE, scale))) if scale > 0 else 0


def extent(a: np.ndarray) -> np.ndarray:
    """Largest less least of each row."""
    return np.asarray(a.max(axis=1) - a.min(axis=1))


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """n^2 times the mean of |a - b| of each pair of rows, each less its mean.

    Examples:
        >>> difference(np.array([[0, 4]]), np.array([[1, 1]])).tolist()  # 2 on the mean
        [8]
    """
    d = a - b
    return np.asarray(np.abs(a.shape[1] * d - d.sum(axis=1, keepdims=True)).sum(axis=1))


def steepest(a: np.ndarray) -> np.ndarray:
    """The largest step from a sample to the next, of each row."""
    return np.asarray(np.abs(np.diff(a, axis=1)).max(axis=1))


def steep(a: np.ndarray, hundredths: int) -> np.ndarray:
    """Of each row, how many steps from a sample to the next exceed so many hundredths of the largest of them.

    Examples:
        >>> steep(np.array([[0, 1, 5, 8, 0]]), 25).tolist()  # 1, 4, 3 and 8: above 2 are three
        [3]
    """
    steps = np.abs(np.diff(a, axis=1))
    return np.asarray((100 * steps > hundredths * steps.max(axis=1, keepdims=True)).sum(axis=1))


def best_correlation(cuts: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """The largest correlation of the QRS of templates (beats, 83) with the cuts' samples there, moved by -6 to 6."""
    places = range(QRS.start - FURTHEST, QRS.start + FURTHEST + 1, 2)
    moved = [correlation(cuts[:, first : first + QRS.stop - QRS.start], usual[:, QRS]) for first in places]
    return np.asarray(np.max(moved, axis=0))


def level(a: np.ndarray) -> np.ndarray:
    """80 times how far the ST segment of cuts lies above the samples before the QRS, on the mean."""
    return np.asarray(8 * a[:, ST].sum(axis=1) - 10 * a[:, BASE].sum(axis=1))
