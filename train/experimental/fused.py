"""Pairs of an IMU window and an ECG strip: how they are generated, packed, transformed and classified by one network.

`train.fusion` is the command, and says what such pairs are good for.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Generator, Tensor, nn

from scl import artifacts
from scl.artifacts import InputError
from scl.partition import Partition
from train.augment.cutmix import Splice
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.run.task import Task
from train.run.working_folder import CHECKPOINT
from train.transformations import Rotation, Shift

MOVING, STILL = ("walking", "jogging", "stairs"), ("sitting", "standing")
RHYTHMS = {"N": "normal", "S": "ectopic", "V": "ectopic"}
KINDS = {"rotation": (True, False), "shift": (False, True), "both": (True, True)}  # rotates, shifts


@dataclass(frozen=True)
class Packing:
    """How a pair lies in one row: the IMU window's channels one behind the other, then the ECG's samples.

    Attributes:
        channels, samples: of the IMU's window.
    """

    channels: int
    samples: int

    def pack(self, imu: Tensor, ecg: Tensor) -> Tensor:
        """(B, channels, samples) and (B, 1, ECG samples) to (B, 1, channels * samples + ECG samples)."""
        return torch.cat([imu.flatten(1)[:, None], ecg], dim=2)

    def unpack(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The two windows."""
        split = self.channels * self.samples
        return x[:, 0, :split].unflatten(1, (self.channels, self.samples)), x[:, :, split:]


