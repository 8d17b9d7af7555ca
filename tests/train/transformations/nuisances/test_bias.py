import math

import pytest
import torch

from tests.train.transformations.nuisances.signals import applied, cuts


@pytest.mark.parametrize(
    ("kind", "channels", "unit"), [("accelerometer", slice(0, 3), 1.0), ("gyroscope", slice(3, 6), math.radians(1))]
)
def test_one_vector_of_the_length_is_added_to_every_sample(kind: str, channels: slice, unit: float) -> None:
    x = cuts(500)
    difference = applied(f"{kind}-bias", x, 3.0) - x[:, :, :100]
    torch.testing.assert_close(difference, difference[:, :, :1].expand_as(difference))
    torch.testing.assert_close(difference[:, channels, 0].norm(dim=1), torch.full((500,), 3 * unit, dtype=x.dtype))
    assert difference.abs().sum() == pytest.approx(float(difference[:, channels].abs().sum()))
    assert difference[:, channels, 0].mean(dim=0).norm() < 0.2 * 3 * unit  # in every direction as often
