"""SimCLR: the other view of a window is to be the nearest of a batch."""

import torch
from torch import Tensor
from torch.nn import functional

from train.methods.base import Method, of_latents

TEMPERATURE = 0.1


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


METHOD = Method("simclr", between=of_latents(nt_xent))
