"""VICReg's loss: written out slowly, in closed form, and its gradient by finite differences."""

import math

import numpy as np
import pytest
import torch

from tests.train.methods.two_views import check_gradient, check_half_precision, latents
from train.methods.vicreg import vicreg


def test_vicreg_is_written_out() -> None:
    z, z_t = (v.double().numpy() for v in latents())
    expected = 25 * np.mean((z - z_t) ** 2)
    for view in (z, z_t):
        n, d = view.shape
        centred = view - view.mean(axis=0)
        covariance = [[centred[:, i] @ centred[:, j] / (n - 1) for j in range(d)] for i in range(d)]
        expected += 25 * np.mean([max(0, 1 - math.sqrt(covariance[i][i] + 1e-4)) for i in range(d)])
        expected += sum(covariance[i][j] ** 2 for i in range(d) for j in range(d) if i != j) / d
    assert vicreg(*latents()).item() == pytest.approx(expected / 25, rel=1e-5)


def test_vicreg_of_a_perfect_and_of_a_collapsed_latent() -> None:
    """Equal views of uncorrelated dimensions of deviation 1 or more cost nothing; a constant latent costs the hinge."""
    signs = torch.tensor([[a, b] for a in (-2.0, 2.0) for b in (-2.0, 2.0)])
    assert vicreg(signs, signs).item() == pytest.approx(0, abs=1e-6)
    same = torch.ones(6, 3)
    assert vicreg(same, same).item() == pytest.approx(2 * (1 - 1e-2), rel=1e-5)


def test_gradient_points_down() -> None:
    check_gradient(vicreg)


def test_half_precision_is_computed_in_single() -> None:
    check_half_precision(vicreg)
