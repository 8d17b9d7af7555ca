"""The invariants three times: slowly from their definition, as the encoder's first layer, as the device has them."""

import re

import numpy as np
import pytest
import torch

from export.network import arena
from export.proof.c_engine import build_library
from export.writers.c_source import CModel, write_c
from scl.frontend.chain import FrontEnd
from scl.frontend.invariants import FAST_S, SLOW_S, SOFT, invariants, names, smoothing
from scl.frontend.sensor import load_sensor
from scl.transforms import random_rotations, rotate
from tests.scl.frontend.c_frontend import c_inputs
from tests.scl.frontend.designs import front_end_spec
from train.model.invariants import Invariants

RATE, SAMPLES = 20.0, 60


def movements(n: int, channels: int, seed: int = 0) -> np.ndarray:
    """(n, channels, samples): slow turns of gravity with movement on top; angular rates."""
    rng = np.random.default_rng(seed)
    t = np.arange(SAMPLES) / RATE
    x = 6 * np.sin(t * rng.uniform(0.2, 3, (n, channels, 1)) + rng.uniform(0, 6, (n, channels, 1)))
    return (x + rng.normal(0, 0.5, x.shape)).astype(np.float32)


def slowly(x: np.ndarray) -> np.ndarray:
    """One window (channels, samples), float64, written out from the definition."""
    fast, slow = smoothing(FAST_S, RATE), smoothing(SLOW_S, RATE)
    a, w = x[:3].T.astype(float), x[3:].T.astype(float)
    rows = []
    for t in range(x.shape[1]):
        if t == 0:
            g = s = a[0]
            r = w[0]
        else:
            g, s, r = g + fast * (a[t] - g), s + slow * (a[t] - s), r + fast * (w[t] - r)
        up, long = g / np.linalg.norm(g), s / np.linalg.norm(s)
        da, dw = a[t] - a[max(t - 1, 0)], w[t] - w[max(t - 1, 0)]
        row = [np.linalg.norm(a[t]), a[t] @ up, np.linalg.norm(a[t] - (a[t] @ up) * up), np.linalg.norm(da), da @ up]
        row += [up @ long, a[t] @ long, np.linalg.norm(np.cross(up, long))]
        if len(w[t]):
            rate, spin, moved = np.linalg.norm(w[t]), np.linalg.norm(r), a[t] - g
            row += [rate, w[t] @ up, np.linalg.norm(w[t] - (w[t] @ up) * up), moved @ w[t] / (1 + rate)]
            row += [up @ np.cross(moved, w[t]) / (1 + rate), np.linalg.norm(dw), dw @ up, spin]
            row += [w[t] @ r / (SOFT + spin), a[t] @ r / (SOFT + spin), long @ np.cross(up, w[t])]
        for place in (0, 1, 6):  # |a|, a.g^, a.s^
            row[place] -= 9.80665
        rows.append([value / np.sqrt(0.1 + abs(value)) for value in row])
    return np.array(rows).T


@pytest.mark.parametrize("channels", [3, 6])
def test_layer_and_single_precision_follow_the_definition(channels):
    x = movements(5, channels)
    expected = np.stack([slowly(window) for window in x])
    layer = Invariants(channels, SAMPLES, RATE)(torch.from_numpy(x)).numpy()
    single = invariants(x.transpose(0, 2, 1), smoothing(FAST_S, RATE), smoothing(SLOW_S, RATE)).transpose(0, 2, 1)
    assert expected.shape == layer.shape == single.shape == (5, len(names(channels)), SAMPLES)
    assert single.dtype == np.float32
    np.testing.assert_allclose(layer, expected, atol=3e-3)
    np.testing.assert_allclose(single, expected, atol=3e-3)


