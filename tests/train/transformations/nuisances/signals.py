"""Windows of a made-up recording, and a nuisance applied to them."""

import torch
from torch import Tensor

from train.transformations.nuisances import NUISANCES, Signal

RATE_HZ = 50.0
IMU = Signal.of(RATE_HZ, ("ax", "ay", "az", "gx", "gy", "gz"))
ECG = Signal.of(RATE_HZ, ("ecg",))


def cuts(count: int = 4, length: int = 130, channels: int = 6) -> Tensor:
    """Random cuts, float64."""
    return torch.randn(count, channels, length, generator=torch.Generator().manual_seed(7), dtype=torch.float64)


def applied(name: str, x: Tensor, strength: float, samples: int = 100, seed: int = 0) -> Tensor:
    """The windows (n, channels, samples) of x under a nuisance."""
    signal = ECG if x.shape[1] == 1 else IMU
    strengths = torch.full((len(x),), strength, dtype=x.dtype)
    return NUISANCES[name](x, samples, signal, strengths, torch.Generator().manual_seed(seed))
