import numpy as np
import torch

from train.transformations.nuisances import NUISANCES, Signal


def test_a_line_at_50_hz_of_half_a_millivolt() -> None:
    x = torch.zeros(8, 1, 500, dtype=torch.float64)
    signal, strength = Signal.of(500.0, ("ecg",)), torch.full((8,), 0.5, dtype=torch.float64)
    seen = NUISANCES["ecg-hum"](x, 500, signal, strength, torch.Generator().manual_seed(0))
    spectrum = np.fft.rfft(seen[:, 0].numpy()) / 250
    assert np.allclose(np.abs(spectrum[:, 50]), 0.5)
    assert np.allclose(np.delete(spectrum, 50, axis=1), 0, atol=1e-9)
    assert np.std(np.angle(spectrum[:, 50])) > 0.5  # begun anywhere
