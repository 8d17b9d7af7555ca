"""What a heart's usual beat looks like: a running mean of its beats, which beats unlike it hardly move.

A cut is a beat's samples from 50 before the R peak to 32 behind it, in microvolts. The template is a cut in 256ths of a
microvolt. The first beat is the template; then, with k = 1 / min(beats so far, 16), a beat moves it by

    k       while there are at most 8 beats, and for a look-alike whose RR is .85 to 1.3 of the median
    k / 6   for other look-alikes
    k / 12  for all others

of the way, rounded to the nearest integer, halves up. firmware/src/frontend/beat_template.c is the same.
"""

import math
from dataclasses import dataclass

import numpy as np

from scl.frontend.beat_shape import QRS, correlation_of
from scl.frontend.integer_math import ONE, quotient
from scl.frontend.rr_series import RRSeries

FRACTION = 256  # of a microvolt
ALIKE = ONE * 3 // 4  # Q12: look-alikes correlate by more
LEARNING = 8  # beats
LONGEST_MEMORY = 16  # beats
OTHER_RR, UNLIKE = 6, 12  # times slower


@dataclass(frozen=True, eq=False)
class Course:
    """What was known before each beat, int64.

    Attributes:
        template: (beats, samples) in 256ths of a microvolt; the first beat's own for the first.
        correlation: (beats,) of the QRS with that template, Q12.
        quantile, median, change, long_quantile: (beats,) of the usual intervals (`scl.frontend.rr_series.Usual`).
    """

    template: np.ndarray
    correlation: np.ndarray
    quantile: np.ndarray
    median: np.ndarray
    change: np.ndarray
    long_quantile: np.ndarray


def follow(cuts: np.ndarray, rr: np.ndarray) -> Course:
    """Goes through cuts (beats, samples) int64 with their RR (beats,)."""
    templates, correlations = np.empty_like(cuts), np.empty_like(rr)
    usual = np.empty((4, len(rr)), np.int64)
    series, alike_before = RRSeries(), False
    template = cuts[0] * FRACTION if len(cuts) else cuts
    for i, (cut, interval) in enumerate(zip(cuts, rr.tolist(), strict=True)):
        templates[i] = template
        now = series.usual(interval)
        usual[:, i] = now.quantile, now.median, now.change, now.long_quantile
        correlation = _correlation(cut[QRS], template[QRS])
        correlations[i] = correlation
        alike = correlation > ALIKE
        steps = min(i + 1, LONGEST_MEMORY) * _slower(i, alike, 200 * interval, now.median)
        template = template + quotient(cut * FRACTION - template, steps)
        if i > 0:
            series.add(interval, nn=alike and alike_before)
        alike_before = alike
    return Course(templates, correlations, *usual)


def _slower(i: int, alike: bool, interval: int, median: int) -> int:
    """By which factor beat i moves the template less than k; interval: 200 times the RR, median: twice it."""
    if i < LEARNING or (alike and 85 * median < interval < 130 * median):
        return 1
    return OTHER_RR if alike else UNLIKE


def _correlation(a: np.ndarray, b: np.ndarray) -> int:
    """As `beat_shape.correlation` of two rows, but quicker: with Python's integers."""
    n, sum_a, sum_b = len(a), int(a.sum()), int(b.sum())
    spread_a, spread_b = n * int(a @ a) - sum_a * sum_a, n * int(b @ b) - sum_b * sum_b
    return correlation_of(n * int(a @ b) - sum_a * sum_b, math.isqrt(spread_a) * math.isqrt(spread_b))
