"""Who trains and who tests."""

import numpy as np
import pytest

from scl.artifacts import InputError
from tests.train.data.blocks import recordings
from train.data.splits import split_fold, split_random, split_subjects, split_windows


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
