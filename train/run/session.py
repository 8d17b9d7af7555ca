"""From recordings to a run folder: the part of a training command that every task shares."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scl.artifacts import InputError, complain
from scl.artifacts.run import DataSource, Normalisation, RunInfo, SensorChannels, WindowInfo
from scl.text import say
from train.data.recordings import Recordings, WindowSet
from train.run.config import TrainConfig
from train.run.log import EpochLog
from train.run.metrics_json import write_metrics
from train.run.working_folder import WorkingFolder

if TYPE_CHECKING:
    import torch

    from train.model.encoder import Classifier
    from train.run.evaluate import Evaluation
    from train.run.summary import Metrics
    from train.run.task import Task

UNTRAINED = "0" * 64  # in place of the weights' hash, until they are written


def train_run(task: "Task", config: TrainConfig, folder: WorkingFolder) -> "Metrics | None":
    """Trains, evaluates on the test part and writes the run folder; returns the metrics. Under torchrun the first rank
    writes; the others only train, and return None.

    Raises:
        InputError: the folder is in use for something else, or the training part lacks a class.
    """
    from train.experimental import hooks
    from train.model.encoder import count_parameters
    from train.run import parallel
    from train.run.folder import write_run
    from train.run.loop import pick_device

    parallel.start()
    parallel.check(config.optimization.batch_size)
    _check_windows(task, config)
    device = pick_device()
    model, info = prepared_model(task, config, folder.out.name, device)
    if not parallel.leads():
        _follow(model, task, config, folder.partial, device)
        return None
    _announce(task, info, device)
    partial = folder.open(_identity(info))
    parallel.wait()
    last = _train(model, task, config, partial, device)
    parallel.stop()
    model = hooks.settled(model)
    info = replace(info, partition=model.partition, parameters=count_parameters(model))
    metrics = _measured(model, task, config, info, last, device)
    write_metrics(partial, metrics, task.recordings.name)
    write_run(partial, info, model.cpu())
    folder.finish()
    return metrics


def _check_windows(task: "Task", config: TrainConfig) -> None:
    """Raises InputError for less than a batch of training windows, or a class that none of them has. Measured beats may
    lack S, as those of the AHA's databases do, and few labelled subjects a class.
    """
    name, windows = task.recordings.name, task.parts["train"]
    size = config.optimization.batch_size
    if len(windows) < size:
        raise InputError(f"{name}: {len(windows)} training windows, less than one batch of {size}; lower --batch-size")
    missing = missing_labels(windows, task.labels)
    if task.frontend.beats is not None and missing == ["S"]:
        say(f"{name}: no training beat is S: the model will not answer it")
    elif missing and config.run.labelled:
        say(f"{name}: no labelled window is {', '.join(missing)}: the model will not answer it")
    elif missing:
        raise InputError(f"{name}: no training window has {', '.join(missing)}; use another --seed or --split")


def prepared_model(
    task: "Task", config: TrainConfig, name: str, device: "torch.device"
) -> tuple["Classifier", RunInfo]:
    """The untrained model on `device`, and what run.json will say of it."""
    import torch

    from train.experimental import hooks
    from train.model.encoder import count_parameters

    recordings, windows = task.recordings, task.parts["train"]
    if task.frontend.invariant:
        mean, std = invariant_statistics(windows, recordings)
    elif task.frontend.beats is not None:
        mean, std = feature_statistics(windows)
    else:
        std = sensor_std(windows, recordings)
        mean = np.zeros_like(std)
    torch.manual_seed(config.run.seed)
    window = WindowInfo(task.samples, recordings.rate_hz, recordings.channels, recordings.units)
    try:
        model = hooks.classifier_class(config)(
            task.architecture,
            config.encoder.partition,
            channels=task.frontend.channels(len(window.channels)),
            samples=window.samples,
            classes=len(task.labels),
            mean=torch.from_numpy(mean),
            std=torch.from_numpy(std),
            limit=task.limit,
            invariant_hz=window.rate_hz if task.frontend.invariant else None,
            canonical=task.frontend.canonical,
        ).to(device)
    except ValueError as error:
        raise InputError(f"{recordings.name}: {error}; give --padding same") from error
    info = RunInfo(
        name=name,
        task=task.name,
        method=config.method.name,
        transformation=task.transformation.describe(),
        labels=tuple(task.labels),
        multilabel=recordings.multilabel,
        partition=config.encoder.partition,
        window=window,
        sensors=tuple(SensorChannels(kind, channels) for kind, channels in recordings.sensors),
        frontend=task.frontend,
        normalisation=Normalisation(tuple(mean.tolist()), tuple(std.tolist()), model.limit),
        architecture=task.architecture,
        parameters=count_parameters(model),
        split=task.split,
        data=DataSource(task.source.data_set, dict(task.source.options), recordings.sha256, _report(recordings)),
        config=config.as_dict(),
        seed=config.run.seed,
        versions={"python": platform.python_version(), **{p: version(p) for p in ("torch", "numpy")}},
        weights_sha256=UNTRAINED,
    )
    return model, info


def _report(recordings: "Recordings") -> dict[str, object]:
    """What loading met, and whose recordings they are where the numbers do not say it."""
    named = {"group_names": list(recordings.group_names)} if recordings.group_names else {}
    return recordings.report | named


def _identity(info: RunInfo) -> dict[str, object]:
    """What has to be equal where an interrupted run is resumed."""
    fields = asdict(info)
    return {name: fields[name] for name in ("config", "split", "data", "versions")}


def _follow(model: "Classifier", task: "Task", config: TrainConfig, partial: Path, device: "torch.device") -> None:
    """Trains along with the rank that leads, and leaves with it."""
    from train.run import parallel
    from train.run.loop import Progress, fit

    parallel.wait()
    silent = Progress(lambda epoch, figures: None, lambda done, total: None)
    fit(model, task.parts["train"], task.transformation, config, lambda m: {}, silent, partial, device, task.vary)
    parallel.stop()


def _announce(task: "Task", info: RunInfo, device: "torch.device") -> None:
    say(task.recordings.summary())
    if info.config["labelled"]:
        from train.run.labelled import has_label

        train = task.parts["train"]
        labelled = train.groups[has_label(train.labels)]
        say(
            f"labels: of {len(np.unique(labelled))} of {len(np.unique(train.groups))} training subjects, "
            f"{len(labelled)} of {len(train)} windows"
        )
    for text in task.recordings.report.get("warnings", ()):
        complain("warning", text)
    window = info.window
    what = "beats" if info.frontend.beats else f"windows of {window.samples / window.rate_hz:.4g} s"
    leaky = " (LEAKY: flatters)" if info.split.leaky else ""
    parts = ", ".join(f"{len(w)} {p}" for p, w in task.parts.items())
    say(
        f"{task.recordings.name}: {parts} {what} at {window.rate_hz:g} Hz, split by {info.split.name}{leaky}; "
        f"{info.method}, {info.parameters} parameters, {device.type}"
    )


def _train(
    model: "Classifier", task: "Task", config: TrainConfig, partial: Path, device: "torch.device"
) -> Mapping[str, float | None]:
    """Trains the model in place and logs every epoch in `partial`; returns what the last epoch logged."""
    from train.experimental import hooks
    from train.run.evaluate import evaluate
    from train.run.loop import Progress, fit

    transformation = task.transformation

    def validate(m: "Classifier") -> dict[str, float | None]:
        if "validation" not in task.parts:
            return {}
        figures = evaluate(hooks.settled(m), task.parts["validation"], transformation, 1, config.run.seed, device)
        return _validation_figures(figures)

    with EpochLog(partial, config.optimization.epochs) as log:
        progress = Progress(log.epoch, log.step)
        fit(model, task.parts["train"], transformation, config, validate, progress, partial, device, task.vary)
        return log.last


def _measured(
    model: "Classifier",
    task: "Task",
    config: TrainConfig,
    info: RunInfo,
    last: Mapping[str, float | None],
    device: "torch.device",
) -> "Metrics":
    """The figures on the test part, and what to know before trusting them."""
    from train.run.evaluate import evaluate, evaluate_others, where_others_go
    from train.run.evaluate_strips import evaluate_strips
    from train.run.health import health_warnings
    from train.run.summary import Metrics

    transformation, windows = task.transformation, task.parts["test"]
    groups = config.run.groups
    numbers = groups.numbers(task.labels) if groups else None
    evaluation = evaluate(model, windows, transformation, config.run.draws, config.run.seed, device, numbers)
    others = evaluate_others(model, windows, transformation, config.run.draws, device)
    elsewhere = where_others_go(model, *task.others, transformation, device) if task.others else {}
    labels = windows.labels
    if task.strips is not None:
        others, labels = {evaluation.name: evaluation.transformed}, task.strips.labels[0]
        evaluation = evaluate_strips(model, task.strips, device)
    warnings = health_warnings(evaluation, labels, last, info.partition, len(info.labels))
    return Metrics(info, evaluation, others, elsewhere, tuple(warnings))


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
            raise InputError(
                f"{recordings.name}: the {kind} is zero throughout the training windows; "
                "leave it out, or repair the recordings"
            )
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


def feature_statistics(windows: WindowSet) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every feature (features,), float32, over beats as recorded."""
    values = windows.x[:, :, 0].astype(np.float64)
    return values.mean(axis=0).astype(np.float32), values.std(axis=0).clip(1e-6).astype(np.float32)


def _validation_figures(figures: "Evaluation") -> dict[str, float | None]:
    transformed = figures.transformed.headline
    return {
        "val_accuracy": figures.accuracy,
        "val_macro_f1": figures.macro_f1,
        "val_accuracy_transformed": transformed.accuracy,
        "val_consistency": transformed.consistency,
        "val_effective_rank": figures.effective_rank,
    }
