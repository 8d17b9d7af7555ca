"""Latents of two views, and a loss of them against finite differences."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


def latents(n: int = 7, d: int = 5, seed: int = 0) -> tuple[Tensor, Tensor]:
    """(n, d) of windows and of their other views."""
    z = torch.randn(n, d, generator=torch.Generator().manual_seed(seed))
    return z, z + 0.3 * torch.randn(n, d, generator=torch.Generator().manual_seed(seed + 1))


def check_gradient(loss_of: Loss) -> None:
    """The gradient is the rise between two neighbours."""
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


def check_half_precision(loss_of: Loss) -> None:
    """bfloat16 latents are computed with in single precision."""
    z, z_t = latents()
    assert loss_of(z.bfloat16(), z_t.bfloat16()).dtype == torch.float32
