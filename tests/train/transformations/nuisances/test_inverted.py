import torch

from tests.train.transformations.nuisances.signals import applied, cuts


def test_the_lead_is_upside_down() -> None:
    x = cuts(channels=1)
    torch.testing.assert_close(applied("ecg-inverted", x, 1.0), -x[:, :, :100])
