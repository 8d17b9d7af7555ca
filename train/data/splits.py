"""Who trains and who tests."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.run import Split
from train.data.recordings import Recordings, WindowSet, windows

FRACTIONS = {"train": 0.65, "validation": 0.15, "test": 0.20}
TRAIN_OVERLAP = 0.5
FOLDS, FOLD_VALIDATION = 5, 3


def divided(name: str, seed: int, parts: Mapping[str, Iterable[int]]) -> Split:
    """A split whose parts share nobody."""
    return Split(name, False, seed, *(tuple(parts["train"]), tuple(parts["validation"]), tuple(parts["test"])))


def split_subjects(groups: np.ndarray, seed: int) -> Split:
    """Divides the subjects: about 65 % train, 15 % validate, 20 % test; deterministic by seed.

    Raises InputError for fewer than 3 subjects.
    """
    groups = np.unique(groups)
    if len(groups) < 3:
        raise InputError(f"a split by subject needs at least 3 subjects, found {len(groups)}; use --split random")
    order = np.random.default_rng(seed).permutation(groups)
    test = max(round(FRACTIONS["test"] * len(order)), 1)
    validation = max(round(FRACTIONS["validation"] * len(order)), 1)
    parts = {
        "train": order[test + validation :],
        "validation": order[test : test + validation],
        "test": order[:test],
    }
    return divided("subject", seed, {part: sorted(chosen.tolist()) for part, chosen in parts.items()})


def split_fold(groups: np.ndarray, seed: int) -> Split:
    """Fold `seed` modulo 5 of five, the same five whatever the seed: its subjects test, three others validate.

    Raises InputError for fewer than 15 subjects.
    """
    groups = np.unique(groups)
    if len(groups) < 3 * FOLDS:
        raise InputError(f"five folds need at least {3 * FOLDS} subjects, found {len(groups)}; use --split subject")
    order = np.random.default_rng(0).permutation(groups)
    test = order[seed % FOLDS :: FOLDS]
    rest = order[~np.isin(order, test)]
    parts = {"train": rest[FOLD_VALIDATION:], "validation": rest[:FOLD_VALIDATION], "test": test}
    split = divided("subject", seed, {part: sorted(chosen.tolist()) for part, chosen in parts.items()})
    return replace(split, fold=seed % FOLDS)


def split_random(groups: np.ndarray, seed: int) -> Split:
    """Divides windows, not subjects: every subject is in every part, which flatters. For comparison with published
    figures.
    """
    everybody = tuple(np.unique(groups).tolist())
    return Split("random", True, seed, everybody, everybody, everybody)


def split_records(groups: np.ndarray, seed: int) -> Split:
    """`split_subjects` for records."""
    return replace(split_subjects(groups, seed), name="record")


SPLITS: dict[str, Callable[[np.ndarray, int], Split]] = {
    "subject": split_subjects,
    "fold": split_fold,
    "random": split_random,
}


def split_windows(recordings: Recordings, split: Split, part: str, window_s: float) -> WindowSet:
    """The windows of one part of a split: train (overlapping by half if split by subject), validation or test (no
    overlap).
    """
    if split.name == "subject":
        overlap = TRAIN_OVERLAP if part == "train" else 0.0
        return windows(recordings, split.part(part), window_s, overlap)
    everything = windows(recordings, split.train, window_s, 0.0)
    order = np.random.default_rng(split.seed).permutation(len(everything))
    test = round(FRACTIONS["test"] * len(order))
    validation = round(FRACTIONS["validation"] * len(order))
    index = {"test": order[:test], "validation": order[test : test + validation], "train": order[test + validation :]}
    return everything.take(np.sort(index[part]))
