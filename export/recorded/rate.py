"""A recording at another rate, as exact at rest as in movement."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from scl.artifacts import InputError

SAME = 0.005  # of a rate: what sensors' own clocks differ from each other by
MOST_UP, MOST_DOWN = 25, 100  # times
MOST_PHASES = 1000
TAPS = 16  # of the filter on either side, at the slower of the two rates
BETA = 6.0  # of its Kaiser window: 63 dB


def ratio_of(path: Path, rate_hz: float, wanted_hz: float) -> Fraction:
    """By how much a recording has to be resampled; 1 within SAME of the wanted rate.

    Raises InputError for a recording too slow or too fast to be what it is taken for.
    """
    ratio = wanted_hz / rate_hz
    if not 1 / MOST_DOWN <= ratio <= MOST_UP:
        raise InputError(
            f"{path}: is a recording of {rate_hz:g} Hz for a sensor of {wanted_hz:g} Hz, expected one of "
            f"{wanted_hz / MOST_UP:g} to {wanted_hz * MOST_DOWN:g} Hz; check the unit of its times, --time, or its "
            "--rate"
        )
    return Fraction(1) if abs(ratio - 1) <= SAME else Fraction(ratio).limit_denominator(MOST_PHASES)


def resampled(x: np.ndarray, ratio: Fraction) -> np.ndarray:
    """x (channels, samples) float64 at `ratio` times its rate: sample m is the signal at input sample m / ratio.

    A windowed-sinc low-pass in double precision. Each of its phases passes a constant unchanged, so that gravity does
    not ripple, which `scl.frontend.resampler.to_rate` leaves at a thousandth.
    """
    if ratio == 1:
        return x
    from scipy.signal import firwin, resample_poly

    up, down = ratio.numerator, ratio.denominator
    slower = max(up, down)
    taps = firwin(2 * TAPS * slower + 1, 1 / slower, window=("kaiser", BETA))
    for phase in range(up):
        taps[phase::up] /= taps[phase::up].sum() * up
    return np.asarray(resample_poly(x, up, down, axis=1, window=taps, padtype="line"))
