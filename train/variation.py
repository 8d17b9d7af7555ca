"""What ECG of other people differs in, drawn anew for every view that is trained on, whatever the method.

Few people are in a training set, and a network learns them by heart: their amplitudes, their heart rates, the noise of
their skin. These are drawn wider than they come.
"""

import torch
from torch import Tensor
from torch.nn import functional

GAIN = 0.2  # standard deviation of the logarithm of the amplitude
STRETCH = 0.2  # of the logarithm of the duration
STRETCH_LIMITS = (0.7, 1.4)
NOISE = 0.7  # largest, of the noise before its smoothing, in units of the input (mV)


def vary_ecg(x: Tensor, generator: torch.Generator) -> Tensor:
    """Windows x (B, channels, samples) in mV: each scaled in amplitude, stretched in time around its middle, and with
    noise of a level of its own.

    What a stretch moves in from outside of the window is mirrored at its border.
    """
    count, _, samples = x.shape
    device = x.device
    x = x * torch.exp(GAIN * torch.randn(count, 1, 1, generator=generator, device=device))
    factor = torch.exp(STRETCH * torch.randn(count, 1, generator=generator, device=device)).clamp(*STRETCH_LIMITS)
    time = torch.linspace(-1, 1, samples, device=device) * factor
    grid = torch.stack([time, torch.zeros_like(time)], dim=-1)[:, None]
    x = functional.grid_sample(x[:, :, None], grid, align_corners=True, padding_mode="reflection")[:, :, 0]
    noise = functional.avg_pool1d(torch.randn(x.shape, generator=generator, device=device), 3, 1, 1)
    return x + NOISE * torch.rand(count, 1, 1, generator=generator, device=device) * noise
