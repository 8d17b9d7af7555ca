"""A loose strap: the sensor turns on the wrist while it measures."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from train.transformations.nuisances.base import InPlace, Signal, directions


class Slip(InPlace):
    """A turn about an axis that is drawn, evenly from none at the window's begin to `strength` degrees at its end.

    With R(t) = exp(a(t) [axis]x) a vector v is seen as R v; the gyroscope sees the slip itself besides, -a'(t) axis.

    No data sheet says how far straps slip. 30 degrees is what a watch is turned by between two wearings of a day (our
    judgement), 90 is a watch that ends on the wrist's side.
    """

    name = "slip"
    sentence = "the strap slips, so that the sensor turns within the window"
    unit = "deg"
    ladder = (10.0, 30.0, 60.0, 90.0)

    def fits(self, kinds: Sequence[str]) -> bool:
        return set(kinds) <= {"accelerometer", "gyroscope"}

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        axis = directions(len(cuts), generator, cuts)
        most = strength * (math.pi / 180)
        angle = most[:, None] * torch.linspace(0, 1, samples, dtype=cuts.dtype, device=cuts.device)
        seen = cuts[:, :, :samples].clone()
        for kind, channels in signal.channels.items():
            seen[:, channels] = _turned(seen[:, channels], axis, angle)
            if kind == "gyroscope":
                rate = most * signal.rate_hz / max(samples - 1, 1)
                seen[:, channels] -= (axis * rate[:, None])[:, :, None]
        return seen


def _turned(x: Tensor, axis: Tensor, angle: Tensor) -> Tensor:
    """x (n, 3, samples) about axis (n, 3) by angle (n, samples): Rodrigues' formula."""
    along = axis[:, :, None].expand_as(x)
    c, s = angle.cos()[:, None], angle.sin()[:, None]
    inside: Tensor = along * (along * x).sum(dim=1, keepdim=True)
    across: Tensor = torch.linalg.cross(along, x, dim=1)
    return x * c + across * s + inside * (1 - c)
