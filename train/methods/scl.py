"""Structured contrastive learning: the invariant features of two views alike, the variant ones apart (scl.loss)."""

from typing import cast

from torch import Tensor, nn

from scl.loss import SCLTerms, Stop, StructuredContrastiveLoss
from scl.partition import Partition
from train.experimental.negatives import chosen
from train.experimental.schedules import scheduled
from train.methods.base import Batch, Method
from train.run.config import TrainConfig


class Structured(nn.Module):
    """The structured contrastive loss of two views, against other windows."""

    def __init__(self, config: TrainConfig, partition: Partition) -> None:
        super().__init__()
        options = config.experimental
        self.loss = StructuredContrastiveLoss(
            partition, config.method.beta, config.method.eps, options.floor, cast(Stop, options.stop)
        )
        self.beta = scheduled(config.method.beta, options.beta_schedule)
        self.negatives = chosen(options.negatives, partition.size)

    def forward(self, z: Tensor, z_t: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """As `train.methods.base.Between`."""
        self.loss.beta = self.beta(batch.done)
        terms = self.loss(z, z_t, *self.negatives(z, batch))
        return terms.loss, logged(terms)


def logged(terms: SCLTerms) -> dict[str, Tensor]:
    """The loss and its distances by their names in the log."""
    return {
        "contrast": terms.loss.detach(),
        "d_invariant": terms.d_invariant,
        "d_variant": terms.d_variant,
        "d_negative": terms.d_negative,
    }


METHOD = Method("scl", between=Structured, structured=True)