@pytest.mark.parametrize("channels", [3, 6])
def test_no_rotation_changes_them_and_a_mirror_does(channels):
    x = movements(50, channels).astype(np.float64)
    layer = Invariants(channels, SAMPLES, RATE).double()
    turned = rotate(x, random_rotations(50, np.random.default_rng(1)))
    before, after = layer(torch.from_numpy(x)), layer(torch.from_numpy(turned))
    assert before.std() > 1
    torch.testing.assert_close(before, after, atol=1e-6, rtol=1e-6)
    if channels == 6:
        mirrored = x * np.array([-1, 1, 1, -1, 1, 1])[:, None]
        assert (layer(torch.from_numpy(mirrored)) - before).abs().max() > 1


def test_a_sensor_without_movement_or_gravity_has_no_direction():
    """Free fall and a standing gyroscope: what gravity is missing, else zeros, and no division by them."""
    free_fall = -9.80665 / np.sqrt(0.1 + 9.80665)
    expected = np.where(np.isin(names(6), ("|a|", "a.g^", "a.s^")), free_fall, 0.0)
    single = invariants(np.zeros((1, SAMPLES, 6), np.float32), 0.05, 0.01)
    np.testing.assert_allclose(single, np.broadcast_to(expected, single.shape), rtol=1e-6)
    layer = Invariants(6, SAMPLES, RATE)(torch.zeros(1, 6, SAMPLES)).numpy()
    np.testing.assert_allclose(layer, np.broadcast_to(expected[:, None], layer.shape), atol=1e-5)


def test_slight_movement_takes_more_of_the_range_than_its_share():
    """Compressed, a hundredth of another value is more than a twentieth of it, and its sign stays."""
    x = np.zeros((2, 6, SAMPLES), np.float32)
    x[:, 2] = 9.80665
    x[:, 5] = np.array([5.0, -0.05])[:, None]  # rad/s, about gravity
    fast, slight = Invariants(6, SAMPLES, RATE)(torch.from_numpy(x)).numpy()[:, names(6).index("w.g^"), -1]
    assert fast / 20 < -slight
    assert (fast, slight) == pytest.approx((5 / np.sqrt(5.1), -0.05 / np.sqrt(0.15)), rel=1e-4)


@pytest.mark.parametrize("channels", [1, 2, 4, 9])
def test_other_sensors_are_refused(channels):
    with pytest.raises(ValueError, match=f"3 channels, or 6 with a gyroscope, found {channels}"):
        names(channels)


@pytest.mark.parametrize(("sensor", "kinds"), [("replay-imu", 2), ("replay-imu", 1), ("bmi270", 2)])
def test_the_board_s_c_gives_the_same_bits(exported, tmp_path, sensor, kinds):
    """Behind the resampler too (bmi270: 100 Hz)."""
    chosen = load_sensor(sensor).select(["accelerometer", "gyroscope"][:kinds])
    size = len(names(3 * kinds))
    rng = np.random.default_rng(3)
    mean, std = rng.normal(0, 2, size).tolist(), rng.uniform(1, 3, size).tolist()
    info = front_end_spec(chosen, SAMPLES, RATE, 0.031, 3, mean, std, invariant=True)
    assert info.invariant.names == names(3 * kinds)
    front_end = FrontEnd.from_spec(info)
    counts = rng.integers(-9000, 9000, (6, info.raw_samples, 3 * kinds)).astype(np.int16)
    counts[1:] = (np.cumsum(rng.normal(0, 300, counts[1:].shape), axis=1) + 4000).clip(-32768, 32767)
    coefficients = front_end.resampler.coefficients
    labels, memory = exported.run.info.labels, arena.schedule(exported.network.network)
    write_c(CModel(exported.network, memory, labels, "ab" * 32, info, coefficients), tmp_path)
    header = (tmp_path / "model_data.h").read_text()
    (tmp_path / "model_data.h").write_text(re.sub(r"SCL_INPUTS \d+", f"SCL_INPUTS {size}", header))
    found = c_inputs(build_library(tmp_path, tmp_path / "build"), counts, SAMPLES, size)
    np.testing.assert_array_equal(found, front_end.quantized_windows(counts))
    assert len(np.unique(found)) > 100
