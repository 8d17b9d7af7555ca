"""Whether poses cover the sphere of directions well enough for the nine parameters of an ellipsoid.

The error of a calibration in direction u is that of the parameters, seen through the model's gradient there: with
J the gradients at the poses, its standard deviation is sqrt(d(u) (J'J)^-1 d(u)') times that of one pose (the criterion
of G-optimal designs, Kiefer and Wolfowitz 1960: 1 is as good as nine free poses can be). Its largest value over the
sphere is the amplification. Poses in one hemisphere or in a plane have a large one, whatever their number: they fit
well, and fail where nothing was measured.
"""

from itertools import product

import numpy as np

MOST_AMPLIFICATION = 3.0
GRID = 800  # directions that are looked at, about 7 degrees apart
MOST_NAMED = 6
RIDGE = 1e-9  # keeps poses in a plane computable; their amplification is in the thousands


def amplification(poses: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Error in the directions `at` (k, 3) in units of one pose's, for poses in the directions (n, 3)."""
    design, there = _gradients(poses), _gradients(at)
    covariance = np.linalg.inv(design.T @ design + RIDGE * np.eye(9))
    return np.asarray(np.sqrt(np.einsum("ij,jk,ik->i", there, covariance, there)))


def worst(poses: np.ndarray) -> float:
    """The largest amplification over the sphere."""
    return float(amplification(poses, _sphere()).max())


def largest_gap_deg(poses: np.ndarray) -> float:
    """Radius of the largest cap of the sphere without a pose."""
    nearest = (_sphere() @ poses.T).max(axis=1)
    return float(np.degrees(np.arccos(nearest.min())))


def missing(poses: np.ndarray) -> list[str]:
    """Names of directions which, with a pose each, would cover the sphere; each is the worst of those left."""
    names = list(_named())
    directions = np.array([_named()[name] for name in names])
    added: list[str] = []
    while worst(poses) > MOST_AMPLIFICATION and len(added) < MOST_NAMED:
        index = int(amplification(poses, directions).argmax())
        added.append(names[index])
        poses = np.vstack([poses, directions[index]])
    return added


def _gradients(u: np.ndarray) -> np.ndarray:
    """Of the norm with respect to bias, scale and misalignment, at the nominal sensor: (n, 9)."""
    crossed = [2 * u[:, i] * u[:, j] for i, j in ((0, 1), (0, 2), (1, 2))]
    return np.column_stack([-u, u * u, *crossed])


def _sphere() -> np.ndarray:
    """Directions (GRID, 3) spread evenly, on a Fibonacci spiral."""
    k = np.arange(GRID) + 0.5
    z, turn = 1 - 2 * k / GRID, np.pi * (1 + np.sqrt(5)) * k
    radius = np.sqrt(1 - z * z)
    return np.column_stack([radius * np.cos(turn), radius * np.sin(turn), z])


def _named() -> dict[str, np.ndarray]:
    """The faces, edges and corners of a box, by the axes that point up: "+z", "+x -y", "+x +y -z"."""
    named = {}
    for signs in sorted(product((1, -1, 0), repeat=3), key=np.count_nonzero):
        if any(signs):
            axes = [f"{'+' if sign > 0 else '-'}{axis}" for sign, axis in zip(signs, "xyz", strict=True) if sign]
            named[" ".join(axes)] = np.array(signs) / np.sqrt(np.count_nonzero(signs))
    return named
