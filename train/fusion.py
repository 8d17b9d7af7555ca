"""Two modalities: a wrist IMU's encoder under rotation and an ECG's under time shift, fused by one head.

The head reads the invariant and free features of both; variant ones stay out, as ever. No recordings of one person with
both sensors are at hand, so pairs are generated: each is an IMU window of one person and an ECG strip of another, drawn
so that every pair of classes is as frequent. The label is the pair of what the person does (moving or still; of the
embedded watch set: the exercise) and whether the strip has an ectopic beat. Such pairs show that the method carries
over, not how well anything works on a person: no activity changes the heart rate here.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from scl import artifacts
from scl.artifacts import InputError, command
from scl.partition import Partition
from train import config
from train.cutmix import Splice
from train.data.recordings import WindowSet
from train.encoder import Classifier
from train.task import Task
from train.transformations import Rotation, Shift

FUSED = config.TrainConfig(epochs=8, learning_rate=2e-3, eps=1e-3, lambda_=0.1)
PAIRS = {"train": 6000, "validation": 1000, "test": 2000}
MOVING, STILL = ("walking", "jogging", "stairs"), ("sitting", "standing")
RHYTHMS = {"N": "normal", "S": "ectopic", "V": "ectopic"}
WHOLE = ("rotation", "shift", "both")


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
class Both:
    """Rotation of a pair's IMU window and shift of its ECG, together or one of them; targets as `Shift` has them."""

    packing: Packing
    shift: Shift
    rotates: bool = True
    shifts: bool = True

    name = "rotation"  # figures are reported as a rotation's: one number over all copies

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

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator(device=x.device).manual_seed(seed)
        for _ in range(draws):
            yield self(x, y, generator)

    def describe(self) -> dict[str, Any]:
        return {
            "transformation": "rotation and shift",
            **{k: v for k, v in self.shift.describe().items() if k == "shift"},
        }


