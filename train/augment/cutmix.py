"""CutMix in time (Yun et al. 2019, arXiv 1905.04899): a span of every window comes from another one of its batch, and
the task asks for both labels, by their shares.

A window's partner is its neighbour in the batch, which is in random order: pairs stay together in a share of the batch
and in both views. Spans are cut behind the normalization, where windows have no orientation of their own.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Splice:
    """The partner's samples from `first` up to `last`, exclusive, of `samples`."""

    first: int
    last: int
    samples: int

    @classmethod
    def draw(cls, samples: int, generator: Generator) -> "Splice":
        """A span of any length, evenly, at any place, evenly."""
        length = int(torch.randint(samples + 1, (), generator=generator))
        first = int(torch.randint(samples - length + 1, (), generator=generator))
        return cls(first, first + length, samples)

    @property
    def share(self) -> float:
        """Of a window that is its partner's."""
        return (self.last - self.first) / self.samples

    def __call__(self, x: Tensor) -> Tensor:
        """Windows (B, channels, samples), B even, each with its span of the partner."""
        time = torch.arange(self.samples, device=x.device)
        return torch.where((time >= self.first) & (time < self.last), partners(x), x)


def partners(x: Tensor) -> Tensor:
    """Rows 1, 0, 3, 2, ... of x (B, ...). Raises ValueError if B is odd."""
    if len(x) % 2:
        raise ValueError(f"{len(x)} windows cannot be paired; the batch size has to be even")
    pairs: Tensor = x.unflatten(0, (-1, 2))
    return pairs.flip(1).flatten(0, 1)
