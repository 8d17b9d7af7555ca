import pytest
import torch

from tests.train.transformations.nuisances.signals import applied


def test_samples_are_left_out_and_the_next_close_up() -> None:
    x = torch.arange(400.0, dtype=torch.float64).expand(500, 6, -1)
    seen = applied("dropped", x, 20.0)
    steps = seen[:, 0].diff(dim=1)
    assert (steps >= 1).all() and (steps == steps.round()).all()
    torch.testing.assert_close(seen, seen[:, :1].expand_as(seen))  # of all sensors the same ones
    # A step of k has a chance of 0.8 * 0.2^(k - 1): 1.25 in the mean.
    assert float(steps.mean()) == pytest.approx(1.25, rel=0.01)
    assert float((steps == 1).double().mean()) == pytest.approx(0.8, abs=0.01)


def test_where_a_cut_has_too_few_its_last_one_stays() -> None:
    x = torch.arange(100.0, dtype=torch.float64).expand(20, 6, -1)
    seen = applied("dropped", x, 20.0)[:, 0]
    for row in seen.tolist():
        kept = sorted(set(row))
        assert row == kept + [kept[-1]] * (100 - len(kept))