class FusedClassifier(nn.Module):
    """Packed windows to latents and logits. The latent is [both invariant | both variant | both free], the IMU's first
    in each, so that one partition holds for it.
    """

    def __init__(self, imu: Classifier, ecg: Classifier, packing: Packing, classes: int) -> None:
        super().__init__()
        self.imu, self.ecg, self.packing = imu, ecg, packing
        imu.head = ecg.head = nn.Identity()
        a, b = imu.partition, ecg.partition
        self.partition = Partition(a.invariant + b.invariant, a.variant + b.variant, a.free + b.free)
        self.head = nn.Linear(self.partition.kept_size, classes)
        self.samples = 0  # of no use: pairs are not spliced
        self.register_buffer("kept", torch.from_numpy(self.partition.kept), persistent=False)

    def forward(self, x: Tensor, splice: Splice | None = None) -> tuple[Tensor, Tensor]:
        imu, ecg = self.packing.unpack(x)
        latents = ((part, part.latents(v, None)) for part, v in ((self.imu, imu), (self.ecg, ecg)))
        groups = [[z[:, columns] for columns in part.partition.slices.values()] for part, z in latents]
        z = torch.cat([v for pair in zip(*groups, strict=True) for v in pair], dim=1)
        return z, self.head(z[:, self.kept])


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.fusion`."""
    options = argparse.ArgumentParser(prog="python -m train.fusion", description=__doc__.split("\n\n")[0])
    options.add_argument("--out", type=Path, default=Path("runs/fusion"), help="folder to write (default runs/fusion)")
    options.add_argument("--imu-data", type=Path, help="WISDM; else below SCL_DATA_DIR, else the embedded watch set")
    options.add_argument("--ecg-data", type=Path, help="MIT-BIH; else below SCL_DATA_DIR, else simulated ECG")
    options.add_argument("--pairs", type=int, default=PAIRS["train"], help="that are trained on (default 6000)")
    config.add_options(options, FUSED)
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    options = config.from_arguments(arguments, FUSED)
    for name, plain in (("input", "raw"), ("cutmix", 0.0), ("also", ""), ("allocation", "fixed"), ("split", "subject")):
        if getattr(options, name) != plain:
            raise InputError(f"--{name} {getattr(options, name)} is not for pairs; leave it out")
    if arguments.pairs < options.batch_size:
        raise InputError(f"--pairs is {arguments.pairs}, less than one batch of {options.batch_size}")
    imu, ecg = tasks(arguments.imu_data, arguments.ecg_data, options)
    metrics = train_fused(imu, ecg, options, arguments.out, {**PAIRS, "train": arguments.pairs})
    print(f"test: {metrics['pairs']['test']} generated pairs; {metrics['note']}")
    for name in WHOLE:
        found = metrics[name]
        print(
            f"  under {name:8} accuracy {found['accuracy']:.3f} (as recorded {metrics['accuracy']:.3f}), consistency "
            f"{found['consistency']:.3f}, invariant similarity {found['similarity']['invariant']:.3f}"
        )
    print(f"  different pairs {metrics['negative_similarity']:.3f}, effective rank {metrics['effective_rank']:.1f}")
    print(f"run folder: {arguments.out}")
    return 0


def tasks(imu_data: Path | None, ecg_data: Path | None, options: config.TrainConfig) -> tuple[Task, Task]:
    """The two single-modality tasks that pairs are drawn from."""
    from train import data
    from train.ecg_task import ecg_task
    from train.task import imu_task

    path = data.resolve(imu_data)
    activities = None if path is None else (*MOVING, *STILL)
    imu = imu_task(data.load(path, activities=activities), {"name": "watch" if path is None else "wisdm"}, options)
    path = data.resolve(ecg_data, "mitdb")
    source = {"name": "synthetic" if path is None else "mitdb"}
    return imu, ecg_task("strip", data.load_ecg(source, path), source, options)


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


def train_fused(imu: Task, ecg: Task, options: config.TrainConfig, out: Path, counts: dict[str, int]) -> dict[str, Any]:
    """Trains, evaluates under each transformation and both, and writes `out`: weights, run.json, metrics."""
    from safetensors.torch import save_file

    from train.evaluate import evaluate
    from train.loop import Progress, fit, pick_device
    from train.session import EpochLog, sensor_std
    from train.variation import vary_ecg

    artifacts.check_replaceable(out)
    assert isinstance(ecg.transformation, Shift)
    parts = {}
    for number, (part, count) in enumerate(counts.items()):
        parts[part], labels = pair_windows(imu, ecg, part, count, 3 * options.seed + number)
    packing = Packing(*imu.parts["train"].x.shape[1:])
    both = Both(packing, ecg.transformation)
    torch.manual_seed(options.seed)
    device, partition = pick_device(), Partition.parse(options.partition)
    models = []
    for task in (imu, ecg):
        std = torch.from_numpy(sensor_std(task.parts["train"], task.recordings))
        shape = (len(task.recordings.channels), task.samples, len(labels))
        models.append(Classifier(task.architecture, partition, *shape, std=std, limit=task.limit))
    model = FusedClassifier(*models, packing, len(labels)).to(device)

    def vary(x: Tensor, generator: Generator) -> Tensor:
        window, strip = packing.unpack(x)
        return packing.pack(imu.vary(window, generator), vary_ecg(strip, generator))

    def validate(m: nn.Module) -> dict[str, float]:
        found = evaluate(m, parts["validation"], both, 1, options.seed, device)
        turned = found["rotation"]
        return {"val_accuracy": found["accuracy"], "val_accuracy_transformed": turned["accuracy"]}

    with artifacts.folder(out) as folder:
        with EpochLog(folder, options.epochs) as log:
            fit(model, parts["train"], both, options, validate, Progress(log.epoch, log.step), folder, device, vary)
        (folder / "checkpoint.safetensors").unlink()
        note = "each pairs an IMU window of one person with an ECG strip of another"
        metrics: dict[str, Any] = {"kind": "fusion", "schema": 1, "note": note, "labels": list(labels), "pairs": counts}
        metrics["split"] = {"imu": imu.split, "ecg": ecg.split}
        kinds = {"rotation": replace(both, shifts=False), "shift": replace(both, rotates=False), "both": both}
        for name, transformation in kinds.items():
            found = evaluate(model, parts["test"], transformation, options.draws, options.seed, device)
            metrics[name] = found.pop("rotation")
            metrics |= found
        artifacts.write_json(folder / "metrics.json", metrics)
        described = {"config": options.as_dict(), "architecture": [asdict(t.architecture) for t in (imu, ecg)]}
        data = [{**t.source, "sha256": t.recordings.sha256} for t in (imu, ecg)]
        artifacts.write_json(folder / "run.json", {"kind": "fusion", "schema": 1, **described, "data": data})
        state = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
        save_file(state, folder / "model.safetensors")
    return metrics


if __name__ == "__main__":
    command(main)
