"""calibration.json: one unit's own bias and alignment, as `python -m calibration.sensor` writes it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import MinLen

from scl.artifacts.fields import Count, Name, NotNegative, Positive, Real, Sha256
from scl.artifacts.json_files import Artifact


@dataclass(frozen=True)
class PartCalibration:
    """SI value = alignment @ (counts * unit_per_count - bias), of one sensor.

    Attributes:
        bias: SI units.
        alignment: rows.
        bias_uncertainty: half of its 95 % interval, SI units; empty: not measured, the bias is the sensor file's.
    """

    kind: Name
    bias: tuple[float, ...]
    alignment: tuple[tuple[float, ...], ...]
    bias_uncertainty: tuple[NotNegative, ...] = ()

    def __post_init__(self) -> None:
        axes = len(self.bias)
        if len(self.alignment) != axes or any(len(row) != axes for row in self.alignment):
            raise ValueError(f"{self.kind}: expected bias [axes] and alignment [axes][axes] of the same number of axes")
        if len(self.bias_uncertainty) not in (0, axes):
            raise ValueError(f"{self.kind}: has {len(self.bias_uncertainty)} bias_uncertainty, expected {axes} or none")


@dataclass(frozen=True)
class HeldOut:
    """Error of the corrected norm at still poses that the calibration has not seen, root mean square, mg."""

    before_mg: NotNegative
    after_mg: NotNegative


@dataclass(frozen=True)
class AccelerometerFigures:
    """What was found of the accelerometer.

    Attributes:
        method: the command that found it.
        poses: how many still poses were used.
        scale: of each axis, measured per true, 1 for the sensor file's.
        scale_uncertainty: half of its 95 % interval.
        misalignment_deg: angles between the sensitive axes x and y, x and z, y and z, less 90 degrees.
        misalignment_uncertainty_deg: half of its 95 % interval.
        identifiable: whether the misalignment is the sensor's, and corrected; else it may be the placement's.
        residual_mg: what the model leaves unexplained in the poses that it was made from.
        held_out: the same in poses that it was not made from; None: six positions leave none.
    """

    method: Literal["still", "six-position"]
    poses: Count
    scale: tuple[Positive, Positive, Positive]
    scale_uncertainty: tuple[NotNegative, NotNegative, NotNegative]
    misalignment_deg: tuple[Real, Real, Real]
    misalignment_uncertainty_deg: tuple[NotNegative, NotNegative, NotNegative]
    identifiable: bool
    residual_mg: NotNegative
    held_out: HeldOut | None


@dataclass(frozen=True)
class UnitCalibration(Artifact):
    """What was measured of one unit.

    Attributes:
        sensor: name of the sensor file.
        sensors: in the sensor's order.
        accelerometer: None: only the gyroscope was calibrated.
    """

    sensor: Name
    sensors: Annotated[tuple[PartCalibration, ...], MinLen(1)]
    accelerometer: AccelerometerFigures | None
    capture_sha256: Sha256

    kind = "calibration"
    schema = 3
    advice = "calibrate the unit again with python -m calibration.sensor still"
