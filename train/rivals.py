"""What a sceptic would train with instead of the structured contrastive loss: terms on the whole latent of the same
two views.
"""

import torch
from torch import Tensor
from torch.nn import functional

TEMPERATURE = 0.1
INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0  # weights of VICReg's terms, its paper's
SPREAD = 1.0  # standard deviation that VICReg asks of every dimension


def nt_xent(z: Tensor, z_t: Tensor) -> Tensor:
    """SimCLR's loss (Chen et al. 2020, arXiv 2002.05709, equation 1) of latents (batch, d) and those of their views.

    For each of the 2 * batch latents the other view of its window is to be the nearest, by the cosine over
    `TEMPERATURE`, among all others: a cross entropy, averaged. Scalar, float32.
    """
    latents = functional.normalize(torch.cat([z, z_t]).float(), dim=1)
    similarity = latents @ latents.T / TEMPERATURE
    similarity = similarity.masked_fill(torch.eye(len(latents), dtype=torch.bool, device=z.device), -torch.inf)
    partner = torch.arange(len(latents), device=z.device).roll(len(z))
    return functional.cross_entropy(similarity, partner)


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


RIVALS = {"simclr": nt_xent, "vicreg": vicreg}
