import pytest
import torch

from tests.train.transformations.nuisances.signals import applied


def test_a_sample_is_new_or_the_one_that_was_read_before() -> None:
    x = torch.arange(100.0, dtype=torch.float64).expand(500, 6, -1)
    seen = applied("held", x, 30.0)
    assert (seen[:, :, 0] == 0).all()
    for row in seen[:20, 0].tolist():
        for index in range(1, 100):
            assert row[index] in (float(index), row[index - 1])
    held = (seen[:, 0, 1:] != x[:, 0, 1:]).double().mean()
    assert float(held) == pytest.approx(0.3, abs=0.01)
