"""One sensor behind the other."""

from collections.abc import Sequence

import torch
from torch import Tensor

from train.transformations.nuisances.base import InPlace, Signal, at_times


class Late(InPlace):
    """The gyroscope's samples are those of `strength` milliseconds before the accelerometer's.

    Filters of two parts differ by some milliseconds of group delay; two FIFOs that are drained apart by one of their
    watermarks (ten samples at 100 Hz are 100 ms). What was before the window is taken to be its first sample.
    """

    name = "gyroscope-late"
    sentence = "the gyroscope lags behind the accelerometer"
    unit = "ms"
    ladder = (10.0, 50.0, 100.0, 200.0)

    def fits(self, kinds: Sequence[str]) -> bool:
        return {"accelerometer", "gyroscope"} <= set(kinds)

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        seen = cuts[:, :, :samples].clone()
        lag = strength * (signal.rate_hz / 1000)
        times = torch.arange(samples, dtype=cuts.dtype, device=cuts.device) - lag[:, None]
        channels = signal.channels["gyroscope"]
        seen[:, channels] = at_times(cuts[:, channels], times.clamp(min=0))
        return seen
