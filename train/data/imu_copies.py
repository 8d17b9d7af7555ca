"""Recordings that are there twice: with the same values, in whole or in part, or changed a little (rounded, resampled,
scaled, with noise).

Equal values are found by hashes of a few rows, at places that the values themselves choose, so that rows which are
missing before them do not matter. Changed ones are found by the movement around peaks of |a|.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.data.imu_stretches import Stretch

ROWS, ONE_IN = 8, 8  # rows of a hash, of which one in so many rows has one
LEAST_HASHES = 3
MARK_HZ, AROUND_S = 12.5, 1.5  # of the movement around a peak, to either side
APART_S = 2.0  # of peaks
MOVES = 0.3  # m/s^2, or rad/s: of a movement that can be told from others
ALIKE = 0.99  # correlation of two movements
LEAST_MARKS = 4  # that are alike and equally far apart in both recordings
LAG_S = 0.08
MOST_MARKS = 40_000  # of a set
CHUNK = 2000


@dataclass(frozen=True, eq=False)
class Copies:
    """What tells a part of a recording from others.

    Attributes:
        who: of each of the following, subject and label.
        hashes: (k,) uint64 of rows, and `hash_of` (k,) whose they are.
        times_s, shapes: (m,) and (m, d) of movements around peaks, each of length 1, and `mark_of` (m,).
    """

    who: tuple[tuple[str, str], ...]
    hashes: np.ndarray
    hash_of: np.ndarray
    times_s: np.ndarray
    shapes: np.ndarray
    mark_of: np.ndarray


def marks_of(stretches: Sequence[Stretch], rate_hz: float) -> Copies:
    """The hashes and movements of a file."""
    who = tuple(dict.fromkeys((s.subject, s.label) for s in stretches))
    hashes = [_hashes(s.values) for s in stretches]
    found = [_marks(s, rate_hz) for s in stretches]
    numbers = [who.index((s.subject, s.label)) for s in stretches]
    width = 3 * (2 * round(AROUND_S * MARK_HZ) + 1)
    return Copies(
        who,
        np.concatenate([*hashes, np.zeros(0, np.uint64)]),
        np.repeat(numbers, [len(h) for h in hashes]).astype(int),
        np.concatenate([*(times for times, _ in found), np.zeros(0)]),
        np.concatenate([*(shapes for _, shapes in found), np.zeros((0, width), np.float32)]),
        np.repeat(numbers, [len(times) for times, _ in found]).astype(int),
    )


def _hashes(values: np.ndarray) -> np.ndarray:
    """Of rows (n, channels) float32 that follow each other and differ."""
    if len(values) < ROWS:
        return np.zeros(0, np.uint64)
    words = np.ascontiguousarray(values).view(np.uint32).astype(np.uint64)
    rows = np.zeros(len(values), np.uint64)
    for column in words.T:
        rows = (rows ^ column) * np.uint64(0x9E3779B97F4A7C15)
        rows ^= rows >> np.uint64(29)
    differs = np.concatenate([[True], rows[1:] != rows[:-1]])
    firsts = np.flatnonzero((rows[: len(rows) - ROWS + 1] >> np.uint64(40)) % np.uint64(ONE_IN) == 0)
    firsts = firsts[np.convolve(differs, np.ones(ROWS), "valid")[firsts] >= ROWS - 1]
    total = np.zeros(len(firsts), np.uint64)
    for offset in range(ROWS):
        total = (total ^ rows[firsts + offset]) * np.uint64(0xC2B2AE3D27D4EB4F)
        total ^= total >> np.uint64(31)
    return total


def _marks(s: Stretch, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Times and shapes of the movements around the peaks of |a| of a stretch, or of the first sensor."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    grid = np.arange(round(-AROUND_S * MARK_HZ), round(AROUND_S * MARK_HZ) + 1) / MARK_HZ
    nothing = np.zeros(0), np.zeros((0, 3 * len(grid)), np.float32)
    if s.seconds < 2 * AROUND_S + APART_S:
        return nothing
    even = np.arange(s.times_s[0], s.times_s[-1], 1 / rate_hz)
    values = np.stack([np.interp(even, s.times_s, column) for column in s.values[:, :3].T], axis=1)
    smooth = uniform_filter1d(values, max(1, round(rate_hz / MARK_HZ)), axis=0)
    size = np.linalg.norm(smooth, axis=1)
    tops = np.flatnonzero(size == maximum_filter1d(size, 2 * round(APART_S / 2 * rate_hz) + 1))
    tops = tops[(tops > 0) & (tops < len(size) - 1)]
    left, top, right = size[tops - 1], size[tops], size[tops + 1]
    bend = np.where(left + right - 2 * top < 0, left + right - 2 * top, -1.0)
    times = even[tops] + 0.5 * (left - right) / bend / rate_hz
    times = times[(times - AROUND_S >= even[0]) & (times + AROUND_S <= even[-1])]
    at = times[:, None] + grid
    shapes = np.stack([np.interp(at, even, column) for column in smooth.T], axis=2)
    shapes -= shapes.mean(axis=1, keepdims=True)
    moves = shapes.std(axis=(1, 2)) > MOVES
    shapes = shapes[moves].reshape(-1, 3 * len(grid))
    return times[moves], (shapes / np.linalg.norm(shapes, axis=1, keepdims=True)).astype(np.float32)


Place = tuple[str, str, str]  # file, subject and label


def same_values(files: Sequence[tuple[str, Copies]]) -> dict[tuple[Place, Place], float]:
    """Pairs of places that share rows, with the share of the second one's rows."""
    places, owners = _owners([(name, c, c.hash_of) for name, c in files])
    hashes = np.concatenate([c.hashes for _, c in files])
    order = np.lexsort((owners, hashes))
    hashes, owners = hashes[order], owners[order]
    again = (hashes[1:] == hashes[:-1]) & (owners[1:] != owners[:-1])
    pairs, counts = np.unique(np.stack([owners[:-1][again], owners[1:][again]]), axis=1, return_counts=True)
    sizes = np.bincount(owners, minlength=len(places))
    return {
        (places[a], places[b]): float(count / sizes[b])
        for (a, b), count in zip(pairs.T.tolist(), counts.tolist(), strict=True)
        if count >= LEAST_HASHES
    }


