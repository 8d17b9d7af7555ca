"""A transformation is added with its class and its line where they are named: training, evaluation, reports and the
counts for a board ask nothing about which one it is. The made-up one here is what docs/ADDING.md describes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from scl.artifacts import InputError
from scl.artifacts.run import InputSteps, TransformationInfo
from scl.frontend.counts import to_counts
from scl.frontend.sensor import load_sensor
from scl.frontend.spec import FrontEndSpec
from scl.robustness import Transformed
from tests.scl.frontend.designs import front_end_spec
from train import transformations
from train.data.data_set import Source
from train.data.recordings import Recordings, WindowSet
from train.data.registry import data_set
from train.data.stored import windows_for_run
from train.run.config import TrainConfig
from train.run.folder import load_run
from train.run.session import train_run
from train.run.summary import summary
from train.run.task import imu_task
from train.run.working_folder import WorkingFolder
from train.transformations.base import Copies, Figures, Headline, Transformation, means


@dataclass(frozen=True)
class MirrorFigures:
    """Means over all copies; similarity by group."""

    accuracy: float
    macro_f1: float
    consistency: float | None
    similarity: dict[str, float]

    @property
    def headline(self) -> Headline:
        return Headline(self.accuracy, self.macro_f1, self.consistency, None, self.similarity)

    def sentences(self, others: Mapping[str, Figures]) -> list[str]:
        return [f"  mirrored: {self.consistency:.3f} of the answers stay"]


class MirroredCopies:
    """The windows as recorded, and once mirrored."""

    transforms = 2
    names = ("as recorded", "mirrored")

    def __init__(self, windows: WindowSet, axis: int, frontend: FrontEndSpec) -> None:
        self.x, self.axis, self.sensor = windows.x, axis, frontend.sensor
        self.labels = np.broadcast_to(windows.labels, (2, len(windows)))
        self.parameters = {"mirrored": np.array([0, 1], np.int8)}

    def windows(self, transform: int) -> np.ndarray:
        x = self.x.copy()
        x[:, self.axis] *= 1 - 2 * transform
        return x

    def counts(self, transform: int, rows: np.ndarray) -> np.ndarray:
        return to_counts(self.windows(transform)[rows].astype(np.float64), self.sensor)[0]


class Mirror:
    """One axis with the other sign, as on the other wrist; half of the windows in training. Targets are labels."""

    name = "flipped"
    sentence = "a mirrored axis"
    limited = ("accuracy",)
    balanced = True
    figures_class = MirrorFigures

    def __init__(self, axis: float) -> None:
        self.axis = int(axis)

    def mirrored(self, x: Tensor, rows: Tensor) -> Tensor:
        x = x.clone()
        x[rows, self.axis] *= -1
        return x

    def identity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x, y

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self.mirrored(x, torch.rand(len(x), generator=generator, device=x.device) < 0.5), y

    def copies(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        yield self.mirrored(x, torch.arange(len(x))), y

    def probed(self, x: Tensor, y: Tensor, draws: int, seed: int) -> Copies:
        return Copies([x, self.mirrored(x, torch.arange(len(x)))], np.ones((1, len(x), 1)))

    def sensor_copies(
        self,
        windows: WindowSet,
        draws: int,
        seed: int,
        recordings: Callable[[], Recordings],
        frontend: FrontEndSpec,
    ) -> MirroredCopies:
        return MirroredCopies(windows, self.axis, frontend)

    def window(self, samples: int) -> int:
        return samples

    def figures(self, transformed: Transformed, similarity: Mapping[str, list[float]]) -> MirrorFigures:
        return MirrorFigures(transformed.accuracy, transformed.macro_f1, transformed.consistency, means(similarity))

    def others(self) -> Mapping[str, Transformation]:
        return {}

    def farthest(self, draws: int) -> int | None:
        return None

    def by_construction(self, steps: InputSteps) -> str | None:
        return None

    def describe(self) -> TransformationInfo:
        return TransformationInfo(self.name, {"axis": self.axis}, self.sentence)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, float]) -> "Mirror":
        return cls(**parameters)


def test_a_made_up_transformation_trains_and_comes_back_from_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(transformations.TRANSFORMATIONS, Mirror.name, Mirror)
    monkeypatch.setattr("train.run.loop.pick_device", lambda: torch.device("cpu"))
    options: dict[str, object] = {"device": "watch", "sensors": ["accel", "gyro"]}
    source = Source("watch", options)
    config = TrainConfig().changed(epochs=1, draws=1, partition="8/8/16")
    task = imu_task(data_set("watch").load(None, options), source, config)
    metrics = train_run(replace(task, transformation=Mirror(2)), config, WorkingFolder(tmp_path / "run"))
    assert metrics is not None
    lines = summary(metrics).splitlines()
    assert any(line.strip().startswith("under flipped") for line in lines)
    assert any(line.strip().startswith("mirrored: ") for line in lines)

    written = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert written["transformation"] == "flipped" and set(written["flipped"]) == set(
        vars(metrics.evaluation.transformed)
    )
    assert transformations.headline(written) == metrics.evaluation.transformed.headline

    run = load_run(tmp_path / "run")
    mirror = transformations.from_info(run.info.transformation)
    assert isinstance(mirror, Mirror) and mirror.axis == 2
    _check_figures(run, mirror, written)
    _check_counts(mirror, windows_for_run(run.info, "test"))


def _check_figures(run, mirror: Mirror, written: dict) -> None:
    """Consistency and accuracy, counted here over the run's own test windows."""
    windows = windows_for_run(run.info, "test")
    x = torch.from_numpy(windows.x)
    flipped = x * torch.tensor([1, 1, -1, 1, 1, 1])[:, None]
    with torch.inference_mode():
        before, after = (run.model.activations(view)["logits"].argmax(dim=1).numpy() for view in (x, flipped))
    assert written["flipped"]["consistency"] == pytest.approx((before == after).mean(), abs=1e-9)
    assert written["flipped"]["accuracy"] == pytest.approx((after == windows.labels).mean(), abs=1e-9)


def _check_counts(mirror: Mirror, windows: WindowSet) -> None:
    """A converter without bias counts a mirrored axis as the negative; the others are left alone."""
    frontend = front_end_spec(load_sensor("replay-imu"), windows.x.shape[2], 20.0)

    def unused() -> Recordings:
        raise AssertionError("windows of an IMU are cut already")

    copies = mirror.sensor_copies(windows, 1, 0, unused, frontend)
    rows = np.arange(10)
    plain, mirrored = copies.counts(0, rows), copies.counts(1, rows)
    assert plain.shape == (10, windows.x.shape[2], 6) and plain.dtype == np.int16
    np.testing.assert_array_equal(mirrored[..., 2], -plain[..., 2])
    np.testing.assert_array_equal(np.delete(mirrored, 2, axis=2), np.delete(plain, 2, axis=2))


def test_a_transformation_that_is_not_registered_is_named() -> None:
    with pytest.raises(InputError, match="transformation 'flipped' is not known, expected one of rotation, shift"):
        transformations.from_info(Mirror(2).describe())


def test_other_parameters_than_its_own_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(transformations.TRANSFORMATIONS, Mirror.name, Mirror)
    with pytest.raises(InputError, match="transformation flipped: parameters {'angle': 1.0} do not fit"):
        transformations.from_info(TransformationInfo("flipped", {"angle": 1.0}, "a mirrored axis"))


@pytest.mark.parametrize("name", transformations.TRANSFORMATIONS)
def test_every_transformation_is_registered_under_its_own_name(name: str) -> None:
    assert transformations.kind(name).name == name
