"""The ellipsoid on which a sensor's still measurements lie: |A (m - b)| = g, by weighted nonlinear least squares.

At rest the acceleration is gravity, whichever way the device lies (Frosio et al. 2009; Tedaldi et al. 2014): no pose
has to be known. The nine parameters are the bias b (3) and a symmetric A (3 scales, 3 misalignments). A norm cannot
tell A from Q A with any rotation Q, so a form has to be chosen. Symmetric A is the one of all Q A that is closest to
the identity (the polar factor; Fan and Hoffman 1955): it prefers no axis. An upper-triangular A (Tedaldi) would take
one axis of the accelerometer for true, and turn the other two to it.

Standard gravity stands for the local one, which differs by up to 0.3 %: scales are relative to it.
"""

from dataclasses import dataclass

import numpy as np

from scl.frontend.sensor import G

STEPS = 60
HALVINGS = 30
LEAST_FREE = 1e-6  # of a pose that the others leave almost alone with a parameter
SMALL = 1e-8  # step at which the iteration ends: m/s^2, and parts of one
PAIRS = ((0, 1), (0, 2), (1, 2))
PARAMETERS = 9


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """A solution.

    Attributes:
        bias: (3,) m/s^2.
        alignment: (3, 3) symmetric: true = alignment @ (measured - bias).
        covariance: of bias, the alignment's diagonal, and its elements xy, xz and yz: scaled by the residuals.
        freedom: degrees of freedom, poses less parameters.
    """

    bias: np.ndarray
    alignment: np.ndarray
    covariance: np.ndarray
    freedom: int


def errors(means: np.ndarray, bias: np.ndarray, alignment: np.ndarray) -> np.ndarray:
    """How far the corrected norms (n,) are from gravity, m/s^2."""
    return np.asarray(np.linalg.norm((means - bias) @ alignment.T, axis=1) - G)


def gradients(means: np.ndarray, bias: np.ndarray, alignment: np.ndarray) -> np.ndarray:
    """Of `errors` with respect to the nine parameters: (n, 9)."""
    centred = means - bias
    corrected = centred @ alignment.T
    n = corrected / np.linalg.norm(corrected, axis=1, keepdims=True)
    crossed = [n[:, i] * centred[:, j] + n[:, j] * centred[:, i] for i, j in PAIRS]
    return np.column_stack([-n @ alignment, n * centred, *crossed])


def solve(
    means: np.ndarray, noise: np.ndarray, start: Ellipsoid | None = None, parameters: int = PARAMETERS
) -> Ellipsoid:
    """Fits the ellipsoid by Gauss-Newton steps, halved where they would go uphill.

    Args:
        means: (n, 3) m/s^2, of still poses.
        noise: (n,) expected error of each mean's norm, in any unit: only the ratios matter.
        start: where to begin; None: the perfect sensor.
        parameters: 9, or 6 for bias and scale alone.
    """
    values = np.zeros(PARAMETERS) if start is None else _values(start.bias, start.alignment)
    for _ in range(STEPS):
        bias, alignment = _unpacked(values)
        residuals = errors(means, bias, alignment) / noise
        slope = gradients(means, bias, alignment)[:, :parameters] / noise[:, None]
        step = np.zeros(PARAMETERS)
        step[:parameters] = np.linalg.lstsq(slope, -residuals, rcond=None)[0]
        if np.abs(step).max() < SMALL:
            break
        for _ in range(HALVINGS):
            if np.sum((errors(means, *_unpacked(values + step)) / noise) ** 2) <= np.sum(residuals**2):
                break
            step /= 2
        values = values + step
    bias, alignment = _unpacked(values)
    residuals = errors(means, bias, alignment) / noise
    slope = gradients(means, bias, alignment)[:, :parameters] / noise[:, None]
    freedom = len(means) - parameters
    variance = float(np.sum(residuals**2)) / freedom if freedom else 0.0
    return Ellipsoid(bias, alignment, variance * np.linalg.pinv(slope.T @ slope), freedom)


def left_out(means: np.ndarray, noise: np.ndarray, fit: Ellipsoid) -> np.ndarray:
    """Errors (n,) in m/s^2 of each pose under the calibration from all the others.

    That calibration is one Gauss-Newton step away (the step is exact for a linear model, and small here).
    """
    residuals = errors(means, fit.bias, fit.alignment) / noise
    slope = gradients(means, fit.bias, fit.alignment) / noise[:, None]
    back = slope @ np.linalg.pinv(slope.T @ slope)
    free = np.clip(1 - np.sum(back * slope, axis=1), LEAST_FREE, None)
    steps = back * (residuals / free)[:, None]
    around = _values(fit.bias, fit.alignment)
    pairs = zip(means[:, None], steps, strict=True)
    return np.array([errors(mean, *_unpacked(around + step))[0] for mean, step in pairs])


def scale_and_misalignment(alignment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What an alignment corrects: each axis' measured per true (3,), and the angles between the sensitive axes x and y,
    x and z, y and z, less 90 degrees (3,). Neither depends on a rotation.
    """
    model = np.linalg.inv(alignment)
    scale = np.linalg.norm(model, axis=1)
    cosines = [model[i] @ model[j] / (scale[i] * scale[j]) for i, j in PAIRS]
    return scale, -np.degrees(np.arcsin(np.clip(cosines, -1, 1)))


def uncertainty(fit: Ellipsoid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half of the 95 % interval of bias (3,) m/s^2, scale (3,) and misalignment (3,) degrees: the parameters'
    covariance carried on by the derivatives, and Student's t, as the noise is known from the residuals alone.
    """
    from scipy.stats import t

    around = _values(fit.bias, fit.alignment)

    def figures(values: np.ndarray) -> np.ndarray:
        bias, alignment = _unpacked(values)
        return np.concatenate([bias, *scale_and_misalignment(alignment)])

    steps = 1e-6 * np.eye(PARAMETERS)
    slope = np.column_stack([(figures(around + step) - figures(around - step)) / 2e-6 for step in steps])
    half = float(t.ppf(0.975, fit.freedom)) * np.sqrt(np.diag(slope @ fit.covariance @ slope.T))
    return half[:3], half[3:6], half[6:]


def _values(bias: np.ndarray, alignment: np.ndarray) -> np.ndarray:
    return np.concatenate([bias, np.diag(alignment) - 1, [alignment[i, j] for i, j in PAIRS]])


def _unpacked(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bias (3,) and symmetric alignment (3, 3)."""
    alignment = np.diag(1 + values[3:6])
    for (i, j), value in zip(PAIRS, values[6:], strict=True):
        alignment[i, j] = alignment[j, i] = value
    return values[:3], alignment
