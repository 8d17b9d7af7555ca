"""Six-position calibration of an accelerometer: at rest each axis points up once and down once, so the true value is
known to be +-1 g.

The measurement model is m = M a + b (IEEE Std 1293, and Frosio et al. 2009), with a the true specific force, M
sensitivities and misalignment, b the bias. Least squares over the six mean vectors gives M and b; the correction is
a = M^-1 (m - b).

Misalignment can only be found as well as the device was placed: a device that stands askew by two degrees looks
exactly like axes that are askew by two degrees. So the placement error is an input. Where it is too large, scale and
bias are estimated from each axis' own two positions, in which a tilt of t degrees changes the value by 1 - cos(t)
only, and the alignment stays diagonal.
"""

from dataclasses import dataclass

import numpy as np

from scl.artifacts.capture import POSITIONS
from scl.frontend.sensor import G

RESIDUAL_BOUND = 1.92  # 95 % upper limit of a deviation known from 6 degrees of freedom: sqrt(6 / 1.635), chi squared
IDENTIFIABLE_DEG = 0.3  # largest uncertainty with which misalignment is still reported


@dataclass(frozen=True, eq=False)
class SixPosition:
    """Result of the calibration.

    Attributes:
        bias: (3,) m/s^2.
        alignment: (3, 3), true = alignment @ (measured - bias); diagonal if misalignment is not identifiable.
        scale: (3,) measured per true, 1 for a perfect sensor.
        misalignment_deg: (3,) angle between each sensitive axis and its nominal one, placement included.
        uncertainty_deg: of that angle, from placement and residual (noise included).
        identifiable: whether the misalignment is the sensor's, not the placement's.
        residual: root mean square of what the model does not explain, m/s^2.
    """

    bias: np.ndarray
    alignment: np.ndarray
    scale: np.ndarray
    misalignment_deg: np.ndarray
    uncertainty_deg: float
    identifiable: bool
    residual: float


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
    truth = np.zeros((6, 3))
    for row, position in enumerate(POSITIONS):
        truth[row, "xyz".index(position[1])] = G if position[0] == "+" else -G
    design = np.hstack([truth, np.ones((6, 1))])
    solution, *_ = np.linalg.lstsq(design, means, rcond=None)
    model, bias = solution[:3].T, solution[3]
    # 18 equations, 12 unknowns.
    residual = float(np.sqrt(np.sum((means - design @ solution) ** 2) / 6))
    scale = np.linalg.norm(model, axis=1)
    misalignment = np.degrees(np.arccos(np.clip(np.diag(model) / scale, -1, 1)))
    # Each direction comes from two positions, so an independent tilt counts by 1 / sqrt(2). The residual shows tilts
    # that the caller does not know of.
    placement = placement_error_deg / np.sqrt(2)
    uncertainty = float(np.hypot(placement, RESIDUAL_BOUND * np.degrees(residual / G) / np.sqrt(2)))
    identifiable = bool(uncertainty <= IDENTIFIABLE_DEG and misalignment.max() > placement)
    if identifiable:
        alignment = np.linalg.inv(model)
    else:
        up, down = means[[0, 2, 4], [0, 1, 2]], means[[1, 3, 5], [0, 1, 2]]
        scale, bias = (up - down) / (2 * G), (up + down) / 2
        alignment = np.diag(1 / scale)
    return SixPosition(bias, alignment, scale, misalignment, uncertainty, identifiable, residual)
