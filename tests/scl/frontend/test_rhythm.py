"""The rhythm by hand-made cases for every rule, and against floating point that looks at all beats anew."""

from dataclasses import astuple

import numpy as np
import pytest

from scl.frontend.rhythm import NO_CLASS, Rhythm, rhythms

N, S, V, ABSTAINED = 0, 1, 2, -1


def last(intervals: list[int], classes: list[int] | None = None) -> Rhythm:
    return rhythms(intervals, classes or [N] * len(intervals))[-1]


@pytest.mark.parametrize(
    ("intervals", "rate"),
    [
        ([0], 0),
        ([0, 180], 600),  # one a second
        ([0, 180, 181], 598),  # 108,000 / 180.5 = 598.3
        ([0, 360, 120, 120], 900),  # the middle one of three
        ([0, *[90] * 8, *[180] * 8], 600),  # the latest eight
        ([0, *[90] * 4, *[180] * 4], 800),  # 108,000 / 135
        ([0, 180, 0], 0),  # begins anew
        ([0, 180, 0, 90], 1200),
        ([0, 1], 65535),  # 108,000 in sixteen bits
        ([0, 65535], 3),  # counts as 32767
    ],
)
def test_heart_rate(intervals, rate):
    assert last(intervals).heart_rate == rate


@pytest.mark.parametrize(
    ("intervals", "classes", "ms"),
    [
        ([0, 180], [N] * 2, 0),
        ([0, 180, 198], [N] * 3, 100),  # 18 samples
        ([0, 180, 181], [N] * 3, 6),  # 5.56 ms
        ([0, 180, 198, 198], [N] * 4, 71),  # 100 / sqrt(2) = 70.7
        ([0, 180, 100, 260, 180], [N, N, V, N, N], 0),  # each difference touches the V
        ([0, 180, 198, 100, 260, 180, 189], [N, N, N, S, N, N, N], 79),  # 18 and 9 samples: sqrt((100^2 + 50^2) / 2)
        ([0, 180, 198, 0, 300, 300], [N] * 6, 71),  # 18 and 0 samples; none across the lead that was off
        ([0, 180, 198, *[198] * 64], [N] * 67, 0),  # the latest 64
    ],
)
def test_rmssd(intervals, classes, ms):
    assert last(intervals, classes).rmssd == ms


@pytest.mark.parametrize(
    ("intervals", "classes", "percent"),
    [
        ([0, 200, 216], [N] * 3, 0),  # 16 of 208: 7.7 %
        ([0, 200, 217], [N] * 3, 100),  # 17 of 208.5: 8.2 %
        ([0, 100, 100, 108], [N] * 4, 0),  # exactly 8 % of the median
        ([0, 100, 100, 109], [N] * 4, 50),
        ([0, 100, 100, 100, 109], [N] * 5, 33),
        ([0, 100, 150, 100], [N, N, V, N], 0),  # no difference counts
        ([0, 100, 150, 100], [N, N, S, N], 100),
        ([0, 100, 150, 100], [N, N, ABSTAINED, N], 0),
        ([0, 100, 150, *[150] * 63], [N] * 66, 2),  # 1 of 64
        ([0, 100, 150, *[150] * 64], [N] * 67, 0),
    ],
)
def test_irregular(intervals, classes, percent):
    assert last(intervals, classes).irregular == percent


def test_a_pause_is_longer_than_two_seconds():
    assert [each.pauses for each in rhythms([0, 360, 361, 180, 65535], [N] * 5)] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("classes", "couplets", "runs", "longest"),
    [
        ([V, V], 0, 0, 0),  # may still be a run
        ([V, V, N], 1, 0, 0),
        ([V, V, ABSTAINED], 1, 0, 0),
        ([V, N, V, N], 0, 0, 0),
        ([V, V, V], 0, 1, 3),
        ([V, V, V, V, N], 0, 1, 4),
        ([V] * 5 + [S] + [V] * 3 + [N] + [V] * 2 + [N], 1, 2, 5),
    ],
)
def test_couplets_and_runs(classes, couplets, runs, longest):
    found = last([0] + [100] * (len(classes) - 1), classes)
    assert (found.couplets, found.runs, found.longest_run) == (couplets, runs, longest)


def test_a_lead_that_was_off_ends_a_couplet():
    assert [each.couplets for each in rhythms([0, 100, 0, 100, 100], [V, V, V, V, N])] == [0, 0, 1, 1, 2]


def test_the_worst_class_of_ten_seconds():
    found = rhythms([0, 100, 900, 899, 1, 1, 0, 100], [S, V, N, N, N, S, ABSTAINED, N])
    assert [each.worst for each in found] == [S, V, V, V, N, S, NO_CLASS, N]  # V lies 1799 samples back, then 1800


def slowly(intervals: np.ndarray, classes: np.ndarray) -> tuple:
    """From the definitions, over all beats up to the latest, in floating point."""
    begin = np.flatnonzero(intervals == 0)[-1]
    latest = intervals[begin + 1 :][-8:]
    median = np.median(latest) if len(latest) else 0
    normal, large = [], []
    for i in range(2, len(intervals)):
        since = np.flatnonzero(intervals[: i + 1] == 0)[-1]
        if i < since + 2:
            continue
        difference, three = float(intervals[i] - intervals[i - 1]), classes[i - 2 : i + 1]
        if np.all(three == N):
            normal.append(difference)
        if np.all((three == N) | (three == S)):
            large.append(abs(difference) > 0.08 * np.median(intervals[since + 1 : i + 1][-8:]) + 1e-9)
    runs, length = [], 0
    for interval, code in zip([*intervals, 0], [*classes, N], strict=True):
        if interval == 0 or code != V:
            runs.append(length)
            length = 0
        length += code == V
    open_run = runs.pop()
    if classes[-1] == V:
        runs = [*runs, open_run] if open_run >= 3 else runs
    else:
        runs.append(open_run)
    at = np.cumsum(intervals[begin:]) - intervals[begin]
    near = classes[begin:][(at > at[-1] - 1800) & (classes[begin:] != ABSTAINED)]
    return (
        int(np.floor(10 * 60 * 180 / median + 0.5)) if median else 0,
        int(np.floor(np.sqrt(np.mean(np.square(normal[-64:]))) * 1000 / 180 + 0.5)) if normal else 0,
        int(np.floor(100 * np.mean(large[-64:]) + 0.5 + 1e-9)) if large else 0,
        int(np.sum(intervals > 360)),
        runs.count(2),
        sum(run >= 3 for run in runs),
        max((run for run in runs if run >= 3), default=0),
        int(near.max(initial=-1)) if len(near) else NO_CLASS,
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_figure_of_random_beats(seed):
    rng = np.random.default_rng(seed)
    intervals = rng.choice([0, *range(90, 260, 5), 400], 260, p=[0.02, *[0.96 / 34] * 34, 0.02])
    intervals[0] = 0
    classes = rng.choice([N, S, V, ABSTAINED], 260, p=[0.7, 0.05, 0.2, 0.05])
    for i, figures in enumerate(rhythms(intervals.tolist(), classes.tolist())):
        assert astuple(figures) == slowly(intervals[: i + 1], classes[: i + 1]), i


def test_one_class_for_each_interval():
    with pytest.raises(ValueError, match="1 classes of 2 beats, expected one of each"):
        rhythms([0, 100], [N])
