"""From recordings to a run folder: the part of a training command that every task shares."""

import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from scl import artifacts
from scl.artifacts import InputError
from scl.partition import Partition
from train.data.recordings import Recordings, WindowSet
from train.run.config import TrainConfig
from train.run.log import EpochLog
from train.run.working_folder import WorkingFolder

if TYPE_CHECKING:
    from train.run.task import Task


def train_run(task: "Task", config: TrainConfig, folder: WorkingFolder) -> dict[str, Any]:
    """Trains, evaluates on the test part and writes the run folder; returns the metrics. Under torchrun the first rank
    writes; the others only train, and return nothing.

    Raises:
        InputError: the folder is in use for something else, or the training part lacks a class.
    """
    import torch

    from train.experimental import hooks
    from train.run import parallel
    from train.run.evaluate import evaluate, evaluate_circular, where_others_go
    from train.run.folder import write_run
    from train.run.loop import Progress, count_parameters, fit, pick_device
    from train.transformations import Shift

    parallel.start()
    parallel.check(config.optimization.batch_size)
    recordings, split, parts, transformation = task.recordings, task.split, task.parts, task.transformation
    if len(parts["train"]) < config.optimization.batch_size:
        raise InputError(
            f"{recordings.name}: {len(parts['train'])} training windows, less than one batch of "
            f"{config.optimization.batch_size}; lower --batch-size"
        )
    missing = missing_labels(parts["train"], task.labels)
    if missing:
        raise InputError(
            f"{recordings.name}: no training window has {', '.join(missing)}; use another --seed or --split"
        )
    invariant = recordings.rate_hz if task.frontend.get("invariant") else None
    if invariant is None:
        std = sensor_std(parts["train"], recordings)
        mean = np.zeros_like(std)
    else:
        mean, std = invariant_statistics(parts["train"], recordings)
    torch.manual_seed(config.run.seed)
    partition = config.encoder.partition
    device = pick_device()
    try:
        model = hooks.classifier_class(config)(
            task.architecture,
            partition,
            channels=len(recordings.channels),
            samples=task.samples,
            classes=len(task.labels),
            mean=torch.from_numpy(mean),
            std=torch.from_numpy(std),
            limit=task.limit,
            invariant_hz=invariant,
            canonical=task.frontend.get("canonical", False),
        ).to(device)
    except ValueError as error:
        raise InputError(f"{recordings.name}: {error}; give --padding same") from error
    info = {
        "name": folder.out.name,
        "task": task.name,
        "method": config.method.name,
        **transformation.describe(),
        "labels": list(task.labels),
        "multilabel": recordings.multilabel,
        "partition": asdict(partition),
        "window": {
            "samples": task.samples,
            "rate_hz": recordings.rate_hz,
            "channels": list(recordings.channels),
            "units": list(recordings.units),
        },
        "sensors": [{"kind": kind, "channels": list(channels)} for kind, channels in recordings.sensors],
        "frontend": task.frontend,
        "normalisation": {"mean": mean.tolist(), "std": std.tolist(), "limit": model.limit},
        "architecture": asdict(task.architecture),
        "parameters": count_parameters(model),
        "split": split,
        "data": {**task.source, "sha256": recordings.sha256, "report": recordings.report},
        "config": config.as_dict(),
        "seed": config.run.seed,
        "versions": {"python": platform.python_version(), **{p: version(p) for p in ("torch", "numpy")}},
    }
    if not parallel.leads():
        parallel.wait()
        nothing = Progress(lambda epoch, figures: None, lambda done, total: None)
        fit(model, parts["train"], transformation, config, lambda m: {}, nothing, folder.partial, device, task.vary)
        parallel.stop()
        return {}
    print(recordings.summary())
    leaky = " (LEAKY: flatters)" if split["leaky"] else ""
    print(
        f"{recordings.name}: {', '.join(f'{len(w)} {p}' for p, w in parts.items())} windows, "
        f"split by {split['name']}{leaky}; {config.method.name}, {info['parameters']} parameters, {device.type}"
    )
    partial = folder.open({k: info[k] for k in ("config", "split", "data", "versions")})
    parallel.wait()
    with EpochLog(partial, config.optimization.epochs) as log:
        fit(
            model,
            parts["train"],
            transformation,
            config,
            lambda m: _validation_figures(
                evaluate(hooks.settled(m), parts["validation"], transformation, 1, config.run.seed, device),
                transformation.name,
            ),
            Progress(log.epoch, log.step),
            partial,
            device,
            task.vary,
        )
    parallel.stop()
    model = hooks.settled(model)
    partition = model.partition
    info |= {"partition": asdict(partition), "parameters": count_parameters(model)}
    figures = evaluate(model, parts["test"], transformation, config.run.draws, config.run.seed, device)
    if isinstance(transformation, Shift):
        figures["shift_circular"] = evaluate_circular(model, parts["test"], transformation, config.run.draws, device)
    if task.others:
        figures["other_classes"] = where_others_go(model, *task.others, transformation, device)
    warnings = health_warnings(figures, transformation.name, parts["test"], log.last, partition)
    head = {"kind": "metrics", "schema": 2, "task": task.name, "method": config.method.name}
    head |= {"transformation": transformation.name, "labels": list(task.labels)}
    head |= {"partition": asdict(partition), "split": split, "part": "test", "data": recordings.name}
    metrics = head | figures | {"warnings": warnings}
    artifacts.write_json(partial / "metrics.json", metrics)
    write_run(partial, info, model.cpu())
    folder.finish()
    return metrics


