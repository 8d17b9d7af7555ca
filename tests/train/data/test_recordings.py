"""Windows are cut inside blocks."""

import numpy as np
import pytest

from scl.artifacts import InputError
from tests.train.data.blocks import recordings
from train.data.recordings import windows


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
    with pytest.raises(InputError, match=r"no window of 1 s fits .* \[1\], the longest has 0.9 s .* give longer"):
        windows(data, [1], 1.0, 0.0)
    data.blocks[0].x[0, 3] = np.nan
    with pytest.raises(InputError, match="1 of 1 windows hold NaN"):
        windows(data, [1], 0.9, 0.0)
    with pytest.raises(ValueError, match="overlap"):
        windows(data, [1], 1.0, 1.0)


@pytest.mark.parametrize(("samples", "expected"), [(299, "30 s"), (3599, "360 s"), (3600, "0.1 h"), (72_000, "2.0 h")])
def test_a_short_recording_is_not_of_no_hours(samples: int, expected: str) -> None:
    assert recordings({1: [samples]}).summary() == f"test: 1 subjects, 2 classes, {expected}"
