"""Recordings at another rate, in double precision with numpy alone: what a sensor of that rate would have sampled.

The low-pass is scipy's of `resample_poly`: a windowed sinc of Kaiser's beta 5, ten periods of the slower rate long to
each side, over what is left of the signal when the line through its first and last sample is taken away.
"""

from fractions import Fraction

import numpy as np

PERIODS = 10
BETA = 5.0
MOST_RATIO = 1000  # of the two rates, in lowest terms


def at_rate(x: np.ndarray, rate_hz: float, wanted_hz: float) -> np.ndarray:
    """Samples x (n,) float64 of one rate at another: (ceil(n * wanted_hz / rate_hz),), of which the first is at the
    time of x's first.
    """
    ratio = Fraction(wanted_hz / rate_hz).limit_denominator(MOST_RATIO)
    up, down = ratio.numerator, ratio.denominator
    if up == down or len(x) < 2:
        return x
    line = x[0] + (x[-1] - x[0]) * np.arange(len(x)) / (len(x) - 1)
    half = PERIODS * max(up, down)
    taps = _lowpass(half, 1 / max(up, down)) * up
    outputs = np.arange(-(-len(x) * up // down))
    newest, phase = divmod(outputs * down + half, up)
    padded = np.concatenate([np.zeros(len(taps) // up + 1), x - line, np.zeros(len(taps) // up + 1)])
    y = np.zeros(len(outputs))
    for back in range(len(taps) // up + 1):
        place = phase + back * up
        known = place < len(taps)
        y[known] += taps[place[known]] * padded[newest[known] - back + len(taps) // up + 1]
    return np.asarray(y + x[0] + (x[-1] - x[0]) * outputs * down / up / (len(x) - 1))


def _lowpass(half: int, cutoff: float) -> np.ndarray:
    """Coefficients (2 half + 1,) of a low-pass that ends at `cutoff` of half the rate, and passes a constant as it
    is.
    """
    n = np.arange(-half, half + 1)
    h = cutoff * np.sinc(cutoff * n) * np.kaiser(len(n), BETA)
    return np.asarray(h / h.sum())
