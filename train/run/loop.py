"""The one training loop. What is trained (method), on what (windows) and against what (transformation) come from
outside.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from scl.artifacts import InputError
from train.data.recordings import WindowSet
from train.experimental import hooks
from train.model.encoder import Classifier
from train.run.checkpoint import Checkpoint
from train.run.config import TrainConfig
from train.run.labelled import labelled_shares
from train.run.objective import Objective, Vary, contrast_for, task_loss, unvaried
from train.run.parallel import average_gradients, leads, mean
from train.transformations import Transformation

WARM_UP = 0.2  # share of the steps in which the learning rate rises


@dataclass
class Progress:
    """What one epoch is reported by: `log(epoch, figures)` after each, `step(done, total)` within."""

    log: Callable[[int, Mapping[str, float | None]], None]
    step: Callable[[int, int], None]


def learning_rate(step: int, steps: int, peak: float) -> float:
    """One cycle: a half cosine up over the first fifth of the steps and down to zero over the rest."""
    rise = max(round(WARM_UP * steps), 1)
    position = (step + 1) / rise if step < rise else (steps - step) / (steps - rise)
    return peak * 0.5 * (1 - math.cos(math.pi * min(position, 1.0)))


def fit(
    model: Classifier,
    windows: WindowSet,
    transformation: Transformation,
    config: TrainConfig,
    validate: Callable[[Classifier], Mapping[str, float | None]],
    progress: Progress,
    folder: Path,
    device: torch.device,
    vary: Vary = unvaried,
) -> None:
    """Trains `model` in place, from the checkpoint in `folder` if there is one; the last epoch's weights are the
    result.

    On the CPU two runs, or one that was killed and resumed, give the same weights bit for bit. On CUDA the forward pass
    is in bfloat16 where the device has it.

    Args:
        windows: the training part; the last incomplete batch of an epoch is dropped.
        validate: figures of the model after an epoch, logged beside the loss.
        vary: applied to every view that is trained on, whatever the method.

    Raises:
        ValueError: fewer windows than a batch.
    """
    size, epochs, seed = config.optimization.batch_size, config.optimization.epochs, config.run.seed
    if len(windows) < size:
        raise ValueError(f"{len(windows)} training windows are less than one batch of {size}")
    contrast = contrast_for(config, model)
    if contrast is not None:
        contrast.to(device)
    order = torch.Generator().manual_seed(seed)
    draw = torch.Generator(device=device).manual_seed(seed)
    loss_of = task_loss(windows, config, model.head.out_features, device)
    objective = hooks.objective_class(config)(config, transformation, loss_of, contrast, order, draw, vary)
    parameters = [*model.parameters(), *(contrast.parameters() if contrast is not None else ())]
    optimizer = torch.optim.AdamW(parameters, weight_decay=config.optimization.weight_decay)
    checkpoint = Checkpoint(folder, model, optimizer, {"order": order, "draw": draw}, contrast)
    training = _Training(config, model, windows, objective, parameters, optimizer, progress, device)
    for epoch in range(checkpoint.load(), epochs):
        totals = training.epoch(epoch)
        if not all(np.isfinite(list(totals.values()))):
            raise InputError(
                f"epoch {epoch + 1}: the loss is not finite; "
                "lower --learning-rate, --lambda or --variation, or raise --eps"
            )
        if contrast is not None:
            contrast.after_epoch((epoch + 1) / epochs)
        figures = {**totals, **validate(model)}
        progress.log(epoch + 1, figures)
        if leads():
            checkpoint.save(epoch + 1)


class _Training:
    """The steps of an epoch."""

    def __init__(
        self,
        config: TrainConfig,
        model: Classifier,
        windows: WindowSet,
        objective: Objective,
        parameters: list[nn.Parameter],
        optimizer: torch.optim.Optimizer,
        progress: Progress,
        device: torch.device,
    ) -> None:
        self.options, self.model, self.objective = config.optimization, model, objective
        self.parameters, self.optimizer, self.progress, self.device = parameters, optimizer, progress, device
        self.x = torch.from_numpy(windows.x).to(device)
        self.y = torch.from_numpy(windows.targets).to(device)
        few = labelled_shares(windows)
        self.shares = drawn_shares(windows, self.options.evenness) if few is None else few  # never both: train.imu
        self.mixed = device.type == "cuda" and torch.cuda.is_bf16_supported()

    def epoch(self, epoch: int) -> dict[str, float]:
        """Trains on as many windows as there are, each once unless shares are given; returns the means of the loss's
        parts over the batches.
        """
        self.model.train()
        size, epochs = self.options.batch_size, self.options.epochs
        batches = len(self.x) // size
        totals: dict[str, float] = {}
        for batch, index in enumerate(_batches(len(self.x), size, self.objective.order, self.shares)):
            parts = self._step(index.to(self.device), epoch * batches + batch, epochs * batches)
            for name, value in parts.items():
                totals[name] = totals.get(name, 0.0) + float(value) / batches
            self.progress.step(batch + 1, batches)
        return totals

    def _step(self, index: Tensor, step: int, steps: int) -> dict[str, Tensor]:
        """Moves the weights by one batch; returns the parts of its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, self.options.learning_rate)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.mixed):
            loss, parts = self.objective(self.model, self.x[index], self.y[index], step / steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        average_gradients(self.parameters)
        parts["task"] = mean(parts["task"])
        parts["gradient_norm"] = torch.nn.utils.get_total_norm(
            [p.grad for p in self.model.parameters() if p.grad is not None]
        )
        self.optimizer.step()
        return parts


def drawn_shares(windows: WindowSet, evenness: float) -> Tensor | None:
    """How often each window (n,) is drawn, relative to the others: by the count of its class in its subject or record
    to the power of -evenness, every class as often as before. None: each once in an epoch.
    """
    if evenness == 0:
        return None
    shares = np.empty(len(windows))
    for label in np.unique(windows.labels):
        of_class = windows.labels == label
        _, place, counts = np.unique(windows.groups[of_class], return_inverse=True, return_counts=True)
        weights = counts[place] ** -evenness
        shares[of_class] = weights / weights.mean()
    return torch.from_numpy(shares)


def _batches(count: int, size: int, order: torch.Generator, shares: Tensor | None) -> Iterator[Tensor]:
    if shares is None:
        permutation = torch.randperm(count, generator=order)
    else:
        permutation = torch.multinomial(shares, count, replacement=True, generator=order)
    for start in range(0, count - size + 1, size):
        yield permutation[start : start + size]


def pick_device() -> torch.device:
    """CUDA where there is one, else the CPU with deterministic kernels."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.use_deterministic_algorithms(True)
    # A debugging aid that takes a twentieth of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return torch.device("cpu")
