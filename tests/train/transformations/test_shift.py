"""Time shift: what is drawn, the grid of evaluation, the circular kind, and its way through a run."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from tests.train.data.beats import SHIFT, recordings
from train.data import ecg
from train.transformations import CircularShift, Shift, from_info


def test_drawn_shifts_cover_the_range_and_bring_their_labels() -> None:
    found = ecg.strips(recordings(), [1, 2, 3], SHIFT, hop_s=1.0)
    x, y = torch.from_numpy(found.x), torch.from_numpy(found.targets)
    windows, labels = SHIFT(x, y, torch.Generator().manual_seed(0))
    seen = set()
    for cut, window, label, row in zip(found.x, windows.numpy(), labels.tolist(), found.labels_at, strict=True):
        (shift,) = (s for s in range(21) if np.array_equal(cut[:, s : s + 100], window))
        assert label == row[shift]
        seen.add(shift)
    assert seen == set(range(21))
    again, _ = SHIFT(x, y, torch.Generator().manual_seed(0))
    assert torch.equal(windows, again)


def test_the_grid_of_shifts() -> None:
    assert Shift(0, 150, 1800, 2.0).grid(10) == [15 * k for k in range(1, 11)]
    assert Shift(-14, 14, 720).grid(4) == [-14, -7, 7, 14]
    assert 0 not in Shift(-14, 14, 720).grid(3) and len(Shift(-14, 14, 720).grid(3)) == 3


def test_circular_is_numpys_roll_and_keeps_the_label() -> None:
    from scl.transforms import roll

    found = ecg.strips(recordings(), [1], SHIFT, hop_s=3.0)
    x, y = torch.from_numpy(found.x), torch.from_numpy(found.targets)
    windows, labels = CircularShift(0, 20, 100).at(x, y, 7)
    np.testing.assert_array_equal(windows, roll(found.x[:, :, :100], np.full(len(x), -7)))
    assert (labels.numpy() == found.labels).all()


def test_a_run_brings_its_shift_back() -> None:
    assert from_info(SHIFT.describe()) == SHIFT
    with pytest.raises(InputError, match="'shear' is not known"):
        from_info(replace(SHIFT.describe(), name="shear"))
    with pytest.raises(InputError, match="parameters .* do not fit"):
        from_info(replace(SHIFT.describe(), parameters={"least": 0.0}))
