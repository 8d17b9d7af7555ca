from functools import cache
from pathlib import Path

import numpy as np
import pytest
from wfdb.processing import compare_annotations

from scl.ec57.beats import Series, of_symbols
from scl.ec57.matching import match, match_window
from train.data.wfdb_annotations import read_annotations
from train.data.wfdb_files import Source

RECORDS = ("100", "106", "203", "207", "232")


def as_bxb_says(reference: list[int], test: list[int], within: int) -> dict[int, int]:
    """bxb's four actions (wfdb/app/bxb.c, the loop of main), said with the series that are left and without indices."""
    pairs, end = {}, 10**12
    ours, theirs = list(enumerate(reference)), list(enumerate(test))
    while ours and theirs:
        (r, T), (s, t) = ours[0], theirs[0]
        T_next = ours[1][1] if len(ours) > 1 else end
        t_next = theirs[1][1] if len(theirs) > 1 else end
        rival = abs(T - t_next) if t < T else abs(t - T_next)
        if abs(T - t) <= within and abs(T - t) < rival:
            pairs[r] = s
            ours, theirs = ours[1:], theirs[1:]
        elif t < T:
            theirs = theirs[1:]
        else:
            ours = ours[1:]
    return pairs


def nearest_pairs(reference: np.ndarray, test: np.ndarray, within: int) -> dict[int, int]:
    """Takes the nearest pair of all that are left, again and again: right where no two beats compete for one."""
    distance = np.abs(np.subtract.outer(reference, test)).astype(float)
    distance[distance > within] = np.inf
    pairs = {}
    while distance.size and np.isfinite(distance.min()):
        row, column = np.unravel_index(distance.argmin(), distance.shape)
        pairs[int(row)] = int(column)
        distance[row], distance[:, column] = np.inf, np.inf
    return pairs


def as_pairs(matched: np.ndarray) -> dict[int, int]:
    return {int(row): int(matched[row]) for row in np.flatnonzero(matched >= 0)}


@cache
def annotated(data_dir: Path, record: str) -> Series:
    source = Source(data_dir / "mitdb" / "mit-bih-arrhythmia-database-1.0.0.zip", "RECORDS", "download it")
    found = read_annotations(source, record, "atr", 360.0, 360.0)
    return of_symbols(found.samples, found.symbols)


def disturbed(at: np.ndarray, rng: np.random.Generator, jitter: int, drops: float, extras: int) -> np.ndarray:
    """Beats moved by up to `jitter` samples, some dropped, some added, in order."""
    kept = at[rng.random(len(at)) >= drops]
    kept = kept + rng.integers(-jitter, jitter + 1, size=len(kept))
    return np.unique(np.concatenate([kept, rng.integers(0, at[-1], size=extras)]))


@pytest.mark.parametrize(("rate_hz", "samples"), [(360, 54), (180, 27), (250, 38), (128, 19), (1000, 150)])
def test_the_window_is_150_ms_at_any_rate(rate_hz: float, samples: int) -> None:
    assert match_window(rate_hz) == samples


@pytest.mark.parametrize(
    ("reference", "test", "expected"),
    [
        ([100], [154], {0: 0}),  # 150 ms belong to the window
        ([100], [155], {}),
        ([100], [46], {0: 0}),
        ([100], [45], {}),
        ([100], [90, 104], {0: 1}),  # the nearer of two
        ([100], [96, 104], {0: 1}),  # of two that are equally near, the later
        ([100, 110], [105], {1: 0}),
        ([100, 140], [110], {0: 0}),  # one beat matches one only
        ([100, 100], [100], {1: 0}),
        ([100, 140], [130], {1: 0}),
        ([100, 140], [130, 150], {1: 1}),  # bxb looks one beat ahead in one series: the first pair is lost
        ([], [5], {}),
        ([5], [], {}),
    ],
)
def test_pairs_by_hand(reference: list[int], test: list[int], expected: dict[int, int]) -> None:
    assert as_pairs(match(np.array(reference), np.array(test), 54)) == expected


def test_random_series_match_as_bxb_says() -> None:
    """Also where beats are far too close: intervals of 1 to 120 samples and a window of 54."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        reference, test = (np.cumsum(rng.integers(0, 120, size=rng.integers(0, 30))) for _ in range(2))
        found = as_pairs(match(reference, test, 54))
        assert found == as_bxb_says(reference.tolist(), test.tolist(), 54)
        assert len(set(found.values())) == len(found) and list(found.values()) == sorted(found.values())
        assert all(abs(reference[i] - test[j]) <= 54 for i, j in found.items())


def test_beats_of_a_heart_match_the_nearest_and_as_wfdb_says() -> None:
    """Beats at least 200 ms apart, jitter up to 40 ms: nobody competes, so every rule gives the same pairs.
    `compare_annotations` takes what is nearer than its window, so a window of one sample more is ours.
    """
    rng = np.random.default_rng(1)
    for _ in range(50):
        reference = np.cumsum(rng.integers(72, 400, size=60))
        test = disturbed(reference, rng, jitter=14, drops=0.1, extras=0)
        found = as_pairs(match(reference, test, 54))
        assert found == nearest_pairs(reference, test, 54)
        theirs = compare_annotations(reference, test, 55)
        assert found == as_pairs(theirs.matching_sample_nums)


@pytest.mark.parametrize("record", RECORDS)
def test_real_beats_with_jitter_drops_and_extras_match_as_wfdb_says(data_dir: Path, record: str) -> None:
    """Where an extra beat competes, `compare_annotations` may give a pair up or keep one that bxb does not: it looks at
    the next reference's nearest beat, bxb at the next beat of the series that is behind. They differ in a few of a
    thousand beats, and nowhere without a further beat in reach.
    """
    reference = annotated(data_dir, record).at
    rng = np.random.default_rng(int(record))
    test = disturbed(reference, rng, jitter=20, drops=0.03, extras=60)
    found, theirs = match(reference, test, 54), compare_annotations(reference, test, 55).matching_sample_nums
    assert as_pairs(found) == as_bxb_says(reference.tolist(), test.tolist(), 54)
    other = np.flatnonzero(found != theirs)
    assert len(other) <= 0.005 * len(reference)
    for at in reference[other]:
        assert max((np.abs(test - at) <= 108).sum(), (np.abs(reference - at) <= 108).sum()) > 1
