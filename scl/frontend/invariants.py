"""What a rotation of the sensor leaves of an IMU sample: lengths, products with two estimates of gravity, products of
the two sensors.

Gravity is the accelerometer behind a first-order low-pass, once fast and once slow; the gyroscope behind the fast one
is the latest spin. Each starts at the window's first sample. All is causal, sample by sample, so that a device computes
it as its samples come (firmware/src/frontend/invariants.h has the same formulas in single precision). Every channel is
a scalar or a triple product of vectors that turn with the sensor, hence the same for R x as for x, R in SO(3); a mirror
image differs.

    g, s: acceleration a behind the fast and the slow low-pass;  r: angular rate w behind the fast one
    ^: of length 1 (zero below TINY);  d: difference to the sample before;  l = a - g

Most of a day's movement is slight, and the largest sets an int8 input's steps. So every scalar v is compressed:
(v - o) / sqrt(COMPRESSION + |v - o|), which is steep near zero and a square root far from it; o is gravity's part of v,
OFFSETS, or zero.
"""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt, Lt

Vector = list[np.ndarray]  # three components, float32 (n,)
FAST_S, SLOW_S = 1.0, 8.0  # time constants
TINY = 1e-3  # m/s^2 or rad/s: shorter vectors have no direction
SOFT = 0.1  # rad/s, added to the spin's length where it divides
COMPRESSION = 0.1  # in the unit of what is compressed
GRAVITY = 9.80665  # m/s^2
OFFSETS = {"|a|": GRAVITY, "a.g^": GRAVITY, "a.s^": GRAVITY}
ACCELEROMETER = (
    *("|a|", "a.g^", "|a - (a.g^) g^|", "|da|", "da.g^"),
    *("g^.s^", "a.s^", "|g^ x s^|"),
)
GYROSCOPE = (
    *("|w|", "w.g^", "|w - (w.g^) g^|", "l.w / (1 + |w|)", "g^.(l x w) / (1 + |w|)", "|dw|", "dw.g^"),
    *("|r|", "w.r / (.1 + |r|)", "a.r / (.1 + |r|)", "s^.(g^ x w)"),
)


CHANNELS = (3, 6)  # of an accelerometer, and with a gyroscope


@dataclass(frozen=True)
class InvariantSpec:
    """What a bundle's network takes instead of the sensor's channels: names, and the low-passes' alphas as float32."""

    names: tuple[str, ...]
    fast: Annotated[float, Gt(0), Lt(1)]
    slow: Annotated[float, Gt(0), Lt(1)]


def describe(channels: int, rate_hz: float) -> InvariantSpec:
    """The invariants of so many channels at a rate. Raises ValueError for other channels than `names` takes."""
    fast, slow = (float(np.float32(smoothing(seconds, rate_hz))) for seconds in (FAST_S, SLOW_S))
    return InvariantSpec(names(channels), fast, slow)


def names(channels: int) -> tuple[str, ...]:
    """Of the invariants of 3 channels (accelerometer) or 6 (and gyroscope). Raises ValueError for others.

    Examples:
        >>> len(names(3)), len(names(6))
        (8, 19)
    """
    if channels not in CHANNELS:
        raise ValueError(f"invariants need an accelerometer's 3 channels, or 6 with a gyroscope, found {channels}")
    return ACCELEROMETER + (GYROSCOPE if channels == 6 else ())


def offsets(channels: int) -> tuple[float, ...]:
    """What is taken off each of the `names` before it is compressed."""
    return tuple(OFFSETS.get(name, 0.0) for name in names(channels))


def smoothing(time_constant_s: float, rate_hz: float) -> float:
    """alpha of y += alpha (x - y), a first-order low-pass: 1 - exp(-1 / (time constant * rate)).

    Examples:
        >>> round(smoothing(0.5, rate_hz=20.0), 4)
        0.0952
    """
    return 1 - math.exp(-1 / (time_constant_s * rate_hz))


def invariants(x: np.ndarray, fast: float, slow: float) -> np.ndarray:
    """Samples (n, samples, 3 or 6) float32 in SI units to (n, samples, invariants) float32.

    Args:
        fast, slow: alpha of the low-passes (`scl.frontend.invariants.smoothing`).

    Examples:
        A window and the same window with its axes exchanged, which is a rotation:

        >>> x = np.random.default_rng(0).normal(size=(1, 20, 3)).astype(np.float32)
        >>> found, turned = (invariants(one, fast=0.5, slow=0.1) for one in (x, x[:, :, [1, 2, 0]]))
        >>> found.shape, bool(np.allclose(found, turned, atol=1e-5))
        ((1, 20, 8), True)
    """
    alpha, beta = np.float32(fast), np.float32(slow)
    rows = []
    for t in range(x.shape[1]):
        sample = [x[:, t, c] for c in range(x.shape[2])]
        a, w = sample[:3], sample[3:]
        if t == 0:
            g, s, r, a_before, w_before = a, a, w, a, w
        else:
            g, s, r = _follow(g, a, alpha), _follow(s, a, beta), _follow(r, w, alpha)
        rows.append(_compressed(_channels(a, w, _minus(a, a_before), _minus(w, w_before), g, s, r), x.shape[2]))
        a_before, w_before = a, w
    return np.stack(rows, axis=1)


def _channels(a: Vector, w: Vector, da: Vector, dw: Vector, g: Vector, s: Vector, r: Vector) -> np.ndarray:
    one = np.float32(1)
    down, slowly = _unit(g), _unit(s)
    vertical = _dot(a, down)
    values = [_length(a), vertical, _across(a, down, vertical), _length(da), _dot(da, down)]
    values += [_dot(down, slowly), _dot(a, slowly), _length(_cross(down, slowly))]
    if w:
        turn = _dot(w, down)
        moved, rate, spin = _minus(a, g), _length(w), _length(r)
        damped, soft = one / (one + rate), one / (np.float32(SOFT) + spin)
        values += [rate, turn, _across(w, down, turn), _dot(moved, w) * damped, _dot(down, _cross(moved, w)) * damped]
        values += [_length(dw), _dot(dw, down), spin, _dot(w, r) * soft, _dot(a, r) * soft]
        values += [_dot(slowly, _cross(down, w))]
    return np.stack(values, axis=1)


def _compressed(values: np.ndarray, channels: int) -> np.ndarray:
    values = values - np.array(offsets(channels), np.float32)
    return np.asarray(values / np.sqrt(np.float32(COMPRESSION) + np.abs(values)))


def _follow(y: Vector, x: Vector, alpha: np.float32) -> Vector:
    return [before + alpha * (now - before) for before, now in zip(y, x, strict=True)]


def _minus(a: Vector, b: Vector) -> Vector:
    return [x - y for x, y in zip(a, b, strict=True)]


def _dot(a: Vector, b: Vector) -> np.ndarray:
    return np.asarray((a[0] * b[0] + a[1] * b[1]) + a[2] * b[2])


def _cross(a: Vector, b: Vector) -> Vector:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _length(a: Vector) -> np.ndarray:
    return np.asarray(np.sqrt(_dot(a, a)))


def _across(a: Vector, direction: Vector, along: np.ndarray) -> np.ndarray:
    """Length across a direction, `along` being the part along it."""
    return _length([x - along * d for x, d in zip(a, direction, strict=True)])


def _unit(a: Vector) -> Vector:
    length = _length(a)
    with np.errstate(divide="ignore"):
        factor = np.where(length > np.float32(TINY), np.float32(1) / length, np.float32(0))
    return [x * factor for x in a]
