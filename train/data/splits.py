"""Who trains and who tests. A split is a plain dict, so that run.json can carry it and rebuild the same windows."""

from typing import Any

import numpy as np

from scl.artifacts import InputError
from train.data import mitdb
from train.data.recordings import Recordings, WindowSet, windows

FRACTIONS = {"train": 0.65, "validation": 0.15, "test": 0.20}
TRAIN_OVERLAP = 0.5
VALIDATION_RECORDS = 4  # of DS1's 22
FOLDS, FOLD_VALIDATION = 5, 3


def split_subjects(groups: np.ndarray, seed: int) -> dict[str, Any]:
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
    return {"name": "subject", "leaky": False, "seed": seed, **{k: sorted(v.tolist()) for k, v in parts.items()}}


def split_fold(groups: np.ndarray, seed: int) -> dict[str, Any]:
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
    return {
        **{"name": "subject", "leaky": False, "seed": seed, "fold": seed % FOLDS},
        **{k: sorted(v.tolist()) for k, v in parts.items()},
    }


def split_random(groups: np.ndarray, seed: int) -> dict[str, Any]:
    """Divides windows, not subjects: every subject is in every part, which flatters. For comparison with published
    figures.
    """
    everybody = np.unique(groups).tolist()
    return {
        "name": "random",
        "leaky": True,
        "seed": seed,
        "train": everybody,
        "validation": everybody,
        "test": everybody,
    }


def split_de_chazal(recordings: Recordings, classes: tuple[str, ...], seed: int) -> dict[str, Any]:
    """The inter-patient split of MIT-BIH: DS2 tests, and of DS1 four records drawn by `seed` validate, so that both
    parts have every class.

    Raises InputError if that cannot be, as where records are missing.
    """
    present = set(recordings.groups.tolist())
    train, test = (sorted(present & set(part)) for part in (mitdb.DS1, mitdb.DS2))
    wanted = {recordings.labels.index(name) for name in classes}
    rng = np.random.default_rng(seed)

    def complete(records: list[int]) -> bool:
        return wanted <= {int(c) for b in recordings.blocks if b.group in records for c in b.beats[:, 1]}

    for _ in range(1000 if test else 0):
        drawn = sorted(rng.permutation(train)[:VALIDATION_RECORDS].tolist())
        rest = sorted(set(train) - set(drawn))
        if complete(drawn) and complete(rest):
            parts = {"train": rest, "validation": drawn, "test": test}
            shared = {"same_patient": list(mitdb.SAME_PATIENT)}  # one trains, the other tests, as published
            return {"name": "record (DS1/DS2)", "leaky": False, "seed": seed, **parts, **shared}
    raise InputError(
        f"{recordings.name}: records {sorted(present)} leave no split with {', '.join(classes)} in training and "
        "validation; give the whole database"
    )


def split_records(groups: np.ndarray, seed: int) -> dict[str, Any]:
    """`split_subjects` for records."""
    return split_subjects(groups, seed) | {"name": "record"}


SPLITS = {"subject": split_subjects, "fold": split_fold, "random": split_random}


def split_windows(recordings: Recordings, split: dict[str, Any], part: str, window_s: float) -> WindowSet:
    """The windows of one part of a split: train (overlapping by half if split by subject), validation or test (no
    overlap).
    """
    if split["name"] == "subject":
        overlap = TRAIN_OVERLAP if part == "train" else 0.0
        return windows(recordings, split[part], window_s, overlap)
    everything = windows(recordings, split["train"], window_s, 0.0)
    order = np.random.default_rng(split["seed"]).permutation(len(everything))
    test = round(FRACTIONS["test"] * len(order))
    validation = round(FRACTIONS["validation"] * len(order))
    index = {"test": order[:test], "validation": order[test : test + validation], "train": order[test + validation :]}
    return everything.take(np.sort(index[part]))
