import pytest
import torch

from tests.train.transformations.nuisances.signals import applied, cuts


@pytest.mark.parametrize("share", [10.0, 25.0, 100.0])
def test_the_last_share_of_the_window_reads_zero_on_one_sensor(share: float) -> None:
    x, dead = cuts(), int(share)  # of 100 samples
    seen = applied("gyroscope-dead", x, share)
    expected = x[:, :, :100].clone()
    expected[:, 3:, 100 - dead :] = 0
    torch.testing.assert_close(seen, expected)