@dataclass(frozen=True)
class Both(Rotation):
    """Rotation of a pair's IMU window and shift of its ECG, together or one of them; targets as `Shift` has them.

    Figures are reported as a rotation's: one number over all copies.
    """

    packing: Packing
    shift: Shift
    rotates: bool = True
    shifts: bool = True

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        imu, ecg = self.packing.unpack(x)
        ecg, labels = self.shift.identity(ecg, y)
        return self.packing.pack(imu, ecg), labels

    def __call__(self, x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        imu, ecg = self.packing.unpack(x)
        ecg, labels = self.shift(ecg, y, generator) if self.shifts else self.shift.identity(ecg, y)
        if self.rotates:
            imu, _ = Rotation()(imu, labels, generator)
        return self.packing.pack(imu, ecg), labels


class FusedClassifier(nn.Module):
    """Packed windows to latents and logits. The latent is [both invariant | both variant | both free], the IMU's first
    in each, so that one partition holds for it.
    """

    def __init__(self, imu: Classifier, ecg: Classifier, packing: Packing, classes: int) -> None:
        super().__init__()
        self.imu, self.ecg, self.packing = imu, ecg, packing
        del imu.head, ecg.head
        a, b = imu.partition, ecg.partition
        self.partition = Partition(a.invariant + b.invariant, a.variant + b.variant, a.free + b.free)
        self.head = nn.Linear(self.partition.kept_size, classes)
        self.samples = 0  # of no use: pairs are not spliced
        self.kept: Tensor
        self.register_buffer("kept", torch.from_numpy(self.partition.kept), persistent=False)

    def forward(self, x: Tensor, splice: Splice | None = None) -> tuple[Tensor, Tensor]:
        imu, ecg = self.packing.unpack(x)
        latents = ((part, part.latents(v, None)) for part, v in ((self.imu, imu), (self.ecg, ecg)))
        groups = [[z[:, columns] for columns in part.partition.slices.values()] for part, z in latents]
        z = torch.cat([v for pair in zip(*groups, strict=True) for v in pair], dim=1)
        return z, self.head(z[:, self.kept])


def tasks(imu_data: Path | None, ecg_data: Path | None, options: TrainConfig) -> tuple[Task, Task]:
    """The two single-modality tasks that pairs are drawn from."""
    from train.data.data_set import Source
    from train.data.registry import data_set
    from train.data.stored import resolve
    from train.run.ecg_task import ecg_task
    from train.run.task import imu_task

    path = resolve(imu_data, data_set("wisdm"))
    chosen = data_set("watch" if path is None else "wisdm")
    loading: dict[str, object] = {} if path is None else {"activities": [*MOVING, *STILL]}
    imu = imu_task(chosen.load(path, loading), Source(chosen.name, loading), options)
    path = resolve(ecg_data, data_set("mitdb"))
    chosen = data_set("synthetic" if path is None else "mitdb")
    return imu, ecg_task("strip", chosen.load(path, {}), Source(chosen.name, {}), options)


def groups_of(imu: Task, ecg: Task) -> tuple[list[str], list[str]]:
    """What each of the two tasks' labels counts as."""
    activities = ["moving" if label in MOVING else "still" if label in STILL else label for label in imu.labels]
    return activities, [RHYTHMS[label] for label in ecg.labels]


def pair_windows(imu: Task, ecg: Task, part: str, count: int, seed: int) -> tuple[WindowSet, tuple[str, ...]]:
    """`count` generated pairs of a part, every pair of classes as frequent, and the classes' names.

    A pair's group is its ECG's record, so intervals are clustered by record.

    Raises InputError where a part has no window of a class.
    """
    kinds = groups_of(imu, ecg)
    names = [sorted(set(kind)) for kind in kinds]
    codes = [np.array([n.index(k) for k in kind]) for n, kind in zip(names, kinds, strict=True)]
    a, b = imu.parts[part], ecg.parts[part]
    assert b.labels_at is not None
    found = codes[0][a.labels], codes[1][b.labels]
    rng = np.random.default_rng(seed)
    rows: list[np.ndarray] = []
    classes = [(i, j) for i in range(len(names[0])) for j in range(len(names[1]))]
    for number, (i, j) in enumerate(classes):
        share = count // len(classes) + (number < count % len(classes))
        chosen = [np.flatnonzero(values == wanted) for values, wanted in zip(found, (i, j), strict=True)]
        if not all(map(len, chosen)):
            raise InputError(f"no {part} window for pairs of {names[0][i]} and {names[1][j]}; use another --seed")
        rows.append(np.stack([rng.choice(index, share) for index in chosen], axis=1))
    index = rng.permutation(np.concatenate(rows))
    x = Packing(*a.x.shape[1:]).pack(torch.from_numpy(a.x[index[:, 0]]), torch.from_numpy(b.x[index[:, 1]])).numpy()
    first = found[0][index[:, 0]] * len(names[1])
    labels, labels_at = first + found[1][index[:, 1]], first[:, None] + codes[1][b.labels_at[index[:, 1]]]
    labelled = tuple(f"{names[0][i]}, {names[1][j]}" for i, j in classes)
    return WindowSet(x, labels, b.groups[index[:, 1]], labels_at), labelled


def train_fused(imu: Task, ecg: Task, options: TrainConfig, out: Path, counts: dict[str, int]) -> dict[str, Any]:
    """Trains, evaluates under each transformation and both, and writes `out`: weights, run.json, metrics."""
    from train.augment.variation import vary_ecg
    from train.run.evaluate import evaluate
    from train.run.log import EpochLog
    from train.run.loop import Progress, fit, pick_device
    from train.run.session import sensor_std
    from train.run.tensors import write_tensors

    assert isinstance(ecg.transformation, Shift)
    parts = {}
    for number, (part, count) in enumerate(counts.items()):
        parts[part], labels = pair_windows(imu, ecg, part, count, 3 * options.run.seed + number)
    packing = Packing(*imu.parts["train"].x.shape[1:])
    both = Both(packing, ecg.transformation)
    torch.manual_seed(options.run.seed)
    device, partition = pick_device(), options.encoder.partition
    models = []
    for task in (imu, ecg):
        std = torch.from_numpy(sensor_std(task.parts["train"], task.recordings))
        shape = (len(task.recordings.channels), task.samples, len(labels))
        models.append(Classifier(task.architecture, partition, *shape, std=std, limit=task.limit))
    fused = FusedClassifier(models[0], models[1], packing, len(labels)).to(device)
    model = cast(Classifier, fused)  # training and evaluation use what both have: partition, samples, head, forward

    def vary(x: Tensor, generator: Generator) -> Tensor:
        window, strip = packing.unpack(x)
        return packing.pack(imu.vary(window, generator), vary_ecg(strip, generator))

    def validate(m: Classifier) -> dict[str, float]:
        figures = evaluate(m, parts["validation"], both, 1, options.run.seed, device)
        transformed = figures.transformed.headline
        return {"val_accuracy": figures.accuracy, "val_accuracy_transformed": transformed.accuracy}

    with artifacts.folder(out, "run") as folder:
        with EpochLog(folder, options.optimization.epochs) as log:
            fit(model, parts["train"], both, options, validate, Progress(log.epoch, log.step), folder, device, vary)
        (folder / CHECKPOINT).unlink()
        note = "each pairs an IMU window of one person with an ECG strip of another"
        metrics: dict[str, Any] = {"kind": "fusion", "schema": 1, "note": note, "labels": list(labels), "pairs": counts}
        metrics["split"] = {"imu": asdict(imu.split), "ecg": asdict(ecg.split)}
        for name, (rotates, shifts) in KINDS.items():
            transformation = replace(both, rotates=rotates, shifts=shifts)
            figures = evaluate(model, parts["test"], transformation, options.run.draws, options.run.seed, device)
            recorded = figures.as_dict()
            metrics[name] = recorded.pop(figures.name)
            metrics |= recorded
        artifacts.write_json(folder / "metrics.json", metrics)
        described = {"config": options.as_dict(), "architecture": [asdict(t.architecture) for t in (imu, ecg)]}
        data = [{"name": t.source.data_set, **t.source.options, "sha256": t.recordings.sha256} for t in (imu, ecg)]
        artifacts.write_json(folder / "run.json", {"kind": "fusion", "schema": 1, **described, "data": data})
        write_tensors(folder / "model.safetensors", model.state_dict())
    return metrics
