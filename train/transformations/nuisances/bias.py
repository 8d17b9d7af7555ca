"""A sensor that measures something while there is nothing."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from train.transformations.nuisances.base import OfOneInUnits, Signal, directions


@dataclass(frozen=True)
class Bias(OfOneInUnits):
    """A constant vector of length `strength` in a direction that is drawn.

    Zero-g offset and zero-rate output in data sheets, typical, as we remember the sheets: BMI270 20 mg and 0.5 dps,
    LSM6DSO 20 mg and 1 dps, ICM-20948 25 mg and 5 dps before calibration (20 mg is 0.2 m/s^2). Soldering, age and
    temperature add; the last steps of the ladders are sensors that were never calibrated, or are broken.
    """

    kind: str

    what: ClassVar = "bias"
    ladders: ClassVar = {"accelerometer": (0.2, 0.5, 1.0, 2.0), "gyroscope": (0.5, 1.0, 3.0, 10.0)}

    @property
    def sentence(self) -> str:
        return f"the {self.kind} has an offset"

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        seen = cuts[:, :, :samples].clone()
        length = self.in_si(strength)
        seen[:, signal.channels[self.kind]] += (directions(len(cuts), generator, cuts) * length[:, None])[:, :, None]
        return seen
