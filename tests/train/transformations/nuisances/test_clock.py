import torch

from tests.train.transformations.nuisances.signals import applied


def test_a_line_rises_faster_or_slower_by_the_share() -> None:
    x = torch.arange(130.0, dtype=torch.float64).expand(60, 6, -1)
    seen = applied("clock", x, 10.0)
    slopes = (seen[:, :, 50] - seen[:, :, 40]) / 10
    assert {round(slope, 9) for slope in slopes.ravel().tolist()} == {0.9, 1.1}
    torch.testing.assert_close(seen[:, :, 2:99] / torch.arange(2, 99), slopes[:, :, None].expand(-1, -1, 97))
