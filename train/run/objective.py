"""The loss of one batch: its views, the task, and what the method has between two views."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from train.augment.cutmix import Splice, partners
from train.data.recordings import WindowSet
from train.experimental import hooks
from train.experimental.schedules import scheduled
from train.methods import named
from train.methods.base import Batch
from train.methods.contrast import Contrast
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.run.labelled import has_label
from train.run.parallel import share
from train.transformations import Transformation

Vary = Callable[[Tensor, torch.Generator], Tensor]


def unvaried(x: Tensor, generator: torch.Generator) -> Tensor:
    """Windows as they are."""
    return x


def task_loss(windows: WindowSet, config: TrainConfig, classes: int, device: torch.device) -> Callable[..., Tensor]:
    """The loss between logits (B, classes) and labels (B,): cross entropy, each class weighted by its count in the
    training windows to the power of -balance, with a mean weight of 1; binary cross entropies where labels are bit
    masks. Where some windows have no label, the mean is over those that have one; 0 if none of a batch has.
    """
    labelled = has_label(windows.labels)
    if windows.multilabel or labelled.all():
        return _loss(windows, config, classes, device)
    loss = _loss(windows.take(np.flatnonzero(labelled)), config, classes, device)

    def of_labelled(logits: Tensor, labels: Tensor) -> Tensor:
        rows = has_label(labels)
        return loss(logits[rows], labels[rows]) if bool(rows.any()) else 0 * logits.sum()

    return of_labelled


def _loss(windows: WindowSet, config: TrainConfig, classes: int, device: torch.device) -> Callable[..., Tensor]:
    """`task_loss` of windows that all have a label."""
    if windows.multilabel:
        bits = 2 ** torch.arange(classes, device=device)
        return lambda logits, labels: functional.binary_cross_entropy_with_logits(
            logits, ((labels[:, None] & bits) > 0).to(logits.dtype)
        )
    if config.optimization.balance == 0:
        return lambda logits, labels: functional.cross_entropy(
            logits, labels, label_smoothing=config.augmentation.smoothing
        )
    counts = np.bincount(windows.labels, minlength=classes).clip(1)  # of a class that none has, no weight is used
    shares = counts**-config.optimization.balance
    weights = torch.from_numpy(shares / shares[windows.labels].mean()).float().to(device)
    return lambda logits, labels: (
        functional.cross_entropy(logits, labels, reduction="none", label_smoothing=config.augmentation.smoothing)
        * weights[labels]
    ).mean()


@dataclass(frozen=True)
class Views:
    """Two views of a batch, this rank's rows: windows (B, channels, samples), and the labels (B,) of each."""

    first: Tensor
    second: Tensor
    labels: Tensor
    labels_t: Tensor


@dataclass
class Objective:
    """The loss of one batch: the task's on one view or on two, and the method's loss between two, if it has one.

    Attributes:
        loss: between logits and labels.
        contrast: None where nothing is asked of two views, or where there is one.
        order, draw: generators of negatives and of transformations.
        vary: applied to every view, whatever the method.
    """

    config: TrainConfig
    transformation: Transformation
    loss: Callable[[Tensor, Tensor], Tensor]
    contrast: Contrast | None
    order: torch.Generator
    draw: torch.Generator
    vary: Vary = unvaried

    def __call__(self, model: Classifier, x: Tensor, y: Tensor, done: float = 0.0) -> tuple[Tensor, dict[str, Tensor]]:
        """Of cuts x (B, channels, samples) with targets y, and its parts for the log, when `done` of the training (0
        to 1) is over. Each rank computes the loss of its share.
        """
        splice = self._splice(model.samples)
        if self.contrast is None and self.config.method.views < 2:
            windows, labels = self._view(x, y, self._transforms_first)
            _, logits = model(windows, splice)
            task = self._task(logits, labels, splice)
            return task, {"task": task.detach()}
        views = self.views(x, y)
        z, logits = model(torch.cat([views.first, views.second]), splice)
        z, z_t = z.chunk(2)
        if self.contrast is None or self.config.method.task_views == "both":
            task = self._task(logits, torch.cat([views.labels, views.labels_t]), splice)
        else:
            task = self._task(logits[: len(views.labels)], views.labels, splice)
        if self.contrast is None:
            return task, {"task": task.detach()}
        between, parts = self.contrast(z, z_t, self.batch(views, done))
        return task + between, {"task": task.detach(), **parts}

    @property
    def _transforms_first(self) -> bool:
        """Whether the first view, or the only one, is transformed."""
        return named(self.config.method.name).transforms_first(self.config.method.anchor)

    def views(self, x: Tensor, y: Tensor) -> Views:
        """Draws the two views of a batch."""
        first, labels = self._view(x, y, self._transforms_first)
        second, labels_t = self._view(x, y, True)
        return Views(first, second, labels, labels_t)

    def batch(self, views: Views, done: float) -> Batch:
        """What the loss between the views may read."""
        return Batch(views.labels, self.order, done)

    def _splice(self, samples: int) -> Splice | None:
        """Drawn for a share of the batches, the same for all ranks and both views."""
        cutmix = self.config.augmentation.cutmix
        if cutmix == 0 or float(torch.rand((), generator=self.order)) >= cutmix:
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
    """The method's loss between two views, weighted; None where it has none."""
    method = named(config.method.name)
    if method.between is None:
        return None
    experimental = hooks.contrast_for(config, model)
    if experimental is not None:
        return experimental
    weight = scheduled(config.method.lambda_, config.experimental.lambda_schedule)
    return Contrast(method.between(config, model.partition), weight)
