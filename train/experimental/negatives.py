"""Which other windows the structured loss contrasts a window with: `--negatives`."""

from collections.abc import Callable

from torch import Tensor, nn

from scl.negatives import MemoryBank, all_other_classes, all_others, negatives, other_class
from train.methods.base import Batch
from train.run.parallel import gather

BANK = 4096  # windows in the memory bank

# Latents of all ranks' windows (B, d) to the loss's arguments: a negative of each (B, d), or candidates and weights.
Negatives = Callable[[Tensor, Batch], tuple[Tensor, ...]]


def of_batch(z: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    """Any other window of the batch: the main path's."""
    return (negatives(z, batch.order),)


def of_another_class(z: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    """A window of the batch with another label."""
    return (other_class(z, gather(batch.labels), batch.order),)


def of_all(z: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    """The mean over all other windows of the batch."""
    return z, all_others(len(z))


def of_all_other_classes(z: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    """The mean over all windows of the batch with another label."""
    return z, all_other_classes(gather(batch.labels))


class OfEarlierBatches(nn.Module):
    """A window of one of the batches before, from a memory bank."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.bank = MemoryBank(BANK, size)

    def forward(self, z: Tensor, batch: Batch) -> tuple[Tensor, ...]:
        return (self.bank.draw(z, batch.order),)


CHOICES: dict[str, Negatives] = {
    "batch": of_batch,
    "other-class": of_another_class,
    "all": of_all,
    "all-other-class": of_all_other_classes,
}


def chosen(name: str, size: int) -> Negatives:
    """What `--negatives` names, for latents of `size` dimensions."""
    return OfEarlierBatches(size) if name == "memory" else CHOICES[name]