def missing_labels(windows: WindowSet, labels: tuple[str, ...]) -> list[str]:
    """The labels that no window has."""
    if windows.multilabel:
        found = int(np.bitwise_or.reduce(windows.labels))
        return [label for i, label in enumerate(labels) if not found >> i & 1]
    return [label for i, label in enumerate(labels) if i not in windows.labels]


def sensor_std(windows: WindowSet, recordings: Recordings) -> np.ndarray:
    """One standard deviation around zero for the axes of a sensor, repeated per channel (channels,), float32.

    A common scale and no mean commute with rotation.
    """
    std = np.empty(len(recordings.channels), dtype=np.float32)
    for kind, channels in recordings.sensors:
        rms = np.sqrt(np.mean(np.square(windows.x[:, list(channels)], dtype=np.float64)))
        if rms == 0:
            raise InputError(f"{recordings.name}: the {kind} is zero throughout the training windows")
        std[list(channels)] = rms
    return std


def invariant_statistics(windows: WindowSet, recordings: Recordings) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every invariant (channels,), float32, over the training windows.

    Raises InputError if the sensors are not an accelerometer, alone or followed by a gyroscope.
    """
    import torch

    from train.model.invariants import Invariants

    kinds = [kind for kind, _ in recordings.sensors]
    if kinds not in (["accelerometer"], ["accelerometer", "gyroscope"]):
        raise InputError(
            f"--input invariant: {recordings.name} has {' and '.join(kinds)}, expected an accelerometer, alone or with "
            "a gyroscope behind it; give --input raw"
        )
    invariants = Invariants(windows.x.shape[1], windows.x.shape[2], recordings.rate_hz)
    parts = [invariants(torch.from_numpy(x)).double() for x in np.array_split(windows.x, len(windows) // 500 + 1)]
    values = torch.cat(parts).transpose(1, 2).flatten(0, 1)
    return values.mean(dim=0).float().numpy(), values.std(dim=0).clamp_min(1e-6).float().numpy()


def health_warnings(
    figures: dict[str, Any], transformation: str, windows: WindowSet, last: dict[str, float], partition: Partition
) -> list[str]:
    """What to know before trusting the model: collapse, idle variant features, an accuracy of guessing.

    Args:
        figures: of `evaluate` on `windows` under `transformation`.
        last: what the last epoch logged.
    """
    found = []
    from train.run.evaluate import headline

    transformed = headline(figures, transformation)
    if figures["effective_rank"] < min(4, partition.invariant / 2):
        found.append(
            f"effective rank of the invariant features is {figures['effective_rank']:.1f}: they are collapsing"
        )
    if partition.variant and last.get("d_variant", 1.0) < 0.05:
        found.append(f"variant features hardly vary (D = {last['d_variant']:.3f}): raise --lambda or --beta")
    majority = np.bincount(windows.labels).max() / len(windows)
    if transformed["accuracy"] <= majority:
        found.append(
            f"transformed accuracy {transformed['accuracy']:.3f} is no better than a constant class's {majority:.3f}"
        )
    return found


def _validation_figures(figures: dict[str, Any], transformation: str) -> dict[str, float]:
    from train.run.evaluate import headline

    transformed = headline(figures, transformation)
    return {
        "val_accuracy": figures["accuracy"],
        "val_macro_f1": figures["macro_f1"],
        "val_accuracy_transformed": transformed["accuracy"],
        "val_consistency": transformed["consistency"],
        "val_effective_rank": figures["effective_rank"],
    }
