import torch

from tests.train.transformations.nuisances.signals import applied, cuts


def test_the_gyroscope_is_two_samples_behind_at_40_ms_of_50_hz() -> None:
    x = cuts()
    seen = applied("gyroscope-late", x, 40.0)
    torch.testing.assert_close(seen[:, :3], x[:, :3, :100])
    torch.testing.assert_close(seen[:, 3:, 2:], x[:, 3:, :98])
    torch.testing.assert_close(seen[:, 3:, :2], x[:, 3:, :1].expand(-1, -1, 2))


def test_a_line_is_late_by_less_than_a_sample_too() -> None:
    x = torch.arange(130.0, dtype=torch.float64).expand(1, 6, -1)
    seen = applied("gyroscope-late", x, 10.0)  # half a sample
    torch.testing.assert_close(seen[0, 3, 2:], x[0, 3, 2:100] - 0.5)
