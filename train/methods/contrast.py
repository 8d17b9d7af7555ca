"""The loss between two views with its weight, over the batch of all ranks."""

from collections.abc import Callable

from torch import Tensor, nn

from train.methods.base import Batch, Between
from train.run.parallel import gather


class Contrast(nn.Module):
    """Latents of two views (B, d) to a weighted loss and its parts for the log.

    Its buffers are part of a checkpoint, its parameters are trained.

    Args:
        between: the method's.
        weight: lambda, when a share of the training, 0 to 1, is over.
    """

    def __init__(self, between: Between, weight: Callable[[float], float]) -> None:
        super().__init__()
        self.between, self.weight = between, weight

    def forward(self, z: Tensor, z_t: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Of this rank's latents the loss over all ranks' batch."""
        loss, parts = self.between(gather(z), gather(z_t), batch)
        return self.weight(batch.done) * loss, parts

    def after_epoch(self, done: float) -> None:
        """When `done` of the training is over, between two epochs; here nothing happens."""
