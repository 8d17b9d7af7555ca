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


def names(channels: int) -> tuple[str, ...]:
    """Of the invariants of 3 channels (accelerometer) or 6 (and gyroscope). Raises ValueError for others."""
    if channels not in (3, 6):
        raise ValueError(f"invariants need an accelerometer's 3 channels, or 6 with a gyroscope, found {channels}")
    return ACCELEROMETER + (GYROSCOPE if channels == 6 else ())


def offsets(channels: int) -> tuple[float, ...]:
    """What is taken off each of the `names` before it is compressed."""
    return tuple(OFFSETS.get(name, 0.0) for name in names(channels))


def smoothing(time_constant_s: float, rate_hz: float) -> float:
    """alpha of y += alpha (x - y), a first-order low-pass: 1 - exp(-1 / (time constant * rate))."""
    return 1 - math.exp(-1 / (time_constant_s * rate_hz))
