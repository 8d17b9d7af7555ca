"""VICReg: views alike, every dimension spread, different dimensions uncorrelated."""

import torch
from torch import Tensor
from torch.nn import functional

from train.methods.base import Method, of_latents

INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0  # weights of the terms, the paper's
SPREAD = 1.0  # standard deviation that is asked of every dimension


def vicreg(z: Tensor, z_t: Tensor) -> Tensor:
    """VICReg (Bardes et al. 2022, arXiv 2105.04906, equation 6) of latents (batch, d) and those of their views.

    25 times the mean squared difference of the views, 25 times how much the standard deviation of each dimension lacks
    of 1, and the squared covariances of different dimensions over d; the last two summed over both views, the second
    averaged over dimensions. Divided by 25, so that the first weighs 1. Scalar, float32.
    """
    z, z_t = z.float(), z_t.float()
    loss = INVARIANCE * functional.mse_loss(z, z_t)
    for view in (z, z_t):
        deviation = torch.sqrt(view.var(dim=0) + 1e-4)
        covariance = torch.cov(view.T)
        apart = covariance.square().sum() - covariance.diagonal().square().sum()
        loss = loss + VARIANCE * functional.relu(SPREAD - deviation).mean() + COVARIANCE * apart / view.shape[1]
    return loss / INVARIANCE


METHOD = Method("vicreg", between=of_latents(vicreg))
