import math

import torch

from tests.train.transformations.nuisances.signals import RATE_HZ, applied, cuts


def test_gravity_turns_evenly_and_the_gyroscope_sees_it() -> None:
    """At rest d(a)/dt = -w x a for the gyroscope's own w, and the last sample is turned by the whole angle."""
    x = torch.zeros(3, 6, 100, dtype=torch.float64)
    x[:, :3] = torch.tensor([1.0, -2.0, 9.5], dtype=torch.float64)[:, None]
    seen = applied("slip", x, 60.0)
    acceleration, rate = seen[:, :3], seen[:, 3:]
    slope = (acceleration[:, :, 2:] - acceleration[:, :, :-2]) * RATE_HZ / 2
    expected = -torch.linalg.cross(rate[:, :, 1:-1], acceleration[:, :, 1:-1], dim=1)
    torch.testing.assert_close(slope, expected, rtol=1e-3, atol=1e-3)
    turned_by = rate[:, :, 0].norm(dim=1) * 99 / RATE_HZ
    torch.testing.assert_close(turned_by, torch.full((3,), math.radians(60), dtype=torch.float64))


def test_lengths_stay() -> None:
    x = cuts()
    x[:, 3:] = 0
    seen = applied("slip", x, 90.0)
    torch.testing.assert_close(seen[:, :3].norm(dim=1), x[:, :3, :100].norm(dim=1))
    torch.testing.assert_close(seen[:, :3, 0], x[:, :3, 0])
