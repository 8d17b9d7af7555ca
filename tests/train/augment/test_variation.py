"""What windows of an IMU and of an ECG vary by in training."""

import math

import numpy as np
import pytest
import torch

from scl.transforms import random_rotations, rotate
from train.augment.variation import IMU_PACE, STRETCH_LIMITS, vary_ecg, vary_imu

T = torch.arange(400) / 20.0


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def waves(n: int) -> torch.Tensor:
    """(n, 3, 400): a movement of 1 Hz along one direction, on gravity along another."""
    x = torch.zeros(n, 3, 400)
    x[:, 0] = 3 * torch.sin(2 * torch.pi * T)
    x[:, 2] = 9.81
    return x


def test_pace_gain_and_noise_are_drawn_for_each_window():
    x = waves(300)
    varied = vary_imu(x, generator(), 1.0)
    gains = varied[:, 2].mean(dim=1) / 9.81
    assert gains.log().std() == pytest.approx(0.1, rel=0.15) and abs(gains.log().mean()) < 0.02
    # Gravity has no spread of its own, so no noise; the movement has.
    assert (varied[:, 2].std(dim=1) < 1e-4).all()
    middle = varied[:, 0, 100:300] / gains[:, None]
    spectrum = np.abs(np.fft.rfft(middle.numpy() * np.hanning(200), n=8000, axis=1))
    pace = np.fft.rfftfreq(8000, 0.05)[spectrum.argmax(axis=1)]
    assert pace.min() > 1 - IMU_PACE - 0.03 and pace.max() < 1 + IMU_PACE + 0.03 and pace.std() > 0.06


def test_strength_scales_and_zero_changes_nothing():
    x = waves(50)
    torch.testing.assert_close(vary_imu(x, generator(), 0.0), x, atol=2e-4, rtol=0)
    weak, strong = (vary_imu(x, generator(3), strength) for strength in (0.1, 1.0))
    assert (weak - x).abs().mean() < 0.3 * (strong - x).abs().mean()


def test_repeats_by_its_generator():
    x = waves(5)
    assert torch.equal(vary_imu(x, generator(4), 1.0), vary_imu(x, generator(4), 1.0))
    assert not torch.equal(vary_imu(x, generator(4), 1.0), vary_imu(x, generator(5), 1.0))


def test_a_turned_window_varies_as_the_window_does():
    """Gain and pace commute with a rotation: what differs is the noise."""
    x = waves(200).numpy()
    turn = random_rotations(200, np.random.default_rng(0))
    turned = rotate(x, turn).astype(np.float32)
    first = rotate(vary_imu(torch.from_numpy(x), generator(), 1.0).numpy(), turn)
    second = vary_imu(torch.from_numpy(turned), generator(), 1.0).numpy()
    assert np.abs(first - second).mean() < 0.2 < np.abs(first - turned).mean()


def test_variation_scales_stretches_and_adds_noise_anew_each_time() -> None:
    """A sine keeps its shape, its frequency changes within the limits, its amplitude around one; draws differ."""
    t = np.arange(1800) / 180
    x = torch.from_numpy(np.tile(np.sin(2 * np.pi * 5 * t), (300, 1, 1)).astype(np.float32))
    varied = vary_ecg(x, torch.Generator().manual_seed(0)).numpy()[:, 0]
    spectrum = np.abs(np.fft.rfft(varied * np.hanning(1800), axis=1))
    frequency, amplitude = spectrum.argmax(axis=1) / 10, spectrum.max(axis=1) / (np.hanning(1800).sum() / 2)
    assert STRETCH_LIMITS[0] * 5 - 0.1 <= frequency.min() < 4 and 6 < frequency.max() <= STRETCH_LIMITS[1] * 5 + 0.1
    assert 0.13 < np.log(amplitude).std() < 0.3 and abs(np.median(np.log(amplitude))) < 0.08
    again = vary_ecg(x, torch.Generator().manual_seed(0)).numpy()[:, 0]
    np.testing.assert_array_equal(varied, again)
    assert len(np.unique(varied[:, 900])) == 300
    silent = vary_ecg(torch.zeros(200, 1, 1800), torch.Generator().manual_seed(1)).numpy()[:, 0]
    assert silent.std(axis=1).min() < 0.05 and 0.3 < silent.std(axis=1).max() < 0.7 / math.sqrt(3) + 0.02
