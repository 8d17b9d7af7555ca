"""Activation ranges: each method against its definition, the choice of windows, and the command on a small run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from calibration import ranges
from calibration.ranges import activation_range, main, quantization_error, representative
from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.artifacts.run import Normalisation, WindowInfo, run_hash
from scl.partition import Partition
from tests.run_info import run_info
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.run.folder import write_run

TRAINING, TEST = (1, 2, 3), (8, 9)


def window_set(subjects: tuple[int, ...], per_class: tuple[int, ...] = (12, 5, 9), seed: int = 0) -> WindowSet:
    """Windows (n, 6, 40) whose class is a level: gravity turned differently, with noise."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(per_class)), per_class)
    x = rng.normal(0, 1, (len(labels), 6, 40)) + np.array([0, 0, 9.8, 0, 0, 0])[:, None] * (1 + labels[:, None, None])
    return WindowSet(x.astype(np.float32), labels, rng.choice(subjects, len(labels)))


def test_minmax_and_percentile_by_definition():
    values = np.random.default_rng(0).normal(0.3, 1, (100, 7, 100))
    assert activation_range(values, "minmax") == (values.min(), values.max())
    low, high = activation_range(values, "percentile")
    kept = np.mean((values >= low) & (values <= high))
    assert 0.99985 <= kept <= 0.99995
    assert np.sum(values < low) == np.sum(values > high) == 4


@pytest.mark.parametrize("method", ranges.METHODS)
@pytest.mark.parametrize("sign", [1, -1])
def test_zero_is_always_inside(method, sign):
    low, high = activation_range(sign * np.random.default_rng(0).uniform(3, 4, 1000), method)
    assert low <= 0 <= high and low < high
    assert (low if sign > 0 else high) == 0


def test_quantization_error_is_a_slow_quantizer_s():
    values, low, high = np.random.default_rng(0).normal(0, 1, 200), -1.5, 2.0
    levels = [(code - round(-128 - low * 255 / (high - low))) * (high - low) / 255 for code in range(-128, 128)]
    errors = [min((value - level) ** 2 for level in levels) for value in values]
    assert quantization_error(values, low, high) == pytest.approx(np.mean(errors), rel=1e-9)


def test_mse_clips_outliers_and_keeps_a_flat_distribution():
    rng = np.random.default_rng(0)
    normal = np.append(rng.normal(0, 1, 100_000), [9.0, -9.0])
    low, high = activation_range(normal, "mse")
    assert quantization_error(normal, low, high) < 0.9 * quantization_error(normal, -9, 9)
    assert 3 < high < 9 and -9 < low < -3
    flat = rng.uniform(0, 1, 100_000)
    assert activation_range(flat, "mse")[1] > 0.97


@pytest.mark.parametrize("method", ranges.METHODS)
@pytest.mark.parametrize(("value", "message"), [(np.nan, "not finite"), (np.inf, "not finite"), (0.0, "all zero")])
def test_activations_without_a_range(method, value, message):
    with pytest.raises(InputError, match=message):
        activation_range(np.full(10, value), method)
    with pytest.raises(ValueError, match="expected one of minmax, percentile, mse"):
        activation_range(np.arange(3.0), "median")


def test_representative_windows_are_balanced_and_drawn_once():
    windows = window_set(TRAINING)
    chosen = representative(windows, 15, seed=0)
    assert np.bincount(chosen.labels).tolist() == [5, 5, 5]
    assert np.bincount(representative(windows, 24, seed=0).labels).tolist() == [8, 5, 8]  # there are no more
    assert len(np.unique(chosen.x.reshape(15, -1), axis=0)) == 15
    np.testing.assert_array_equal(chosen.x, representative(windows, 15, seed=0).x)
    assert not np.array_equal(chosen.x, representative(windows, 15, seed=1).x)


