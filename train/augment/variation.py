"""What recordings of other people differ in, drawn anew for every view that is trained on, whatever the method.

Few people are in a training set, and a network learns them by heart: their amplitudes, their heart rates or pace, the
noise of their skin. For ECG these are drawn wider than they come.
"""

import torch
from torch import Tensor
from torch.nn import functional

GAIN = 0.2  # standard deviation of the logarithm of the amplitude
STRETCH = 0.2  # of the logarithm of the duration
STRETCH_LIMITS = (0.7, 1.4)
NOISE = 0.7  # largest, of the noise before its smoothing, in units of the input (mV)
# An IMU's: standard deviation of the logarithm of the amplitude, most that the pace changes by, noise as a share of
# each channel's own standard deviation within the window.
IMU_GAIN, IMU_PACE, IMU_NOISE = 0.1, 0.15, 0.05


def vary_ecg(x: Tensor, generator: torch.Generator) -> Tensor:
    """Windows x (B, channels, samples) in mV: each scaled in amplitude, stretched in time around its middle, and with
    noise of a level of its own.

    What a stretch moves in from outside of the window is mirrored at its border.
    """
    count, device = len(x), x.device
    x = x * torch.exp(GAIN * torch.randn(count, 1, 1, generator=generator, device=device))
    factor = torch.exp(STRETCH * torch.randn(count, 1, generator=generator, device=device)).clamp(*STRETCH_LIMITS)
    x = _stretched(x, factor)
    noise = functional.avg_pool1d(torch.randn(x.shape, generator=generator, device=device), 3, 1, 1)
    return x + NOISE * torch.rand(count, 1, 1, generator=generator, device=device) * noise


def vary_imu(x: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Windows x (B, channels, samples) in SI units: each scaled in amplitude, moved faster or slower around its middle,
    and with noise. `strength` scales all three. A rotation commutes with it but for the noise's draw.
    """
    count, device = len(x), x.device
    gain = torch.exp(strength * IMU_GAIN * torch.randn(count, 1, 1, generator=generator, device=device))
    spread = 2 * torch.rand(count, 1, generator=generator, device=device) - 1
    x = _stretched(x * gain, 1 + strength * IMU_PACE * spread)
    noise = torch.randn(x.shape, generator=generator, device=device)
    return x + strength * IMU_NOISE * x.std(dim=2, keepdim=True) * noise


def vary_features(x: Tensor, generator: torch.Generator, strength: Tensor) -> Tensor:
    """Features x (B, features, 1) with noise of standard deviations `strength` (features,)."""
    noise = torch.randn(x.shape, generator=generator, device=x.device)
    return x + strength.to(x.device)[:, None] * noise


def _stretched(x: Tensor, factor: Tensor) -> Tensor:
    """x (B, channels, samples) around its middle by factor (B, 1); what lies outside is mirrored at the border."""
    time = torch.linspace(-1, 1, x.shape[2], device=x.device) * factor
    grid = torch.stack([time, torch.zeros_like(time)], dim=-1)[:, None]
    return functional.grid_sample(x[:, :, None], grid, align_corners=True, padding_mode="reflection")[:, :, 0]
