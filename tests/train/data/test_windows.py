import numpy as np
import pytest

from scl.artifacts import InputError
from train.data.recordings import Block, Recordings, windows
from train.data.resample import resample, segments
from train.data.splits import split_fold, split_random, split_subjects, split_windows


def recordings(lengths: dict[int, list[int]], rate_hz: float = 10.0) -> Recordings:
    """Blocks whose samples say where they come from: channel 0 the subject, 1 the block, 2 the time."""
    blocks = []
    for group, sizes in lengths.items():
        for number, n in enumerate(sizes):
            x = np.stack([np.full(n, group), np.full(n, number), np.arange(n)]).astype(np.float32)
            blocks.append(Block(group, number % 2, x))
    return Recordings(
        "test",
        rate_hz,
        1.0,
        ("a", "b", "c"),
        ("m/s^2",) * 3,
        (("accelerometer", (0, 1, 2)),),
        ("x", "y"),
        tuple(blocks),
        "0" * 64,
    )


def test_windows_stay_inside_blocks_and_overlap_as_told() -> None:
    data = recordings({1: [35, 9, 10], 2: [20]})
    for overlap, starts in ((0.0, [0, 10, 20]), (0.5, [0, 5, 10, 15, 20, 25])):
        cut = windows(data, [1], 1.0, overlap)
        assert cut.x.shape[1:] == (3, 10)
        for window, label, group in zip(cut.x, cut.labels, cut.groups, strict=True):
            assert np.ptp(window[0]) == 0 and np.ptp(window[1]) == 0 and np.all(np.diff(window[2]) == 1)
            assert group == window[0, 0] == 1 and label == window[1, 0] % 2
        assert cut.x[cut.x[:, 1, 0] == 0][:, 2, 0].tolist() == starts
        assert (cut.x[:, 1, 0] == 1).sum() == 0 and (cut.x[:, 1, 0] == 2).sum() == 1


def test_no_window_and_nan() -> None:
    data = recordings({1: [9]})
    with pytest.raises(InputError, match="no window of 1 s fits"):
        windows(data, [1], 1.0, 0.0)
    data.blocks[0].x[0, 3] = np.nan
    with pytest.raises(InputError, match="1 of 1 windows hold NaN"):
        windows(data, [1], 0.9, 0.0)
    with pytest.raises(ValueError, match="overlap"):
        windows(data, [1], 1.0, 1.0)


def test_split_by_subject_shares_nobody_and_is_repeatable() -> None:
    groups = np.arange(100, 146)
    split = split_subjects(groups, 3)
    parts = [set(split.part(p)) for p in ("train", "validation", "test")]
    assert set.union(*parts) == set(groups.tolist()) and sum(map(len, parts)) == 46
    assert [len(p) for p in parts] == [30, 7, 9]
    assert split == split_subjects(groups, 3) != split_subjects(groups, 4)
    assert split.name == "subject" and split.leaky is False
    with pytest.raises(InputError, match="at least 3"):
        split_subjects(np.array([1, 2]), 0)


def test_folds_share_nobody_and_cover_everybody() -> None:
    groups = np.arange(100, 146)
    folds = [split_fold(groups, seed) for seed in range(5)]
    assert sorted(g for fold in folds for g in fold.test) == groups.tolist()
    for seed, fold in enumerate(folds):
        assert sorted(fold.train + fold.validation + fold.test) == groups.tolist()
        assert len(fold.validation) == 3 and len(fold.test) in (9, 10) and fold.name == "subject"
        assert split_fold(groups, seed + 5).test == fold.test
    with pytest.raises(InputError, match="at least 15 subjects, found 14"):
        split_fold(np.arange(14), 0)


def test_random_split_is_leaky_and_shares_no_window() -> None:
    data = recordings({1: [100], 2: [100], 3: [100]})
    split = split_random(data.groups, 0)
    assert split.leaky is True
    parts = [split_windows(data, split, p, 1.0) for p in ("train", "validation", "test")]
    keys = [{(w[0, 0], w[2, 0]) for w in part.x} for part in parts]
    assert sum(map(len, keys)) == len(set.union(*keys)) == 30 and all(keys)
    assert set(parts[0].groups) & set(parts[2].groups)


def test_segments_end_at_gaps() -> None:
    t = np.array([0.0, 0.1, 0.2, 5.0, 5.1, 9.0])
    assert [(s.start, s.stop) for s in segments(t, 1.0)] == [(0, 3), (3, 5), (5, 6)]


def test_resample_equals_a_slow_version() -> None:
    rng = np.random.default_rng(0)
    t = np.cumsum(np.concatenate([np.full(30, 0.05), np.full(60, 0.01), np.full(30, 0.049)]))
    x = rng.normal(size=(len(t), 2))
    means = np.array([[x[np.abs(t - at) < 0.025 - 1e-12, c].mean() for c in range(2)] for at in t])
    got = resample(t, x, 20.0)
    for k in range(got.shape[1]):
        at = t[0] + k * 0.05
        expected = [np.interp(at, t, means[:, c]) for c in range(2)]
        assert got[:, k] == pytest.approx(expected, abs=1e-5)
    assert got.shape[1] == int((t[-1] - t[0]) / 0.05 + 1e-6) + 1


def test_resample_removes_what_would_alias() -> None:
    """19 Hz sampled at 100 Hz would appear at 1 Hz after taking every fifth sample; the box filter holds it down."""
    t = np.arange(1000) / 100
    x = np.sin(2 * np.pi * 19 * t)[:, None]
    assert np.abs(x[::5]).max() > 0.9
    assert np.abs(resample(t, x, 20.0)[:, 5:-5]).max() < 0.15
    slow = np.sin(2 * np.pi * 0.5 * t)[:, None]
    assert np.abs(resample(t, slow, 20.0)[0] - slow[::5, 0])[5:-5].max() < 0.01
