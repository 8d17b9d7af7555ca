"""Which other window the structured loss contrasts a window with: `--negatives`."""

from collections.abc import Callable

from torch import Tensor, nn

from scl.negatives import MemoryBank, negatives, other_class
from train.methods.base import Batch
from train.run.parallel import gather

BANK = 4096  # windows in the memory bank

# Latents of all ranks' windows (B, d) to those of other windows (B, d).
Negatives = Callable[[Tensor, Batch], Tensor]


def of_batch(z: Tensor, batch: Batch) -> Tensor:
    """Any other window of the batch: the main path's."""
    return negatives(z, batch.order)


def of_another_class(z: Tensor, batch: Batch) -> Tensor:
    """A window of the batch with another label."""
    return other_class(z, gather(batch.labels), batch.order)


class OfEarlierBatches(nn.Module):
    """A window of one of the batches before, from a memory bank."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.bank = MemoryBank(BANK, size)

    def forward(self, z: Tensor, batch: Batch) -> Tensor:
        return self.bank.draw(z, batch.order)


def chosen(name: str, size: int) -> Negatives:
    """What `--negatives` names, for latents of `size` dimensions."""
    if name == "memory":
        return OfEarlierBatches(size)
    return of_another_class if name == "other-class" else of_batch
