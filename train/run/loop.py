"""The one training loop. What is trained (method), on what (windows) and against what (transformation) come from
outside.
"""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scl.artifacts import InputError
from train.data.recordings import WindowSet
from train.experimental.compound import Compound, parts_of
from train.model.encoder import Classifier
from train.run.checkpoint import Checkpoint
from train.run.config import TrainConfig
from train.run.objective import Objective, Vary, contrast_for, task_loss, unvaried
from train.run.parallel import average_gradients, leads, mean
from train.transformations import Transformation

WARM_UP = 0.2  # share of the steps in which the learning rate rises


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
    contrast = contrast_for(config, model)
    if contrast is not None:
        contrast.to(device)
    order = torch.Generator().manual_seed(config.seed)
    draw = torch.Generator(device=device).manual_seed(config.seed)
    loss_of = task_loss(windows, config, model.head.out_features, device)
    compound = Compound(parts_of(config.also)) if config.also else None
    objective = Objective(config, transformation, loss_of, contrast, order, draw, vary, compound)
    parameters = [*model.parameters(), *(contrast.parameters() if contrast is not None else ())]
    optimizer = torch.optim.AdamW(parameters, weight_decay=config.weight_decay)
    checkpoint = Checkpoint(folder, model, optimizer, {"order": order, "draw": draw}, contrast)
    batches = len(windows) // config.batch_size
    mixed = device.type == "cuda" and torch.cuda.is_bf16_supported()
    for epoch in range(checkpoint.load(), config.epochs):
        model.train()
        totals: dict[str, float] = {}
        for batch, index in enumerate(_batches(len(windows), config.batch_size, order)):
            step, steps = epoch * batches + batch, config.epochs * batches
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, steps, config.learning_rate)
            index = index.to(device)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed):
                loss, parts = objective(model, x[index], y[index], step / steps)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            average_gradients(parameters)
            parts["task"] = mean(parts["task"])
            parts["gradient_norm"] = torch.nn.utils.get_total_norm(
                [p.grad for p in model.parameters() if p.grad is not None]
            )
            optimizer.step()
            for name, value in parts.items():
                totals[name] = totals.get(name, 0.0) + float(value) / batches
            progress.step(batch + 1, batches)
        if not all(np.isfinite(list(totals.values()))):
            raise InputError(f"epoch {epoch + 1}: the loss is not finite; lower --learning-rate or raise --eps")
        if contrast is not None:
            contrast.after_epoch((epoch + 1) / config.epochs)
        figures = totals | validate(model)
        progress.log(epoch + 1, figures)
        if leads():
            checkpoint.save(epoch + 1)


def _batches(count: int, size: int, order: torch.Generator) -> Iterator[Tensor]:
    permutation = torch.randperm(count, generator=order)
    for start in range(0, count - size + 1, size):
        yield permutation[start : start + size]


def pick_device() -> torch.device:
    """CUDA where there is one, else the CPU with deterministic kernels."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # a debugging aid that takes a twentieth of the time
    return torch.device("cpu")
