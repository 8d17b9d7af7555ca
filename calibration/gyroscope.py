"""A gyroscope's bias: what it measures at rest. Earth's rate (0.004 degrees per second) is in it, and negligible."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.still import nominal
from scl.frontend.sensor import DPS, Sensor

BLOCK_S = 1.0
PIECES = 4  # of a single stretch, to see slow drift
TURNED = 1.0 * DPS  # a stretch this far from the median of all turned about the vertical, which gravity does not show
MOST_BIAS = 40 * DPS  # data sheets of consumer parts promise 1 to 30


@dataclass(frozen=True, eq=False)
class GyroscopeBias:
    """Attributes:
    bias: (3,) rad/s, in the sensor file's axes.
    uncertainty: (3,) half of the 95 % interval, rad/s.
    turned: indices of the stretches that are left out.
    """

    bias: np.ndarray
    uncertainty: np.ndarray
    turned: tuple[int, ...]


def gyroscope_bias(counts: np.ndarray, sensor: Sensor, stretches: Sequence[slice]) -> GyroscopeBias | None:
    """From still stretches of counts (n, channels); None if the sensor has no gyroscope of 3 axes.

    The uncertainty is the larger of two: that of the means of blocks of a second (noise), and that of the stretches, or
    of four pieces of a single one (drift, and what gravity does to a gyroscope).
    """
    part = next((part for part in sensor.parts if part.kind == "gyroscope" and part.axes == 3), None)
    if part is None:
        return None
    rates = [nominal(counts[stretch, sensor.slices["gyroscope"]], part) for stretch in stretches]
    means = np.array([rate.mean(axis=0) for rate in rates])
    far = np.abs(means - np.median(means, axis=0)).max(axis=1) > TURNED
    kept = [rate for rate, turned in zip(rates, far, strict=True) if not turned] or rates
    turned = tuple(np.flatnonzero(far).tolist()) if len(kept) < len(rates) else ()
    block = max(1, round(BLOCK_S * sensor.rate_hz))
    blocks = [piece for rate in kept for piece in np.array_split(rate, max(1, len(rate) // block))]
    pieces = kept if len(kept) > 1 else np.array_split(kept[0], PIECES)
    bias = np.concatenate(kept).mean(axis=0)
    return GyroscopeBias(bias, np.maximum(_half_interval(blocks), _half_interval(pieces)), turned)


def _half_interval(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Half of the 95 % interval of the mean (3,) of all samples, from how the means of the pieces differ; 0 if there is
    one piece only.
    """
    from scipy.stats import t

    count = len(pieces)
    if count < 2:
        return np.zeros(3)
    means = np.array([piece.mean(axis=0) for piece in pieces])
    share = np.array([len(piece) for piece in pieces])[:, None] / sum(map(len, pieces))
    # A piece's mean is within the whole one, so it differs from it by (1 - share) of its own variance.
    variance = np.sum(share**2 / (1 - share) * (means - np.sum(share * means, axis=0)) ** 2, axis=0)
    return np.asarray(t.ppf(0.975, count - 1) * np.sqrt(variance))