def same_movements(files: Sequence[tuple[str, Copies]]) -> dict[tuple[Place, Place], int]:
    """Pairs of places in which the same movements follow each other in the same time, and how many do."""
    places, owners = _owners([(name, c, c.mark_of) for name, c in files])
    times, shapes = np.concatenate([c.times_s for _, c in files]), np.concatenate([c.shapes for _, c in files])
    kept = np.arange(len(times)) % (len(times) // MOST_MARKS + 1) == 0
    owners, times, shapes = owners[kept], times[kept], shapes[kept]
    found = []
    for first in range(0, len(times), CHUNK):
        a, b = np.nonzero(shapes[first : first + CHUNK] @ shapes.T > ALIKE)
        a += first
        a, b = a[owners[a] < owners[b]], b[owners[a] < owners[b]]
        lag = np.rint((times[b] - times[a]) / LAG_S).astype(int)
        found += [np.stack([owners[a], owners[b], near]) for near in (lag, lag + 1)]
    pairs, counts = np.unique(np.concatenate([*found, np.zeros((3, 0), int)], axis=1), axis=1, return_counts=True)
    most: dict[tuple[Place, Place], int] = {}
    for (one, other, _), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        if count >= LEAST_MARKS:
            both = places[one], places[other]
            most[both] = max(count, most.get(both, 0))
    return most


def _owners(files: Sequence[tuple[str, Copies, np.ndarray]]) -> tuple[list[Place], np.ndarray]:
    """The places of all files, and the number of each row's."""
    places = [(name, *who) for name, copies, _ in files for who in copies.who]
    starts = np.cumsum([0, *(len(copies.who) for _, copies, _ in files)])
    return places, np.concatenate([own + start for (_, _, own), start in zip(files, starts, strict=False)])
