"""Copies of measured beats: the first is the beat as recorded, the others are drawn and given out in order."""

import numpy as np
import torch

from scl.artifacts.run import InputSteps
from train.transformations import from_info
from train.transformations.disturbance import KINDS, Disturbance

X = torch.arange(3 * 4 * (1 + len(KINDS)), dtype=torch.float32).reshape(3, 4, 1 + len(KINDS))
Y = torch.tensor([0, 1, 2])


def test_the_beat_as_recorded_is_first() -> None:
    x, y = Disturbance().identity(X, Y)
    assert torch.equal(x[:, :, 0], X[:, :, 0]) and x.shape == (3, 4, 1) and torch.equal(y, Y)


def test_copies_are_one_of_each_kind() -> None:
    copies = list(Disturbance().copies(X, Y, draws=1, seed=0))
    assert len(copies) == len(KINDS)
    for place, (x, y) in enumerate(copies, start=1):
        assert torch.equal(x[:, :, 0], X[:, :, place]) and torch.equal(y, Y)


def test_a_draw_is_a_whole_copy_of_each_beat_and_all_kinds_come() -> None:
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(50):
        x, y = Disturbance()(X, Y, generator)
        assert x.shape == (3, 4, 1) and torch.equal(y, Y)
        for beat in range(3):
            kinds = [k for k in range(X.shape[2]) if torch.equal(X[beat, :, k], x[beat, :, 0])]
            assert len(kinds) == 1 and kinds[0] > 0
            seen.add(kinds[0])
    assert seen == set(range(1, 1 + len(KINDS)))


def test_probed_copies_and_description() -> None:
    copies = Disturbance().probed(X, Y, draws=1, seed=0)
    assert len(copies.windows) == 1 + len(KINDS)
    assert np.array_equal(copies.parameters.argmax(axis=2), np.repeat(np.arange(len(KINDS))[:, None], 3, axis=1))
    assert isinstance(from_info(Disturbance().describe()), Disturbance)
    assert Disturbance().by_construction(InputSteps()) is None and Disturbance().window(5) == 1
