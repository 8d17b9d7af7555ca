"""Around the loop: warnings, the log of a resumed run, statistics of the input."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.partition import Partition
from train.data.recordings import Recordings, WindowSet
from train.model.invariants import Invariants
from train.run.evaluate import Evaluation
from train.run.log import EpochLog
from train.run.session import health_warnings, invariant_statistics
from train.transformations.rotation import RotationFigures

WINDOWS = WindowSet(np.zeros((10, 3, 4), np.float32), np.array([0] * 6 + [1] * 4), np.zeros(10, np.int64))
WHOLE = Partition(32, 32, 64)


def warnings(
    rank: float = 12.0, variant: float = 0.5, accuracy: float = 0.9, partition: Partition = WHOLE
) -> list[str]:
    transformed = RotationFigures(accuracy, 0.9, 1, 1.0, None, {})
    figures = Evaluation("rotation", 10, 1, 0.9, 0.9, transformed, 0.0, rank)
    return health_warnings(figures, WINDOWS, {"d_variant": variant}, partition)


def test_each_warning_has_its_cause() -> None:
    assert warnings() == []
    assert [w.split(" of ")[0] for w in warnings(rank=3.9)] == ["effective rank"]
    assert [w.split(" (")[0] for w in warnings(variant=0.04)] == ["variant features hardly vary"]
    assert "0.600 is no better than a constant class's 0.600" in warnings(accuracy=0.6)[0]


def test_dimensions_that_are_not_there_are_not_warned_about() -> None:
    assert warnings(rank=0.0, partition=Partition(0, 64, 64)) == []
    assert warnings(variant=0.0, partition=Partition(32, 0, 96)) == []
    assert warnings(rank=2.0, partition=Partition(2, 2, 4)) == []


def test_a_resumed_log_knows_the_last_epoch_and_drops_what_is_repeated(tmp_path: Path) -> None:
    with EpochLog(tmp_path, 3) as log:
        for epoch in (1, 2, 3):
            log.epoch(epoch, {"d_variant": epoch / 100})
    with EpochLog(tmp_path, 3) as log:
        assert log.last["d_variant"] == 0.03
        log.epoch(2, {"d_variant": 0.5})  # killed before the checkpoint of epoch 2, which therefore runs again
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert lines == ['{"epoch": 1, "d_variant": 0.01}', '{"epoch": 2, "d_variant": 0.5}']


def test_logging_does_not_import_tensorflow(tmp_path: Path) -> None:
    """TensorBoard does by itself where tensorflow is installed: seconds per run, and noise on the terminal."""
    code = (
        "import sys; from pathlib import Path; from train.run.log import EpochLog\n"
        f"with EpochLog(Path({str(tmp_path)!r}), 1) as log: log.epoch(1, {{'loss': 1.0}})\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert [p.stat().st_size > 0 for p in (tmp_path / "tensorboard").iterdir()] == [True]


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
