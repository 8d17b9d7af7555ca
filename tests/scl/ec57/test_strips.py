"""Strips of ten seconds by their worst beat: cases by hand, and every strip looked at one by one."""

import numpy as np
import pytest

from scl.ec57.beats import Series
from scl.ec57.strips import SHIFTS_S, STRIP_S, strip_starts, strips, worst_of

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
    assert (figures.strips, figures.copies, figures.accuracy) == (3, 10, pytest.approx(1 / 3))
    assert figures.macro_f1 == pytest.approx(1 / 3) and figures.consistency_ci95 is None


def test_a_strip_without_an_answer_is_in_the_last_column() -> None:
    figures = strips([(series((5, V)), series(), 1100)], RATE_HZ)
    assert figures.confusion == ((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 1))
    assert figures.macro_f1 == figures.accuracy == figures.consistency == 0  # no answer is never the same answer


def test_a_strip_that_loses_its_only_beat_is_left_out() -> None:
    figures = strips([(series((0.5, N)), series((0.5, N)), 1100)], RATE_HZ)
    assert (figures.strips, figures.pairs, figures.accuracy, figures.consistency) == (0, 0, None, None)


def test_consistency_is_over_strips_whose_reference_keeps_its_class() -> None:
    # Started .5 s later the strip still has its V; what starts later still has lost it, of the reference too.
    reference = series((0.5, V), (5, N))
    assert strips([(reference, reference, 1100)], RATE_HZ).pairs == 6
    device = series((0.3, V), (5, N))
    figures = strips([(reference, device, 1100)], RATE_HZ)
    assert figures.pairs == 6 and figures.consistency == 0.5  # .25 s later it keeps V, .33 s later not


@pytest.mark.parametrize("seed", range(5))
def test_as_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def drawn() -> Series:
        at = np.sort(rng.choice(20_000, 120, replace=False))
        return Series(at, rng.choice(5, 120, p=[0.8, 0.06, 0.06, 0.04, 0.04]))

    def worst(beats: Series, start: int) -> int:
        severity = {N: 0, S: 1, V: 2, F: 2}
        inside = [
            severity[label]
            for at, label in zip(beats.at.tolist(), beats.classes.tolist(), strict=True)
            if start <= at < start + STRIP_S * RATE_HZ and label in severity
        ]
        return max(inside, default=-1)

    records = [(drawn(), drawn(), 20_000) for _ in range(2)]
    later = [round(300 / 360 * RATE_HZ * k / 10) for k in range(11)]
    confusion, same, right = np.zeros((3, 4), int), [], []
    for reference, device, samples in records:
        for start in range(0, samples - 1000 - later[-1] + 1, 1000):
            truth = [worst(reference, start + shift) for shift in later]
            answer = [worst(device, start + shift) for shift in later]
            if min(truth) >= 0:
                confusion[truth[0], answer[0]] += 1
                same += [a == answer[0] >= 0 for t, a in zip(truth[1:], answer[1:], strict=True) if t == truth[0]]
                right += [a == t for t, a in zip(truth[1:], answer[1:], strict=True)]
    figures = strips(records, RATE_HZ)
    assert np.array(figures.confusion).tolist() == confusion.tolist()
    assert (figures.pairs, figures.consistency) == (len(same), pytest.approx(np.mean(same)))
    assert figures.accuracy_transformed == pytest.approx(np.mean(right))


def test_strips_end_within_the_record_wherever_they_start() -> None:
    starts = strip_starts(2083, RATE_HZ)
    assert starts.shape == (len(SHIFTS_S), 2) and starts.max() + 1000 == 2083
    assert strip_starts(2082, RATE_HZ).shape[1] == 1
    assert worst_of(series((10.0, V)), starts, RATE_HZ)[0].tolist() == [-1, 2]  # a strip's end is not in it
