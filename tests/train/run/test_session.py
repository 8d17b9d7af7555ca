"""Around the loop: what training windows must have, and statistics of the input."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from train.data.recordings import Recordings, WindowSet
from train.model.invariants import Invariants
from train.run.config import TrainConfig
from train.run.session import _check_windows, invariant_statistics


@pytest.mark.parametrize("missing", ["N", "S", "V", "SV"])
@pytest.mark.parametrize("measured", [True, False])
def test_only_measured_beats_may_lack_s(missing: str, measured: bool) -> None:
    labels = np.array([i for i, name in enumerate("NSV") if name not in missing] * 100)
    windows = WindowSet(np.zeros((len(labels), 1, 1), np.float32), labels, np.zeros(len(labels), np.int64))
    task = SimpleNamespace(
        recordings=SimpleNamespace(name="set"),
        parts={"train": windows},
        labels=("N", "S", "V"),
        frontend=SimpleNamespace(beats=object() if measured else None),
    )
    if measured and missing == "S":
        _check_windows(task, TrainConfig().changed(batch_size=16))
        return
    with pytest.raises(InputError, match=f"set: no training window has {', '.join(missing)}; use another --seed"):
        _check_windows(task, TrainConfig().changed(batch_size=16))


def test_invariants_are_normalized_over_the_training_windows() -> None:
    rng = np.random.default_rng(0)
    windows = WindowSet(rng.normal(3, 2, (1100, 6, 40)).astype(np.float32), np.zeros(1100, int), np.zeros(1100, int))
    sensors = (("accelerometer", (0, 1, 2)), ("gyroscope", (3, 4, 5)))
    mean, std = invariant_statistics(windows, recordings_of(sensors))
    values = Invariants(6, 40, 20.0)(torch.from_numpy(windows.x)).numpy()
    np.testing.assert_allclose(mean, values.mean(axis=(0, 2)), atol=1e-4)
    np.testing.assert_allclose(std, values.std(axis=(0, 2)), rtol=1e-4)


@pytest.mark.parametrize("kinds", [("gyroscope",), ("gyroscope", "accelerometer"), ("ecg",)])
def test_invariants_want_an_accelerometer_first(kinds: tuple[str, ...]) -> None:
    windows = WindowSet(np.ones((2, 3 * len(kinds), 40), np.float32), np.zeros(2, int), np.zeros(2, int))
    sensors = tuple((kind, tuple(range(3 * i, 3 * i + 3))) for i, kind in enumerate(kinds))
    with pytest.raises(InputError, match=f"toy has {' and '.join(kinds)}, expected an accelerometer"):
        invariant_statistics(windows, recordings_of(sensors))


def recordings_of(sensors: tuple[tuple[str, tuple[int, ...]], ...]) -> Recordings:
    return Recordings("toy", 20.0, 2.0, (), (), sensors, (), (), "")
