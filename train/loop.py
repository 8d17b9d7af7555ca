"""The one training loop. What is trained (method), on what (windows) and against what (transformation) come from
outside.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from scl.artifacts import InputError
from scl.loss import StructuredContrastiveLoss, negatives
from scl.partition import Partition
from train.checkpoint import Checkpoint
from train.config import TrainConfig
from train.data.recordings import WindowSet
from train.encoder import Classifier
from train.rivals import RIVALS
from train.transformations import Transformation

WARM_UP = 0.2  # share of the steps in which the learning rate rises
Vary = Callable[[Tensor, torch.Generator], Tensor]
# Latents of two views and the generator that pairs windows, to a loss and its parts for the log.
Contrast = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, dict[str, Tensor]]]


def unvaried(x: Tensor, generator: torch.Generator) -> Tensor:
    """Windows as they are."""
    return x


@dataclass
class Progress:
    """What one epoch is reported by: `log(epoch, figures)` after each, `step(done, total)` within."""

    log: Callable[[int, dict[str, float]], None]
    step: Callable[[int, int], None]


def learning_rate(step: int, steps: int, peak: float) -> float:
    """One cycle: a half cosine up over the first fifth of the steps and down to zero over the rest."""
    rise = max(round(WARM_UP * steps), 1)
    position = (step + 1) / rise if step < rise else (steps - step) / (steps - rise)
    return peak * 0.5 * (1 - math.cos(math.pi * min(position, 1.0)))


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


def objective(
    model: Classifier,
    contrast: Contrast | None,
    config: TrainConfig,
    transformation: Transformation,
    loss: Callable[[Tensor, Tensor], Tensor],
    x: Tensor,
    y: Tensor,
    order: torch.Generator,
    draw: torch.Generator,
    vary: Vary = unvaried,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of one batch of cuts x (B, channels, samples) with targets y, and its parts for the log.

    baseline: task on x. augment: task on Tx. scl, simclr, vicreg: both views in one pass, task on x or on both, plus
    lambda times the contrast between them. Every view of every method is varied.
    """

    def view(transformed: bool) -> tuple[Tensor, Tensor]:
        windows, labels = transformation(x, y, draw) if transformed else transformation.identity(x, y)
        return vary(windows, draw), labels

    if contrast is None:
        windows, labels = view(config.method == "augment")
        _, logits = model(windows)
        task = loss(logits, labels)
        return task, {"task": task.detach()}
    first, labels = view(config.anchor == "transformed")
    second, labels_t = view(True)
    z, logits = model(torch.cat([first, second]))
    z, z_t = z.chunk(2)
    if config.task_views == "both":
        task = loss(logits, torch.cat([labels, labels_t]))
    else:
        task = loss(logits[: len(labels)], labels)
    between, parts = contrast(z, z_t, order)
    return task + config.lambda_ * between, {"task": task.detach(), "contrast": between.detach(), **parts}


def contrast_for(config: TrainConfig, partition: Partition) -> Contrast | None:
    """The loss between two views that the method asks for, and its parts for the log; None where there is one view."""
    if config.method in RIVALS:
        rival = RIVALS[config.method]
        return lambda z, z_t, order: (rival(z, z_t), {})
    if config.method != "scl":
        return None
    structured = StructuredContrastiveLoss(partition, config.beta, config.eps)

    def contrast(z: Tensor, z_t: Tensor, order: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        terms = structured(z, z_t, negatives(z, order))
        parts = {"d_invariant": terms.d_invariant, "d_variant": terms.d_variant, "d_negative": terms.d_negative}
        return terms.loss, parts

    return contrast


def fit(
    model: Classifier,
    windows: WindowSet,
    transformation: Transformation,
    config: TrainConfig,
    validate: Callable[[Classifier], dict[str, float]],
    progress: Progress,
    folder: Path,
    device: torch.device,
    vary: Vary = unvaried,
) -> None:
    """Trains `model` in place, from the checkpoint in `folder` if there is one; the last epoch's weights are the
    result.

    On the CPU two runs, or one that was killed and resumed, give the same weights bit for bit. On CUDA the forward
    pass is in bfloat16 where the
    device has it.

    Args:
        windows: the training part; the last incomplete batch of an epoch is dropped.
        validate: figures of the model after an epoch, logged beside the loss.
        vary: applied to every view that is trained on, whatever the method.

    Raises:
        ValueError: fewer windows than a batch.
    """
    if len(windows) < config.batch_size:
        raise ValueError(f"{len(windows)} training windows are less than one batch of {config.batch_size}")
    x = torch.from_numpy(windows.x).to(device)
    y = torch.from_numpy(windows.targets).to(device)
    loss_of = task_loss(windows, config, model.head.out_features, device)
    contrast = contrast_for(config, model.partition)
    order = torch.Generator().manual_seed(config.seed)
    draw = torch.Generator(device=device).manual_seed(config.seed)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=config.weight_decay)
    checkpoint = Checkpoint(folder, model, optimizer, {"order": order, "draw": draw})
    batches = len(windows) // config.batch_size
    mixed = device.type == "cuda" and torch.cuda.is_bf16_supported()
    for epoch in range(checkpoint.load(), config.epochs):
        model.train()
        totals: dict[str, float] = {}
        for batch, index in enumerate(_batches(len(windows), config.batch_size, order)):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(epoch * batches + batch, config.epochs * batches, config.learning_rate)
            index = index.to(device)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed):
                loss, parts = objective(
                    model, contrast, config, transformation, loss_of, x[index], y[index], order, draw, vary
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            parts["gradient_norm"] = torch.nn.utils.get_total_norm(
                [p.grad for p in model.parameters() if p.grad is not None]
            )
            optimizer.step()
            for name, value in parts.items():
                totals[name] = totals.get(name, 0.0) + float(value) / batches
            progress.step(batch + 1, batches)
        if not all(np.isfinite(list(totals.values()))):
            raise InputError(f"epoch {epoch + 1}: the loss is not finite; lower --learning-rate or raise --eps")
        figures = totals | validate(model)
        progress.log(epoch + 1, figures)
        checkpoint.save(epoch + 1)


def _batches(count: int, size: int, order: torch.Generator) -> Iterator[Tensor]:
    permutation = torch.randperm(count, generator=order)
    for start in range(0, count - size + 1, size):
        yield permutation[start : start + size]


def pick_device() -> torch.device:
    """CUDA where there is one, else the CPU with deterministic kernels."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    torch.use_deterministic_algorithms(True)
    return torch.device("cpu")


def count_parameters(model: Classifier) -> int:
    """Trainable numbers of the model, batch normalization included."""
    return sum(p.numel() for p in model.parameters())
