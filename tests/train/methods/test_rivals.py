"""The rivals' losses: written out slowly, in closed form, and their gradients by finite differences."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from train.methods.simclr import TEMPERATURE, nt_xent
from train.methods.vicreg import vicreg


def latents(n: int = 7, d: int = 5, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    z = torch.randn(n, d, generator=torch.Generator().manual_seed(seed))
    return z, z + 0.3 * torch.randn(n, d, generator=torch.Generator().manual_seed(seed + 1))


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


@pytest.mark.parametrize("loss_of", [nt_xent, vicreg])
def test_gradients_point_down(loss_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
    z, z_t = latents()
    z.requires_grad_()
    loss = loss_of(z, z_t)
    loss.backward()
    step = 1e-3
    for index in [(0, 0), (3, 2), (6, 4)]:
        moved = z.detach().clone()
        moved[index] += step
        rise = loss_of(moved, z_t) - loss_of(moved - 2 * (moved - z.detach()), z_t)
        assert rise.item() / (2 * step) == pytest.approx(z.grad[index].item(), rel=0.02, abs=2e-4)


@pytest.mark.parametrize("loss_of", [nt_xent, vicreg])
def test_half_precision_is_computed_in_single(loss_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
    z, z_t = latents()
    assert loss_of(z.bfloat16(), z_t.bfloat16()).dtype == torch.float32
