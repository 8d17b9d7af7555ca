"""Who trains and who tests. A split is a plain dict, so that run.json can carry it and rebuild the same windows."""

from typing import Any

import numpy as np

from scl.artifacts import InputError
from train.data.recordings import Recordings, WindowSet, windows

FRACTIONS = {"train": 0.65, "validation": 0.15, "test": 0.20}
TRAIN_OVERLAP = 0.5


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


SPLITS = {"subject": split_subjects, "random": split_random}


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
