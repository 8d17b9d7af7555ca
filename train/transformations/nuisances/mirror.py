"""The other wrist: left and right change places."""

from collections.abc import Sequence

import torch
from torch import Tensor

from train.transformations.nuisances.base import InPlace, Signal

# A mirror turns the x axis round. Acceleration follows it; an angular rate, which has a sense of turning, keeps its
# sign along x and turns it along y and z.
SIGNS = {"accelerometer": (-1.0, 1.0, 1.0), "gyroscope": (1.0, -1.0, -1.0)}


class Mirror(InPlace):
    """The mirror image of every movement: what a watch on the other wrist sees of somebody who does the same mirrored.

    It is there or not. Which plane the mirror is makes no difference beside a rotation: any two differ by one.
    """

    name = "mirror"
    sentence = "the other wrist"
    unit = ""
    ladder = (1.0,)

    def fits(self, kinds: Sequence[str]) -> bool:
        return set(kinds) <= set(SIGNS)

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        turned = torch.cat(
            [torch.tensor(SIGNS[kind], dtype=cuts.dtype, device=cuts.device) for kind in signal.channels]
        )
        return cuts[:, :, :samples] * torch.where(strength[:, None, None] > 0, turned[:, None], 1)
