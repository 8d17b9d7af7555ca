"""SimCLR's loss: written out slowly, in closed form, and its gradient by finite differences."""

import math

import numpy as np
import pytest
import torch

from tests.train.methods.two_views import check_gradient, check_half_precision, latents
from train.methods.simclr import TEMPERATURE, nt_xent


def test_nt_xent_is_equation_1_pair_by_pair() -> None:
    z, z_t = (v.double().numpy() for v in latents())
    rows = [row / np.linalg.norm(row) for row in np.concatenate([z, z_t])]
    losses = []
    for i in range(len(rows)):
        partner = (i + len(z)) % len(rows)
        others = sum(math.exp(rows[i] @ rows[k] / TEMPERATURE) for k in range(len(rows)) if k != i)
        losses.append(-math.log(math.exp(rows[i] @ rows[partner] / TEMPERATURE) / others))
    assert nt_xent(*latents()).item() == pytest.approx(np.mean(losses), rel=1e-5)


def test_nt_xent_of_orthogonal_windows() -> None:
    """Views equal, windows orthogonal: log(1 + (2n - 2) exp(-1 / temperature)). Collapsed: log(2n - 1)."""
    z = 3 * torch.eye(4)
    assert nt_xent(z, z).item() == pytest.approx(math.log(1 + 6 * math.exp(-1 / TEMPERATURE)), abs=1e-6)
    same = torch.ones(4, 5)
    assert nt_xent(same, same).item() == pytest.approx(math.log(7), rel=1e-5)


def test_gradient_points_down() -> None:
    check_gradient(nt_xent)


def test_half_precision_is_computed_in_single() -> None:
    check_half_precision(nt_xent)
