"""A sensor whose scale is off."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from train.transformations.nuisances.base import OfOne, Signal, signs


@dataclass(frozen=True)
class Gain(OfOne):
    """Each channel multiplied by 1 + strength / 100 or 1 - strength / 100, as is drawn.

    Sensitivity error in data sheets, typical, as we remember the sheets: BMI270 0.4 % and 2 %, LSM6DSO 1 % and 1 %,
    ICM-20948 0.5 % and 1.5 % (accelerometer, gyroscope). The last steps are a wrong range or a wrong sensor file. An
    ECG's height differs far more than its amplifier's gain: with electrodes, skin and posture, and between people by
    half and more.
    """

    kind: str

    what: ClassVar = "gain"
    ladders: ClassVar = {"ecg": (10.0, 30.0, 50.0)}
    unit: ClassVar = "%"

    @property
    def sentence(self) -> str:
        return f"the scale of the {self.kind} is off"

    @property
    def ladder(self) -> tuple[float, ...]:
        return self.ladders.get(self.kind, (1.0, 3.0, 10.0, 20.0))

    def __call__(
        self, cuts: Tensor, samples: int, signal: Signal, strength: Tensor, generator: torch.Generator
    ) -> Tensor:
        seen = cuts[:, :, :samples].clone()
        part = seen[:, signal.channels[self.kind]]
        part *= 1 + strength[:, None, None] / 100 * signs((len(part), part.shape[1], 1), generator, cuts)
        return seen
