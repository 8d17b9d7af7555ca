"""Strips of ten seconds by their worst beat: cases by hand, and every strip looked at one by one."""

import numpy as np
import pytest

from scl.ec57.beats import Series
from scl.ec57.strips import SHIFTS_S, STRIP_S, strips

RATE_HZ = 100.0
N, S, V, F, Q = range(5)


def series(*beats: tuple[float, int]) -> Series:
    """Beats by their second and class."""
    at, classes = zip(*beats, strict=True) if beats else ((), ())
    return Series(np.rint(np.array(at, float) * RATE_HZ).astype(np.int64), np.array(classes, np.int64))


def test_the_worst_beat_names_a_strip() -> None:
    reference = series((1, N), (5, S), (11, N), (15, F), (21, N), (31, Q))
    device = series((1, N), (5, N), (11, N), (15, V), (21, S))
    figures = strips([(reference, device, 4100)], RATE_HZ)
    # 0 to 10 s is S and called N; 10 to 20 s has an F, so it is V; 20 to 30 s is N and called S; then only a Q.
    assert figures.confusion == ((0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 1, 0))
    assert figures.strips == 3 and figures.macro_f1 == pytest.approx(1 / 3)


def test_a_strip_without_an_answer_is_in_the_last_column() -> None:
    figures = strips([(series((5, V)), series(), 1100)], RATE_HZ)
    assert figures.confusion == ((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 1)) and figures.macro_f1 == 0


def test_consistency_is_over_strips_whose_reference_keeps_its_class() -> None:
    # Started .6 s later the strip has lost its V, of the reference and of the device: that pair does not count.
    reference = series((0.5, V), (5, N))
    assert strips([(reference, reference, 1100)], RATE_HZ).pairs == 2
    device = series((0.3, V), (5, N))
    figures = strips([(reference, device, 1100)], RATE_HZ)
    assert figures.pairs == 2 and figures.consistency == 0.5  # .2 s later it keeps V, .4 s later not


@pytest.mark.parametrize("seed", range(5))
def test_as_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def drawn() -> Series:
        at = np.sort(rng.choice(20_000, 120, replace=False))
        return Series(at, rng.choice(5, 120, p=[0.8, 0.06, 0.06, 0.04, 0.04]))

    def worst(beats: Series, start: float) -> int:
        severity = {N: 0, S: 1, V: 2, F: 2}
        inside = [
            severity[label]
            for at, label in zip(beats.at.tolist(), beats.classes.tolist(), strict=True)
            if start <= at < start + STRIP_S * RATE_HZ and label in severity
        ]
        return max(inside, default=-1)

    records = [(drawn(), drawn(), 20_000) for _ in range(2)]
    confusion, pairs, same = np.zeros((3, 4), int), 0, 0
    for reference, device, samples in records:
        start = 0
        while start + (STRIP_S + SHIFTS_S[-1]) * RATE_HZ <= samples:
            truth, answer = worst(reference, start), worst(device, start)
            if truth >= 0:
                confusion[truth, answer] += 1
                for shift in SHIFTS_S[1:]:
                    if worst(reference, start + shift * RATE_HZ) == truth:
                        pairs += 1
                        same += worst(device, start + shift * RATE_HZ) == answer
            start += round(STRIP_S * RATE_HZ)
    figures = strips(records, RATE_HZ)
    assert np.array(figures.confusion).tolist() == confusion.tolist()
    assert (figures.pairs, figures.consistency) == (pairs, same / pairs)
