"""Data-parallel training under torchrun, equal to training in one process.

Every rank draws order, transformations and negatives for the whole batch from the same seeds and runs its share of it
through the model. Latents are gathered for the loss between views, batch normalization and the rounding of activations
see all shares, gradients are averaged: loss and gradient are those of one process on the whole batch, up to rounding.
Without torchrun every function here does nothing.
"""

import os
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, distributed, nn

from scl.artifacts import InputError


def start() -> None:
    """Joins the other ranks if torchrun started this process: NCCL with CUDA, Gloo without."""
    if "TORCHELASTIC_RUN_ID" in os.environ and not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def stop() -> None:
    """Leaves the other ranks when all are here."""
    if distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


def ranks() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def leads() -> bool:
    """Whether this rank is the one that writes and prints."""
    return ranks() == 1 or distributed.get_rank() == 0


def wait() -> None:
    """Returns when every rank is here."""
    if ranks() > 1:
        distributed.barrier()


def check(batch_size: int) -> None:
    """Raises InputError unless a batch divides among the ranks, pairs of windows together."""
    if ranks() > 1 and batch_size % (2 * ranks()):
        raise InputError(
            f"--batch-size {batch_size} does not divide into pairs among {ranks()} ranks; give a multiple of "
            f"{2 * ranks()}"
        )


def share(x: Tensor) -> Tensor:
    """This rank's rows of a batch that every rank has."""
    return x.chunk(ranks())[distributed.get_rank()] if ranks() > 1 else x


def gather(x: Tensor) -> Tensor:
    """Every rank's rows, in the order of ranks; gradients flow back to the rank that a row came from."""
    gathered: Tensor = _Gather.apply(x) if ranks() > 1 else x  # type: ignore[no-untyped-call]
    return gathered


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        parts = [torch.empty_like(x) for _ in range(ranks())]
        distributed.all_gather(parts, x.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        gradient = gradient.contiguous().clone()
        distributed.all_reduce(gradient)  # each rank's loss reads every row
        return share(gradient)


def largest(x: Tensor) -> Tensor:
    """Maximum over all elements on all ranks, without gradient."""
    found = x.detach().amax()
    if ranks() > 1:
        distributed.all_reduce(found, distributed.ReduceOp.MAX)
    return found


def mean(x: Tensor) -> Tensor:
    """Mean over the ranks, without gradient."""
    if ranks() == 1:
        return x.detach()
    total = x.detach().clone()
    distributed.all_reduce(total)
    return total / ranks()


def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Replaces every gradient by its mean over the ranks, in one message."""
    if ranks() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = mean(torch.cat([g.flatten() for g in gradients]))
    for gradient, values in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(values.view_as(gradient))


class BatchNorm(nn.BatchNorm2d):
    """Batch normalization of (B, C, 1, T) over the shares of all ranks, which must be of one size.

    torch's SyncBatchNorm needs CUDA. The variance is the mean of the shares' variances and the variance of their means.
    """

    # With the defaults of torch's there is always one of each.
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def forward(self, x: Tensor) -> Tensor:
        if ranks() == 1 or not self.training:
            return super().forward(x)
        variances, means = torch.var_mean(x, dim=(0, 2, 3), correction=0)
        means, variances = gather(means[None]), gather(variances[None])
        center = means.mean(dim=0)
        variance = variances.mean(dim=0) + means.var(dim=0, correction=0)
        count = ranks() * x.shape[0] * x.shape[3]
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(center, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        scale = self.weight / torch.sqrt(variance + self.eps)
        return (x - center[:, None, None]) * scale[:, None, None] + self.bias[:, None, None]