def test_sets_that_represent_nothing():
    windows = window_set(TRAINING)
    with pytest.raises(InputError, match="empty"):
        representative(windows.take(np.arange(0)), 10, 0)
    levels = np.broadcast_to(np.arange(6.0)[None, :, None], windows.x.shape).astype(np.float32)
    with pytest.raises(InputError, match="constant"):
        representative(WindowSet(levels, windows.labels, windows.groups), 10, 0)
    damaged = windows.x.copy()
    damaged[3, 0, 0] = np.nan
    with pytest.raises(InputError, match="1 of 26 windows hold NaN"):
        representative(WindowSet(damaged, windows.labels, windows.groups), 10, 0)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder with random weights; asking for anything but its training windows fails."""
    torch.manual_seed(0)
    architecture, partition = Architecture(widths=(4, 6), strides=(2, 2), kernel=3), Partition(3, 4, 5)
    std = torch.tensor([8.0, 8, 8, 2, 2, 2])
    model = Classifier(architecture, partition, channels=6, samples=40, classes=3, std=std, limit=3.0).eval()
    with torch.no_grad():
        model.encoder.latent.weight[3:7] *= 100  # the variant dimensions, which the device drops
    window = WindowInfo(40, 20.0, ("ax", "ay", "az", "gx", "gy", "gz"), ("m/s^2",) * 3 + ("rad/s",) * 3)
    normalisation = Normalisation((0.0,) * 6, tuple(std.tolist()), 3.0)
    info = run_info(architecture, partition, window, ("a", "b", "c"), normalisation=normalisation)
    folder = tmp_path / "run"
    folder.mkdir()
    write_run(folder, info, model)

    def windows_for_run(loaded: object, part: str, data: object = None) -> WindowSet:
        assert part == "train"
        return window_set(TRAINING)

    monkeypatch.setattr("train.data.stored.windows_for_run", windows_for_run)
    return folder


def load(run: Path) -> dict:
    return json.loads((run / "ranges.json").read_text())


def test_ranges_of_unturned_windows_are_the_model_s(run):
    """Without copies and with every window, minmax is the extremes of a forward pass; of logits, of each two best."""
    assert main([str(run), "--windows", "1000", "--draws", "0", "--method", "minmax"]) == 0
    found = load(run)
    from train.run.folder import load_run

    model, windows = load_run(run).model, window_set(TRAINING)
    with torch.no_grad():
        x = torch.from_numpy(windows.x)
        z, logits = model(x)
        clipped, two_best = (x / model.std[:, None]).clamp(-3, 3), logits.sort(dim=1).values[:, 1:]
        tensors = {"input": clipped, "features": z[:, [0, 1, 2, 7, 8, 9, 10, 11]], "logits": two_best}
        for name, values in tensors.items():
            expected = [min(values.min().item(), 0), max(values.max().item(), 0)]
            np.testing.assert_allclose(found["ranges"][name], expected, rtol=1e-5, atol=1e-6)
    assert list(found["ranges"]) == ["input", "block0", "block1", "pool", "logits", "features"]
    assert all(low <= 0 <= high for low, high in found["ranges"].values())
    assert found["ranges"]["block0"][0] == 0  # after ReLU


def test_provenance(run, capsys):
    assert main([str(run), "--windows", "9", "--draws", "2", "--seed", "4"]) == 0
    found = load(run)
    assert (found["kind"], found["schema"], found["run_hash"]) == ("ranges", 2, run_hash(run))
    assert (found["method"], found["windows"], found["draws"], found["seed"]) == ("percentile", 9, 2, 4)
    assert set(found["subjects"]) <= set(TRAINING) and found["transformation"] == "rotation"
    assert "9 training windows" in capsys.readouterr().out
    first = (run / "ranges.json").read_bytes()
    assert main([str(run), "--windows", "9", "--draws", "2", "--seed", "4"]) == 0
    assert (run / "ranges.json").read_bytes() == first


def test_copies_cover_the_orbit(run):
    """Every recorded window has gravity on +z; a wearer may have it anywhere, also on -z."""
    main([str(run), "--draws", "0", "--method", "minmax"])
    recorded = load(run)["ranges"]["input"]
    main([str(run), "--draws", "8", "--method", "minmax"])
    low, high = load(run)["ranges"]["input"]
    assert recorded[0] > -2.2 and low < -0.8 * high and high >= recorded[1]


def test_nothing_is_written_for_a_useless_set(run, monkeypatch):
    windows = window_set(TRAINING)
    still = WindowSet(np.zeros_like(windows.x), windows.labels, windows.groups)
    monkeypatch.setattr("train.data.stored.windows_for_run", lambda *_: still)
    with pytest.raises(InputError, match="constant"):
        main([str(run)])
    assert not (run / "ranges.json").exists()


def test_bad_arguments(run, tmp_path):
    with pytest.raises(InputError, match="not a run folder"):
        main([str(tmp_path)])
