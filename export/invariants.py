"""The invariants of scl/invariants.py as the device computes them: single precision, in the order of operations of
firmware/src/frontend/invariants.h. Written apart from both: the board's input checksum is compared with this.
"""

import numpy as np

from scl.invariants import COMPRESSION, SOFT, TINY, offsets

Vector = list[np.ndarray]  # three components, float32 (n,)


def invariants(x: np.ndarray, fast: float, slow: float) -> np.ndarray:
    """Samples (n, samples, 3 or 6) float32 in SI units to (n, samples, invariants) float32.

    Args:
        fast, slow: alpha of the low-passes (`scl.invariants.smoothing`).
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
    return values / np.sqrt(np.float32(COMPRESSION) + np.abs(values))


def _follow(y: Vector, x: Vector, alpha: np.float32) -> Vector:
    return [before + alpha * (now - before) for before, now in zip(y, x, strict=True)]


def _minus(a: Vector, b: Vector) -> Vector:
    return [x - y for x, y in zip(a, b, strict=True)]


def _dot(a: Vector, b: Vector) -> np.ndarray:
    return (a[0] * b[0] + a[1] * b[1]) + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _length(a: Vector) -> np.ndarray:
    return np.sqrt(_dot(a, a))


def _across(a: Vector, direction: Vector, along: np.ndarray) -> np.ndarray:
    """Length across a direction, `along` being the part along it."""
    return _length([x - along * d for x, d in zip(a, direction, strict=True)])


def _unit(a: Vector) -> Vector:
    length = _length(a)
    with np.errstate(divide="ignore"):
        factor = np.where(length > np.float32(TINY), np.float32(1) / length, np.float32(0))
    return [x * factor for x in a]
