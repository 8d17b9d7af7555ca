"""Six-position calibration of an accelerometer: at rest each axis points up once and down once.

If the positions are true (a jig), the true value is +-1 g along an axis, and the model m = M a + b (IEEE Std 1293, and
Frosio et al. 2009), with a the true specific force, M sensitivities and misalignment, b the bias, is linear. Least
squares over the six mean vectors gives M and b; the correction is a = M^-1 (m - b). Axes that are askew by two degrees
look exactly like a device that stands askew by two degrees, so the placement error is an input.

Placed by hand, only the length of gravity is known. Six lengths and six unknowns (bias and scale): just determined, no
residual to check by, but no tilt is taken for a scale: half of the difference between up and down is 3 % short at
14 degrees of tilt, of a perfect sensor too. What six lengths leave out is misalignment. In a pose that is t askew, axes
that are e less or more than square to each other change the length by e sin(t) cos(t): nothing in square positions,
1.5 mg a degree at 5 degrees of tilt, 4 mg a degree at 14. So positions have to be square within 5 degrees; others are
what `calibration.many_poses` is for, which solves for the misalignment too.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.ellipsoid import PAIRS, gradients
from calibration.ellipsoid import solve as solve_ellipsoid
from scl.artifacts import InputError
from scl.artifacts.capture import POSITIONS
from scl.frontend.sensor import G

RESIDUAL_BOUND = 1.92  # 95 % upper limit of a deviation known from 6 degrees of freedom: sqrt(6 / 1.635), chi squared
IDENTIFIABLE_DEG = 0.3  # largest uncertainty with which misalignment is still reported
MOST_TILT_DEG = 5.0
MISALIGNMENT_DEG = 1.0  # standard deviation between two axes of a part that nobody aligned; data sheets: 1 to 2 %
INTERVAL = 1.96
UP = np.array([[(p[0] == "+") * 2.0 - 1 if p[1] == axis else 0.0 for axis in "xyz"] for p in POSITIONS])  # (6, 3)


@dataclass(frozen=True, eq=False)
class SixPosition:
    """Result of the calibration.

    Attributes:
        bias: (3,) m/s^2.
        alignment: (3, 3), true = alignment @ (measured - bias); diagonal if misalignment is not identifiable.
        scale: (3,) measured per true, 1 for a perfect sensor.
        misalignment_deg: (3,) angle between each sensitive axis and its nominal one, placement included.
        between_deg: (3,) angles between the axes x and y, x and z, y and z, less 90 degrees, placement included.
        uncertainty_deg: of each axis' angle, from placement and residual (noise included).
        identifiable: whether the misalignment is the sensor's, not the placement's.
        residual: root mean square of what the model does not explain, m/s^2.
        tilt_deg: (6,) of gravity against the axis that should point up, free of bias and scale.
    """

    bias: np.ndarray
    alignment: np.ndarray
    scale: np.ndarray
    misalignment_deg: np.ndarray
    between_deg: np.ndarray
    uncertainty_deg: float
    identifiable: bool
    residual: float
    tilt_deg: np.ndarray


def solve(means: np.ndarray, placement_error_deg: float) -> SixPosition:
    """Calibrates from the mean measurement of each position.

    Misalignment counts as identifiable if its uncertainty is at most 0.3 degrees and the largest angle found exceeds
    what the placement explains.

    Args:
        means: (6, 3) m/s^2 in the order +x -x +y -y +z -z.
        placement_error_deg: how far the axis that should point up may be from vertical.

    Raises:
        ValueError: a shape or a negative angle.
    """
    means = np.asarray(means, dtype=np.float64)
    if means.shape != (6, 3) or placement_error_deg < 0:
        raise ValueError(f"expected means (6, 3) and an angle of 0 or more, got {means.shape}, {placement_error_deg}")
    design = np.hstack([UP * G, np.ones((6, 1))])
    solution, *_ = np.linalg.lstsq(design, means, rcond=None)
    model, bias = solution[:3].T, solution[3]
    # 18 equations, 12 unknowns.
    residual = float(np.sqrt(np.sum((means - design @ solution) ** 2) / 6))
    scale = np.linalg.norm(model, axis=1)
    misalignment = np.degrees(np.arccos(np.clip(np.diag(model) / scale, -1, 1)))
    between = [-np.degrees(np.arcsin(model[i] @ model[j] / (scale[i] * scale[j]))) for i, j in PAIRS]
    # Each direction comes from two positions, so an independent tilt counts by 1 / sqrt(2). The residual shows tilts
    # that the caller does not know of.
    placement = placement_error_deg / np.sqrt(2)
    uncertainty = float(np.hypot(placement, RESIDUAL_BOUND * np.degrees(residual / G) / np.sqrt(2)))
    identifiable = bool(uncertainty <= IDENTIFIABLE_DEG and misalignment.max() > placement)
    by_length = solve_ellipsoid(means, np.ones(6), parameters=6)
    up = (means - by_length.bias) @ by_length.alignment.T
    tilt = np.degrees(np.arccos(np.clip(np.sum(up * UP, axis=1) / np.linalg.norm(up, axis=1), -1, 1)))
    if identifiable:
        alignment = np.linalg.inv(model)
    else:
        bias, alignment = by_length.bias, by_length.alignment
        scale = 1 / np.diag(alignment)
    return SixPosition(
        bias, alignment, scale, misalignment, np.array(between), uncertainty, identifiable, residual, tilt
    )


def check_square(path: Path, result: SixPosition) -> None:
    """InputError for positions that are too far askew for six of them to calibrate by."""
    worst = int(result.tilt_deg.argmax())
    if result.tilt_deg[worst] > MOST_TILT_DEG:
        raise InputError(
            f"{path}: position {POSITIONS[worst]} is {result.tilt_deg[worst]:.0f} degrees askew, expected "
            f"{MOST_TILT_DEG:g} at most: six positions that are not square cannot tell misalignment from scale and "
            "bias; capture 12 poses or more without --position, and use python -m calibration.sensor still"
        )


def uncertainty(means: np.ndarray, noise: np.ndarray, result: SixPosition) -> tuple[np.ndarray, np.ndarray]:
    """Half of the 95 % interval of bias (3,) in m/s^2 and scale (3,): from the noise of the means (6,) and from the
    misalignment that is not known, carried on by the derivatives of the six lengths.
    """
    slope = gradients(means, result.bias, np.diag(1 / result.scale))
    unknown_deg = result.uncertainty_deg if result.identifiable else MISALIGNMENT_DEG
    # An angle e between two axes is e / 2 in each of the symmetric alignment's two elements.
    covariance = np.diag(noise**2) + np.radians(unknown_deg / 2) ** 2 * slope[:, 6:] @ slope[:, 6:].T
    back = np.linalg.inv(slope[:, :6])
    half = INTERVAL * np.sqrt(np.diag(back @ covariance @ back.T))
    return half[:3], half[3:] * result.scale**2
