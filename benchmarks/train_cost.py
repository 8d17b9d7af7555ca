"""What a training step costs beside a plain PyTorch loop of the same network written the obvious way.

    SCL_DATA_DIR=... python benchmarks/train_cost.py

On the CPU, in one process, the contenders in turn for several rounds, so that what else the machine does hits all
alike. The plain loop has no options: a DataLoader over a TensorDataset, convolutions, batch normalization, ReLU, mean,
two linear layers, cross entropy, AdamW. `train.run.loop` does besides what deployment needs: activations rounded as the
device will, inputs clipped.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KMP_BLOCKTIME", "0")

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from scl.artifacts import write_json
from scl.artifacts.architecture import Architecture
from train.data.data_set import Source
from train.data.registry import data_set
from train.data.stored import resolve
from train.imu import WRIST
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.run.objective import Objective, contrast_for, task_loss
from train.run.task import imu_task

RESULTS = Path(__file__).parent / "results" / "train_cost.json"
AIM = 2.2
CPU = torch.device("cpu")
PLAIN = "plain PyTorch, baseline"
METHODS = ("baseline", "augment", "scl", "simclr", "vicreg")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--steps", type=int, default=5, help="of each contender in a round")
    options.add_argument("--batch-size", type=int, default=128)
    options.add_argument("--results", type=Path, default=RESULTS, help="JSON to write (default in benchmarks/results)")
    arguments = options.parse_args()
    path = resolve(None, data_set("wisdm"))
    source = Source("watch" if path is None else "wisdm", {})
    recordings = data_set(source.data_set).load(path, source.options)
    task = imu_task(recordings, source, TrainConfig().changed(split="fold"))
    windows = task.parts["train"]
    x, y = torch.from_numpy(windows.x), torch.from_numpy(windows.labels)
    classes, size = len(task.labels), arguments.batch_size
    contenders: dict[str, Callable[[], object]] = {PLAIN: plain_step(x, y, classes, size)}
    for shown in ("raw", "invariant"):
        for method in METHODS:
            config = TrainConfig().changed(method=method, input=shown, batch_size=size)
            contenders[f"{shown}, {method}"] = loop_step(config, task, windows, x, y, classes)
    config = WRIST.changed(batch_size=size)
    contenders["train.imu's defaults"] = loop_step(config, task, windows, x, y, classes)
    loader = batches(x, y, size)
    contenders["plain loader alone"] = lambda: next(loader)
    index = torch.randperm(len(x))
    contenders["our loader alone"] = lambda: (x[index[:size]], y[index[:size]])
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for step in contenders.values():
        step()
    for _ in range(arguments.rounds):
        for name, step in contenders.items():
            start = time.perf_counter()
            for _ in range(arguments.steps):
                step()
            times[name].append((time.perf_counter() - start) / arguments.steps)
    rows = [{"name": name, "ms": [1e3 * t for t in found]} for name, found in times.items()]
    contents = {"batch_size": size, "threads": torch.get_num_threads(), "rows": rows}
    write_json(arguments.results, {"kind": "benchmark", "schema": 1, **contents})
    print(table(contents))


def batches(x: torch.Tensor, y: torch.Tensor, size: int) -> Iterator[list[torch.Tensor]]:
    """Batches without end, as a DataLoader gives them."""
    while True:
        yield from DataLoader(TensorDataset(x, y), size, shuffle=True, drop_last=True)


def plain_step(x: torch.Tensor, y: torch.Tensor, classes: int, size: int) -> Callable[[], None]:
    shape = Architecture()
    layers: list[nn.Module] = []
    channels = x.shape[1]
    for width, stride, kernel in zip(shape.widths, shape.strides, shape.kernel, strict=True):
        layers += [
            nn.Conv1d(channels, width, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
        ]
        channels = width
    layers += [nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(channels, 128), nn.Linear(128, classes)]
    model = nn.Sequential(*layers)
    optimizer, loader = torch.optim.AdamW(model.parameters()), batches(x, y, size)

    def step() -> None:
        windows, labels = next(loader)
        loss = functional.cross_entropy(model(windows), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def loop_step(config: TrainConfig, task, windows, x: torch.Tensor, y: torch.Tensor, classes: int) -> Callable[[], None]:
    from functools import partial

    from train.augment.variation import vary_imu
    from train.run.objective import unvaried

    hz = task.recordings.rate_hz if config.encoder.input == "invariant" else None
    model = Classifier(
        task.architecture, config.encoder.partition, x.shape[1], task.samples, classes, invariant_hz=hz
    ).train()
    vary = partial(vary_imu, strength=config.augmentation.variation) if config.augmentation.variation else unvaried
    order, draw = torch.Generator().manual_seed(0), torch.Generator().manual_seed(0)
    loss_of = task_loss(windows, config, classes, CPU)
    contrast = contrast_for(config, model)
    objective = Objective(config, task.transformation, loss_of, contrast, order, draw, vary)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=config.optimization.weight_decay)
    size = config.optimization.batch_size

    def step() -> None:
        index = torch.randint(len(x), (size,), generator=order)
        loss, _ = objective(model, x[index], y[index])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
        optimizer.step()

    return step


def table(contents: dict) -> str:
    """Markdown: median time of a step, windows a second, and times the baseline's step, by rounds."""
    found = {row["name"]: np.array(row["ms"]) for row in contents["rows"]}
    lines = [
        "| step | ms | windows/s | of the plain loop's | of our baseline's on the same input |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, ms in found.items():
        own = found.get(f"{name.split(', ')[0]}, baseline")
        cells = [f"{np.median(ms):.1f}", f"{1e3 * contents['batch_size'] / np.median(ms):,.0f}"]
        cells += [ratio(ms, found[PLAIN]), "" if own is None else ratio(ms, own)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def ratio(ms: np.ndarray, to: np.ndarray) -> str:
    """Median over the rounds of the quotient, and its quartiles."""
    low, middle, high = np.percentile(ms / to, [25, 50, 75])
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


if __name__ == "__main__":
    main()
