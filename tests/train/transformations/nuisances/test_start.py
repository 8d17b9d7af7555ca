import torch

from tests.train.transformations.nuisances.signals import applied, cuts


def test_half_a_second_later_at_50_hz_is_25_samples() -> None:
    x = cuts()
    torch.testing.assert_close(applied("start", x, 0.5), x[:, :, 25:125])
