"""Few labels: the windows of some training subjects keep theirs, all others are there for the contrast alone
(`--labelled`).
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from scl.artifacts import InputError
from train.data.recordings import WindowSet

UNLABELLED = -1  # in place of a class
PART = 0.5  # of the windows drawn that have a label

Labels = TypeVar("Labels", np.ndarray, Tensor)


def has_label(labels: Labels) -> Labels:
    """Which of the labels (n,) are classes."""
    known: Labels = labels != UNLABELLED
    return known


def labelled_subjects(groups: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` of the subjects in groups (n,), by the seed; fewer are among more of the same seed."""
    return np.random.default_rng(seed).permutation(np.unique(groups))[:count]


def few_labels(windows: WindowSet, count: int, seed: int, name: str) -> WindowSet:
    """The windows, with labels of `count` subjects alone; of all where it is 0.

    Raises InputError, with the recordings' name, for more subjects than there are.
    """
    there = len(np.unique(windows.groups))
    if count > there:
        raise InputError(
            f"{name}: --labelled is {count}, but {there} subjects are trained on; give {there} at most, or 0 for all"
        )
    if count == 0:
        return windows
    kept = np.isin(windows.groups, labelled_subjects(windows.groups, count, seed))
    return replace(windows, labels=np.where(kept, windows.labels, UNLABELLED))


def labelled_shares(windows: WindowSet) -> Tensor | None:
    """How often each window (n,) is drawn, relative to the others: those with a label, together, as often as those
    without one, whatever the method, so that all see the same batches. None: all have one.
    """
    labelled = torch.from_numpy(has_label(windows.labels)).double()
    if windows.multilabel or bool(labelled.all()):
        return None
    return PART * labelled / labelled.sum() + (1 - PART) * (1 - labelled) / (1 - labelled).sum()
