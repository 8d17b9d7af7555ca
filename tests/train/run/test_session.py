"""Around the loop: warnings, and statistics of the input."""

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.partition import Partition
from train.data.recordings import Recordings, WindowSet
from train.model.invariants import Invariants
from train.run.evaluate import Evaluation
from train.run.session import health_warnings, invariant_statistics
from train.transformations.rotation import RotationFigures

LABELS = np.array([0] * 6 + [1] * 4)
WINDOWS = WindowSet(np.zeros((10, 3, 4), np.float32), LABELS, np.zeros(10, np.int64))
WHOLE = Partition(32, 32, 64)


def warnings(
    rank: float = 12.0, variant: float = 0.5, accuracy: float = 0.9, partition: Partition = WHOLE
) -> list[str]:
    transformed = RotationFigures(accuracy, 0.9, 1, 1.0, None, {})
    figures = Evaluation("rotation", 10, 1, 0.9, 0.9, transformed, 0.0, rank)
    return health_warnings(figures, LABELS, {"d_variant": variant}, partition)


def test_each_warning_has_its_cause() -> None:
    assert warnings() == []
    assert [w.split(" of ")[0] for w in warnings(rank=3.9)] == ["effective rank"]
    assert [w.split(" (")[0] for w in warnings(variant=0.04)] == ["variant features hardly vary"]
    assert "0.600 is no better than a constant class's 0.600" in warnings(accuracy=0.6)[0]


def test_dimensions_that_are_not_there_are_not_warned_about() -> None:
    assert warnings(rank=0.0, partition=Partition(0, 64, 64)) == []
    assert warnings(variant=0.0, partition=Partition(32, 0, 96)) == []
    assert warnings(rank=2.0, partition=Partition(2, 2, 4)) == []


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
