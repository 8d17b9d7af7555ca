"""Negatives of the contrast: for each window the latent of another one, of its batch, of another class, or of earlier
batches; or the weights of all others.
"""

import torch
from torch import Tensor, nn


def negatives(z: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Another window's latent for every row of z (batch, d): the batch, cyclically shifted by a random 1..batch-1.

    `generator` is a CPU generator. Raises ValueError for a batch of one, which has no other window.

    Examples:
        >>> z = torch.arange(4.0)[:, None]
        >>> other = negatives(z, torch.Generator().manual_seed(0))
        >>> sorted(other.flatten().tolist()), bool((other == z).any())
        ([0.0, 1.0, 2.0, 3.0], False)
    """
    if len(z) < 2:
        raise ValueError(f"negatives need a batch of at least 2 windows, got {len(z)}")
    shift = int(torch.randint(1, len(z), (), generator=generator))
    return z.roll(shift, dims=0)


def other_class(z: Tensor, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """For every row of z (batch, d) the latent of a window with another label (batch,), drawn evenly from all of them.

    A row that all others share the label of gets any other window. `generator` is a CPU generator. Raises ValueError
    for a batch of one.

    Examples:
        >>> z, labels = torch.arange(4.0)[:, None], torch.tensor([0, 0, 1, 1])
        >>> other_class(z, labels)[:2].min().item() >= 2  # both of the other class
        True
    """
    if len(z) < 2:
        raise ValueError(f"negatives need a batch of at least 2 windows, got {len(z)}")
    labels = labels.cpu()
    others = ~torch.eye(len(z), dtype=torch.bool)
    different = labels[:, None] != labels[None, :]
    allowed = torch.where(different.any(dim=1, keepdim=True), different, others)
    scores = torch.rand(len(z), len(z), generator=generator).masked_fill(~allowed, -1.0)
    return z[scores.argmax(dim=1).to(z.device)]


def all_others(batch: int) -> Tensor:
    """Weights (batch, batch) of a mean over all windows but the row's own.

    Raises ValueError for a batch of one, which has no other window.

    Examples:
        >>> all_others(3).tolist()
        [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
    """
    if batch < 2:
        raise ValueError(f"negatives need a batch of at least 2 windows, got {batch}")
    return (1 - torch.eye(batch)) / (batch - 1)


def all_other_classes(labels: Tensor) -> Tensor:
    """Weights (batch, batch) of a mean over all windows with another label (batch,).

    A row that all others share the label of gets all others. Raises ValueError for a batch of one.

    Examples:
        >>> all_other_classes(torch.tensor([0, 0, 1])).tolist()
        [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]
    """
    even = all_others(len(labels)).to(labels.device)
    different = labels[:, None] != labels[None, :]
    weights = torch.where(different.any(dim=1, keepdim=True), different, even > 0).to(even.dtype)
    return weights / weights.sum(dim=1, keepdim=True)


class MemoryBank(nn.Module):
    """The latents of the last `size` windows, without gradient; until it is full, those there are.

    Negatives from it are older than the weights, by as many steps as it holds batches (He et al. 2020, arXiv
    1911.05722, keep a slow copy of the encoder against that; this does not).

    Args:
        size: windows that are kept, 1 or more.
        d: dimensions of a latent.

    Examples:
        >>> bank = MemoryBank(size=8, d=2)
        >>> first = bank.draw(torch.zeros(4, 2))  # nothing is stored yet: of the batch itself
        >>> bank.draw(torch.ones(4, 2)).tolist() == torch.zeros(4, 2).tolist()
        True
    """

    latents: Tensor
    stored: Tensor

    def __init__(self, size: int, d: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(f"a memory bank of {size} windows, expected 1 or more")
        self.register_buffer("latents", torch.zeros(size, d))
        self.register_buffer("stored", torch.zeros((), dtype=torch.int64))

    def draw(self, z: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """For every row of z (batch, d) a stored latent, drawn evenly; then stores z.

        Before anything is stored, `negatives` of z. `generator` is a CPU generator.
        """
        size, stored = len(self.latents), int(self.stored)
        if stored == 0:
            drawn = negatives(z, generator)
        else:
            index = torch.randint(min(stored, size), (len(z),), generator=generator)
            drawn = self.latents[index.to(z.device)].to(z.dtype)
        places = (stored + torch.arange(len(z), device=z.device)) % size
        last = slice(max(len(z) - size, 0), None)  # of a batch larger than the bank, its end
        self.latents[places[last]] = z.detach()[last].to(self.latents.dtype)
        self.stored += len(z)
        return drawn
