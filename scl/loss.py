"""The structured contrastive loss (arXiv 2511.14920, section 2).

Per window, with D(a, b) = 1 - cos(a, b):

    L = D(inv(x), inv(Tx)) / ((1 + beta * D(var(x), var(Tx))) * D(inv(x), inv(x_neg)) + eps)

Pushing variant features apart *grows* the denominator and so lowers the loss. Two properties to watch: a collapsed
latent has D(inv(x), inv(Tx)) = 0 and so L = 0, and since the gradients of D(neg) and of beta are proportional to
D(inv(x), inv(Tx)), they fade as the invariant features succeed. `floor`, which is not the paper's, is added to
D(inv(x), inv(Tx)) against both.
"""

import math
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from scl.partition import Partition

Stop = Literal["none", "copy", "negative"]


class SCLTerms(NamedTuple):
    """Batch means, scalars: the loss to minimize, and its three distances for logging (detached)."""

    loss: Tensor
    d_invariant: Tensor
    d_variant: Tensor
    d_negative: Tensor


class StructuredContrastiveLoss(nn.Module):
    """Structured contrastive loss of latents, averaged over the batch.

    The cosine is that of u(z) = z |z| / (|z|^2 + eps^2), a unit vector up to a relative eps^2 / |z|^2. Unlike z / |z|,
    it is smooth at zero: a zero vector has cosine 0 with everything, and gradient 0.

    Degenerate cases: without variant dimensions beta has no effect; without invariant dimensions the loss is
    1 / (1 + beta * D(var(x), var(Tx))), the variant mechanism alone; with x_neg equal to x the denominator is eps.

    Args:
        partition: how the latent is divided.
        beta: weight of the variant distance, 0 or more.
        eps: positive; bounds the loss by (2 + floor) / eps and the gradient by `gradient_bound`.
        floor: 0 or more, added to the numerator, so that the push on negatives and variant features stays when
            D(inv(x), inv(Tx)) is 0; a collapsed latent then has the loss floor / eps, not 0.
        stop: whose invariant features get no gradient: nobody's, the transformed copy's (as the target of Chen and He
            2021, arXiv 2011.10566) or the negatives'.

    Raises:
        ValueError: beta, eps, floor or stop out of range, or neither invariant nor variant dimensions.

    Examples:
        Invariant features at right angles to those of another window, alike to the copy's but for their second half:

        >>> contrast = StructuredContrastiveLoss(Partition(invariant=2, variant=1, free=0), beta=1.0, eps=0.01)
        >>> z, z_t, z_neg = torch.tensor([[[1.0, 0.0, 1.0]], [[1.0, 1.0, -1.0]], [[0.0, 1.0, 1.0]]])
        >>> terms = contrast(z, z_t, z_neg)
        >>> [round(term.item(), 3) for term in terms]  # D is 1 - cos 45 degrees, 2 and 1
        [0.097, 0.293, 2.0, 1.0]
    """

    def __init__(
        self, partition: Partition, beta: float = 1.0, eps: float = 1e-2, floor: float = 0.0, stop: Stop = "none"
    ) -> None:
        super().__init__()
        if not (math.isfinite(beta) and beta >= 0):
            raise ValueError(f"beta is {beta}, expected 0 or more")
        if not (math.isfinite(eps) and eps > 0):
            raise ValueError(f"eps is {eps}, expected more than 0")
        if not (math.isfinite(floor) and floor >= 0):
            raise ValueError(f"floor is {floor}, expected 0 or more")
        if stop not in get_args(Stop):
            raise ValueError(f"stop is {stop!r}, expected one of {', '.join(get_args(Stop))}")
        if partition.invariant == 0 and partition.variant == 0:
            raise ValueError(
                f"partition {partition} has neither invariant nor variant dimensions: there is nothing to contrast"
            )
        self.partition, self.beta, self.eps, self.floor, self.stop = partition, beta, eps, floor, stop

    @property
    def gradient_bound(self) -> float:
        """Upper bound of the norm of one window's gradient with respect to (z, z_t, all its negatives) together.

        With r = |z|, the Jacobian of u(z) has singular values 2 r eps^2 / (r^2 + eps^2)^2 (radial) and
        r / (r^2 + eps^2) (tangential), at most G = 3 sqrt(3) / (8 eps). |u| < 1, so each D changes by at most
        sqrt(2) G per unit of its two arguments, and D(neg) of several negatives, whose weights add up to 1, too. With
        D <= 2 and a numerator of at most N = 2 + floor, the loss changes by at most 1 / eps per unit of D(inv),
        N (1 + 2 beta) / eps^2 per unit of D(neg) and N beta / (4 eps) per unit of D(var).
        """
        g = math.sqrt(2) * 3 * math.sqrt(3) / (8 * self.eps)
        if self.partition.invariant == 0:
            return g * self.beta
        most = 2 + self.floor
        return g * (1 / self.eps + most * (1 + 2 * self.beta) / self.eps**2 + most * self.beta / (4 * self.eps))

    def forward(self, z: Tensor, z_t: Tensor, z_neg: Tensor, weights: Tensor | None = None) -> SCLTerms:
        """Computes the loss in float32 (float64 stays), under autocast too.

        Args:
            z: latents (batch, d) of the windows.
            z_t: latents (batch, d) of their transformed copies.
            z_neg: latents (batch, d) of other windows, see `scl.negatives`; with weights (m, d).
            weights: (batch, m), rows that add up to 1: D(neg) is the mean over all m with these weights.

        Raises:
            ValueError: shapes differ or d is not the partition's size.
        """
        if z.ndim != 2 or z.shape != z_t.shape or (weights is None and z.shape != z_neg.shape):
            raise ValueError(
                "expected three latents of one shape (batch, d), "
                f"got {tuple(z.shape)}, {tuple(z_t.shape)}, {tuple(z_neg.shape)}"
            )
        if weights is not None and (z_neg.ndim, weights.shape) != (2, (len(z), len(z_neg))):
            raise ValueError(
                f"expected a weight for each of {len(z)} windows and {len(z_neg)} negatives, got {tuple(weights.shape)}"
            )
        self.partition.check(z.shape[1])
        with torch.autocast(z.device.type, enabled=False):
            z, z_t, z_neg = (a if a.dtype == torch.float64 else a.float() for a in (z, z_t, z_neg))
            inv, var = self.partition.invariant_slice, self.partition.variant_slice
            d_variant = self._distance(z[:, var], z_t[:, var]) if self.partition.variant else z.new_zeros(len(z))
            apart = 1 + self.beta * d_variant
            if self.partition.invariant:
                copy, other = self._unit(z_t[:, inv]), self._unit(z_neg[:, inv])
                copy = copy.detach() if self.stop == "copy" else copy
                other = other.detach() if self.stop == "negative" else other
                window = self._unit(z[:, inv])
                d_invariant = 1 - (window * copy).sum(dim=1)
                d_negative = 1 - (window * (other if weights is None else weights.to(other) @ other)).sum(dim=1)
                loss = (d_invariant + self.floor) / (apart * d_negative + self.eps)
            else:
                d_invariant = d_negative = z.new_zeros(len(z))
                loss = 1 / apart
        return SCLTerms(loss.mean(), d_invariant.mean().detach(), d_variant.mean().detach(), d_negative.mean().detach())

    def _distance(self, a: Tensor, b: Tensor) -> Tensor:
        return 1 - (self._unit(a) * self._unit(b)).sum(dim=1)

    def _unit(self, a: Tensor) -> Tensor:
        norm: Tensor = torch.linalg.vector_norm(a, dim=1, keepdim=True)
        return a * (norm / (norm * norm + self.eps**2))
