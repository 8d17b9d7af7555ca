"""The loss of one batch: views, task and contrast, whatever the method."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from train.augment.cutmix import Splice, partners
from train.data.recordings import WindowSet
from train.experimental.allocation import AllocatedContrast, Allocating
from train.experimental.compound import Compound, CompoundContrast, parts_of
from train.methods.contrast import Contrast
from train.methods.rivals import RIVALS
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.run.parallel import share
from train.transformations import Transformation

Vary = Callable[[Tensor, torch.Generator], Tensor]


def unvaried(x: Tensor, generator: torch.Generator) -> Tensor:
    """Windows as they are."""
    return x


def task_loss(windows: WindowSet, config: TrainConfig, classes: int, device: torch.device) -> Callable[..., Tensor]:
    """The loss between logits (B, classes) and labels (B,): cross entropy, each class weighted by its count in the
    training windows to the power of -balance, with a mean weight of 1; binary cross entropies where labels are bit
    masks.
    """
    if windows.multilabel:
        bits = 2 ** torch.arange(classes, device=device)
        return lambda logits, labels: functional.binary_cross_entropy_with_logits(
            logits, ((labels[:, None] & bits) > 0).to(logits.dtype)
        )
    if config.balance == 0:
        return lambda logits, labels: functional.cross_entropy(logits, labels, label_smoothing=config.smoothing)
    counts = np.bincount(windows.labels, minlength=classes)
    weights = counts**-config.balance
    weights = torch.from_numpy(weights / (weights[windows.labels].mean())).float().to(device)
    return lambda logits, labels: (
        functional.cross_entropy(logits, labels, reduction="none", label_smoothing=config.smoothing) * weights[labels]
    ).mean()


@dataclass
class Objective:
    """The loss of one batch, whatever the method.

    baseline: task on x. augment: task on Tx. scl, simclr, vicreg: both views in one pass, task on x or on both, plus
    the contrast between them. Every view of every method is varied.

    Attributes:
        loss: between logits and labels.
        contrast: None where there is one view.
        order, draw: generators of negatives and of transformations.
        compound: in place of the transformation, views that differ in one of several.
    """

    config: TrainConfig
    transformation: Transformation
    loss: Callable[[Tensor, Tensor], Tensor]
    contrast: Contrast | None
    order: torch.Generator
    draw: torch.Generator
    vary: Vary = unvaried
    compound: Compound | None = None

    def __call__(self, model: Classifier, x: Tensor, y: Tensor, done: float = 0.0) -> tuple[Tensor, dict[str, Tensor]]:
        """Of cuts x (B, channels, samples) with targets y, and its parts for the log, when `done` of the training (0
        to 1) is over. Each rank computes the loss of its share.
        """
        splice = self._splice(model.samples)
        if self.contrast is None:
            windows, labels = self._view(x, y, self.config.method == "augment")
            _, logits = model(windows, splice)
            task = self._task(logits, labels, splice)
            return task, {"task": task.detach()}
        change = []
        if self.compound:
            first, second, changed = self.compound.pair(x, self.draw)
            first, second = (share(self.vary(view, self.draw)) for view in (first, second))
            labels = labels_t = share(y)
            change = [changed]
        else:
            first, labels = self._view(x, y, self.config.anchor == "transformed")
            second, labels_t = self._view(x, y, True)
        z, logits = model(torch.cat([first, second]), splice)
        z, z_t = z.chunk(2)
        if self.config.task_views == "both":
            task = self._task(logits, torch.cat([labels, labels_t]), splice)
        else:
            task = self._task(logits[: len(labels)], labels, splice)
        between, parts = self.contrast(z, z_t, labels, self.order, done, *change)
        return task + between, {"task": task.detach(), **parts}

    def _splice(self, samples: int) -> Splice | None:
        """Drawn for a share of the batches, the same for all ranks and both views."""
        if self.config.cutmix == 0 or float(torch.rand((), generator=self.order)) >= self.config.cutmix:
            return None
        return Splice.draw(samples, self.order)

    def _task(self, logits: Tensor, labels: Tensor, splice: Splice | None) -> Tensor:
        """The task's loss; of spliced windows for both labels, by their shares."""
        if splice is None:
            return self.loss(logits, labels)
        return (1 - splice.share) * self.loss(logits, labels) + splice.share * self.loss(logits, partners(labels))

    def _view(self, x: Tensor, y: Tensor, transformed: bool) -> tuple[Tensor, Tensor]:
        windows, labels = self.transformation(x, y, self.draw) if transformed else self.transformation.identity(x, y)
        return share(self.vary(windows, self.draw)), share(labels)


def contrast_for(config: TrainConfig, model: Classifier) -> Contrast | None:
    """What the method asks for between two views; None where there is one view."""
    if config.also:
        return CompoundContrast(config, model.partition, parts_of(config.also))
    if isinstance(model, Allocating):
        return AllocatedContrast(config, model)
    return Contrast(config, model.partition) if config.method == "scl" or config.method in RIVALS else None
