import pytest
import torch

from tests.train.transformations.nuisances.signals import applied, cuts


@pytest.mark.parametrize(("kind", "channels"), [("accelerometer", range(3)), ("gyroscope", range(3, 6)), ("ecg", [0])])
def test_each_channel_has_a_factor_of_its_own_a_share_up_or_down(kind: str, channels: list[int]) -> None:
    x = cuts(200, channels=1 if kind == "ecg" else 6)
    factors = applied(f"{kind}-gain", x, 10.0) / x[:, :, :100]
    torch.testing.assert_close(factors, factors[:, :, :1].expand_as(factors))
    for channel in range(x.shape[1]):
        drawn = sorted({round(value, 9) for value in factors[:, channel, 0].tolist()})
        assert drawn == ([0.9, 1.1] if channel in channels else [1.0])
