"""A sensor that is noisier than the one that was recorded with."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from train.transformations.nuisances.base import OfOneInUnits, Signal


@dataclass(frozen=True)
class Noise(OfOneInUnits):
    """White normal noise of standard deviation `strength` on each channel.

    Noise densities of data sheets, as we remember the sheets: BMI270 160 ug/sqrt(Hz) and 8 mdps/sqrt(Hz), LSM6DSO 70
    and 3.8, ICM-20948 230 and 15. Over a bandwidth of 50 Hz the last is 0.016 m/s^2 and 0.1 deg/s: the first steps. The
    others are vibration (a vehicle, a machine) and cheap or damaged parts. Of an ECG's converter a few uV are typical
    (MAX30003, AD8232); dry electrodes and muscles make 0.1 mV and more.
    """

    kind: str

    what: ClassVar = "noise"
    ladders: ClassVar = {
        "accelerometer": (0.02, 0.1, 0.2, 0.5),
        "gyroscope": (0.1, 1.0, 5.0, 20.0),
        "ecg": (0.01, 0.03, 0.1, 0.2),
    }

    @property
    def sentence(self) -> str:
        return f"the {self.kind} is noisy"

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        seen = cuts[:, :, :samples].clone()
        part = seen[:, signal.channels[self.kind]]
        drawn = torch.randn(part.shape, generator=generator, device=cuts.device).to(cuts.dtype)
        part += drawn * self.in_si(strength)[:, None, None]
        return seen
