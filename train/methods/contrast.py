"""The loss between two views of a window: the structured contrastive loss, or a rival's, with its weight in time."""

from torch import Generator, Tensor, nn

from scl.loss import StructuredContrastiveLoss
from scl.negatives import MemoryBank, negatives, other_class
from scl.partition import Partition
from train.methods.rivals import RIVALS
from train.run.config import TrainConfig
from train.run.parallel import gather

BANK = 4096  # windows in the memory bank
# What a weight is multiplied by when `done` of the training, 0 to 1, is over.
SCHEDULES = {"constant": lambda done: 1.0, "rise": lambda done: done, "fall": lambda done: 1 - done}


class Contrast(nn.Module):
    """Latents of two views (batch, d) to a weighted loss and its parts for the log.

    Its buffers are part of a checkpoint.

    Args:
        config: method, lambda, beta and their schedules, eps, negatives.
        partition: how latents are divided.
    """

    def __init__(self, config: TrainConfig, partition: Partition) -> None:
        super().__init__()
        self.config = config
        self.rival = RIVALS.get(config.method)
        self.structured = None if self.rival else StructuredContrastiveLoss(partition, config.beta, config.eps)
        self.bank = MemoryBank(BANK, partition.size) if config.negatives == "memory" else None

    def forward(
        self, z: Tensor, z_t: Tensor, labels: Tensor, order: Generator, done: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Of this rank's latents the loss over all ranks' batch, when `done` of the training (0 to 1) is over."""
        z, z_t = gather(z), gather(z_t)
        weight, beta = self.weights(done)
        if self.rival:
            loss = self.rival(z, z_t)
            return weight * loss, {"contrast": loss.detach()}
        self.structured.beta = beta
        terms = self.structured(z, z_t, self._negatives(z, labels, order))
        parts = {"contrast": terms.loss.detach(), "d_invariant": terms.d_invariant, "d_variant": terms.d_variant}
        return weight * terms.loss, parts | {"d_negative": terms.d_negative}

    def weights(self, done: float) -> tuple[float, float]:
        """lambda and beta, as scheduled."""
        config = self.config
        return (
            config.lambda_ * SCHEDULES[config.lambda_schedule](done),
            config.beta * SCHEDULES[config.beta_schedule](done),
        )

    def after_epoch(self, done: float) -> None:
        """When `done` of the training is over, between two epochs."""

    def _negatives(self, z: Tensor, labels: Tensor, order: Generator) -> Tensor:
        if self.bank is not None:
            return self.bank.draw(z, order)
        if self.config.negatives == "other-class":
            return other_class(z, gather(labels), order)
        return negatives(z, order)
