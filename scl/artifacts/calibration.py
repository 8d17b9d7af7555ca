"""calibration.json: one unit's own bias and alignment, as `python -m calibration.sensor` writes it."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MinLen

from scl.artifacts.fields import Name, NotNegative, Sha256
from scl.artifacts.json_files import Artifact


@dataclass(frozen=True)
class PartCalibration:
    """SI value = alignment @ (counts * unit_per_count - bias), of one sensor."""

    kind: Name
    bias: tuple[float, ...]
    alignment: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        axes = len(self.bias)
        if len(self.alignment) != axes or any(len(row) != axes for row in self.alignment):
            raise ValueError(f"{self.kind}: expected bias [axes] and alignment [axes][axes] of the same number of axes")


@dataclass(frozen=True)
class UnitCalibration(Artifact):
    """What was measured of one unit.

    Attributes:
        sensor: name of the sensor file.
        sensors: in the sensor's order.
        scale: of each axis of the accelerometer, relative to nominal.
        misalignment_deg: of each axis; identifiable: whether it is more than the placement's error.
        residual_mg: what the model leaves unexplained.
    """

    sensor: Name
    sensors: Annotated[tuple[PartCalibration, ...], MinLen(1)]
    scale: tuple[float, ...]
    misalignment_deg: tuple[float, ...]
    misalignment_uncertainty_deg: NotNegative
    identifiable: bool
    residual_mg: NotNegative
    capture_sha256: Sha256

    kind = "calibration"
    schema = 2
    advice = "calibrate the unit again with python -m calibration.sensor six-position"
