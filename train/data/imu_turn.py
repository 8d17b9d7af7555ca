"""How the direction of gravity turns, compared with what the gyroscope says of it."""

import math
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from train.data.imu_stretches import Stretch

TURN_S = 0.4  # in which the direction of gravity is compared with what the gyroscope says
MOST_SAMPLES = 100_000
NEAR_REST = 0.03  # of |a| around its median, where it is mostly gravity
SIGNED_AXES = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]
SURE, PLAIN, TURNED_FITS = 0.16, 0.35, 0.7  # a factor's error, its distance from 1 or -1, and the correlation with both


@dataclass(frozen=True)
class Turn:
    """How far the direction of gravity turns for what the gyroscope says: 1 where units, rate and axes are right.

    Attributes:
        factor: of the gyroscope's values, by least squares.
        fit: correlation of both.
        axes: those of the gyroscope that fit best, as "xyz" or "y-xz".
        best: their correlation.
        best_factor: their factor.
        turned: axes of the gyroscope whose sign alone is wrong, as gravity tells it.
    """

    factor: float
    fit: float
    axes: str
    best: float
    best_factor: float
    turned: tuple[str, ...] = ()


def turn(stretches: tuple[Stretch, ...], rate_hz: float) -> Turn | None:
    """Compares the turning of gravity with the gyroscope; channels are ax ay az gx gy gz.

    At rest in the world, a direction u changes on the turning sensor by du/dt = -omega x u. Where |a| is near its
    median, acceleration is mostly gravity and tells u.
    """
    step = max(1, round(TURN_S * rate_hz))
    moment = np.zeros((3, 9))  # of du with omega_a u_b, summed over the step
    gram = np.zeros((9, 9))
    length, pairs, left = 0.0, 0, MOST_SAMPLES
    for s in stretches:
        values = s.values[:left].astype(np.float64)
        left -= len(values)
        norm = np.linalg.norm(values[:, :3], axis=1)
        usual = float(np.median(norm))
        if len(values) < 3 * step or usual == 0:
            continue
        u = values[:, :3] / np.maximum(norm, 1e-9)[:, None]
        products = (values[:, 3:, None] * u[:, None, :]).reshape(-1, 9) / rate_hz
        total = np.concatenate([np.zeros((1, 9)), np.cumsum((products[1:] + products[:-1]) / 2, axis=0)])
        near = np.abs(norm / usual - 1) < NEAR_REST
        good = near[step:] & near[:-step]
        du, q = (u[step:] - u[:-step])[good], (total[step:] - total[:-step])[good]
        moment, gram = moment + du.T @ q, gram + q.T @ q
        length, pairs = length + float((du**2).sum()), pairs + int(good.sum())
    if pairs < 50 or length / pairs < 1e-4 or not gram.any():
        return None
    return _turn(moment, gram, length, step / pairs)


def _turn(moment: np.ndarray, gram: np.ndarray, length: float, share: float) -> Turn:
    fits = []
    for order, signs in SIGNED_AXES:
        c = sum(sign * _cross(axis, column) for axis, (column, sign) in enumerate(zip(order, signs, strict=True)))
        agreement, predicted = float((moment * c).sum()), float(np.einsum("ij,jk,ik->", c, gram, c))
        if predicted > 0:
            name = "".join(("-" if sign < 0 else "") + "xyz"[axis] for axis, sign in zip(order, signs, strict=True))
            fits.append((agreement / math.sqrt(predicted * length), agreement / predicted, name))
    identity = next(fit for fit in fits if fit[2] == "xyz")
    best = max(fits)
    return Turn(identity[1], identity[0], best[2], best[0], best[1], _turned(moment, gram, length, share))


def _cross(axis: int, column: int) -> np.ndarray:
    """What an axis that a column of the gyroscope measures has to do with du: (3, 9) of -omega x u."""
    c = np.zeros((3, 9))
    before, behind = (axis + 2) % 3, (axis + 1) % 3
    c[before, 3 * column + behind] -= 1  # -(omega x u)_z = omega_y u_x - omega_x u_y
    c[behind, 3 * column + before] += 1  # -(omega x u)_y = omega_x u_z - omega_z u_x
    return c


def _turned(moment: np.ndarray, gram: np.ndarray, length: float, share: float) -> tuple[str, ...]:
    """The axes whose factor is near -1 beyond doubt while the others' are near 1, each a factor of its own by least
    squares; `share` is that of a pair of samples which nothing else tells.
    """
    parts = [_cross(axis, axis) for axis in range(3)]
    normal = np.array([[np.einsum("ij,jk,ik->", a, gram, b) for b in parts] for a in parts])
    if np.linalg.matrix_rank(normal) < 3:
        return ()
    own = np.array([(moment * part).sum() for part in parts])
    factors = np.linalg.solve(normal, own)
    left = max(length - float(factors @ own), 0.0)
    errors = np.sqrt(np.diag(np.linalg.inv(normal)) * left * share)
    sure = errors < SURE
    plain = bool((np.abs(np.abs(factors[sure]) - 1) < PLAIN).all())
    fits = left < (1 - TURNED_FITS**2) * length
    return tuple("xyz"[a] for a in range(3) if sure[a] and factors[a] < -0.5) if plain and fits else ()
