"""calibration.json of a unit, from what was solved in the sensor file's axes."""

from dataclasses import dataclass

import numpy as np

from calibration.ellipsoid import errors, scale_and_misalignment, uncertainty
from calibration.gyroscope import GyroscopeBias
from calibration.many_poses import MG, Calibrated
from calibration.six_position import SixPosition
from scl.artifacts.calibration import AccelerometerFigures, HeldOut, PartCalibration, UnitCalibration
from scl.frontend.sensor import Part, Sensor


@dataclass(frozen=True, eq=False)
class Correction:
    """true = alignment @ (nominal - bias), of what the sensor file makes of counts; uncertainty (3,) of the bias."""

    bias: np.ndarray
    alignment: np.ndarray
    uncertainty: np.ndarray


def unit_calibration(
    sensor: Sensor,
    accelerometer: Correction | None,
    figures: AccelerometerFigures | None,
    gyroscope: GyroscopeBias | None,
    capture_sha256: str,
) -> UnitCalibration:
    """Bias and alignment of every part, in the sensor's order; a part without a correction stays the sensor file's."""
    corrections = {"accelerometer": accelerometer}
    if gyroscope is not None:
        corrections["gyroscope"] = Correction(gyroscope.bias, np.eye(3), gyroscope.uncertainty)
    parts = tuple(_part(part, corrections.get(part.kind)) for part in sensor.parts)
    return UnitCalibration(sensor.name, parts, figures, capture_sha256)


def still_figures(result: Calibrated) -> tuple[Correction, AccelerometerFigures]:
    """Of a calibration from many poses."""
    fit = result.fit
    scale, misalignment = scale_and_misalignment(fit.alignment)
    bias_95, scale_95, misalignment_95 = uncertainty(fit)
    residuals = errors(result.poses.means, fit.bias, fit.alignment)
    figures = AccelerometerFigures(
        method="still",
        poses=len(result.poses),
        scale=_three(scale),
        scale_uncertainty=_three(scale_95),
        misalignment_deg=_three(misalignment),
        misalignment_uncertainty_deg=_three(misalignment_95),
        identifiable=True,
        residual_mg=float(np.sqrt(np.sum(residuals**2) / fit.freedom)) / MG,
        held_out=HeldOut(result.before_mg, result.after_mg),
    )
    return Correction(fit.bias, fit.alignment, bias_95), figures


def six_figures(
    result: SixPosition, uncertainties: tuple[np.ndarray, np.ndarray]
) -> tuple[Correction, AccelerometerFigures]:
    """Of a six-position calibration; `uncertainties` of bias and scale."""
    figures = AccelerometerFigures(
        method="six-position",
        poses=6,
        scale=_three(result.scale),
        scale_uncertainty=_three(uncertainties[1]),
        misalignment_deg=_three(result.between_deg),
        # Each of two axes has its own.
        misalignment_uncertainty_deg=_three(np.full(3, np.sqrt(2) * result.uncertainty_deg)),
        identifiable=result.identifiable,
        residual_mg=result.residual / MG,
        held_out=None,
    )
    return Correction(result.bias, result.alignment, uncertainties[0]), figures


def _part(part: Part, correction: Correction | None) -> PartCalibration:
    """Both corrections in one: alignment @ (P (m - b) - bias) = (alignment P) (m - (b + P^-1 bias))."""
    bias, alignment = np.asarray(part.bias), np.asarray(part.alignment)
    spread: tuple[float, ...] = ()
    if correction is not None:
        back = np.linalg.inv(alignment)
        bias = bias + back @ correction.bias
        spread = tuple(np.sqrt(back**2 @ correction.uncertainty**2).tolist())
        alignment = correction.alignment @ alignment
    return PartCalibration(part.kind, tuple(bias.tolist()), tuple(map(tuple, alignment.tolist())), spread)


def _three(values: np.ndarray) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z
