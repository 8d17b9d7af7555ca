"""Still stretches of a capture, found by themselves: where a device was put down between movements.

A static detector as in Tedaldi et al. 2014 (section III-C): the spread of accelerometer and gyroscope in a sliding
window, against a multiple of the recording's own noise. The noise is the spread that a tenth of all windows stay below,
so some part of a recording has to be still, and the limit is never above what movement by hand has.
"""

from dataclasses import dataclass

import numpy as np

from scl.frontend.sensor import DPS, G, Part, Sensor

WINDOW_S = 0.5
LEAST_S = 1.0
LEAST_SAMPLES = 20  # of a stretch
NOISE_SHARE = 0.1  # of all windows that are taken to be still
TIMES_NOISE = 4.0
LEAST_COUNTS = 2.0  # of a limit: a coarse converter may stand still
CAPS = {"accelerometer": 0.05 * G, "gyroscope": 2.0 * DPS}  # most that a still window varies
MOST_DRIFT = 0.02 * G  # between the halves of a stretch: the device was turned slowly


@dataclass(frozen=True)
class Stretches:
    """Attributes:
    slices: samples of each still stretch, in time order.
    moved: starts of stretches that are left out since gravity drifts in them, in samples.
    """

    slices: tuple[slice, ...]
    moved: tuple[int, ...]


def nominal(counts: np.ndarray, part: Part) -> np.ndarray:
    """Counts (n, axes) of a part to SI units (n, axes), by its sensor file."""
    return np.asarray((counts * part.unit_per_count - np.asarray(part.bias)) @ np.asarray(part.alignment).T)


def find(counts: np.ndarray, sensor: Sensor) -> Stretches:
    """Still stretches of a second or more in counts (n, channels)."""
    window = max(LEAST_SAMPLES // 2, round(WINDOW_S * sensor.rate_hz))
    least = max(LEAST_SAMPLES, round(LEAST_S * sensor.rate_hz))
    if len(counts) < max(window, least):
        return Stretches((), ())
    still = np.ones(len(counts) - window + 1, dtype=bool)
    parts = {part.kind: nominal(counts[:, sensor.slices[part.kind]], part) for part in sensor.parts}
    for part in sensor.parts:
        if part.kind in CAPS:
            spread = _spread(parts[part.kind], window)
            limit = max(TIMES_NOISE * float(np.quantile(spread, NOISE_SHARE)), LEAST_COUNTS * part.unit_per_count)
            still &= spread <= min(limit, CAPS[part.kind])
    edges = np.flatnonzero(np.diff(np.r_[False, still, False].astype(np.int8)))
    trim = window // 4  # a movement begins in a window before it shows in the window's spread
    slices, moved = [], []
    for first, after in edges.reshape(-1, 2):
        start, stop = int(first) + trim, int(after) + window - 1 - trim
        if stop - start < least:
            continue
        if "accelerometer" in parts and _drift(parts["accelerometer"][start:stop]) > MOST_DRIFT:
            moved.append(start)
        else:
            slices.append(slice(start, stop))
    return Stretches(tuple(slices), tuple(moved))


def _spread(values: np.ndarray, window: int) -> np.ndarray:
    """Standard deviation (n - window + 1) over `window` samples, all axes together."""
    centred = values - values.mean(axis=0)
    sums = np.vstack([np.zeros((1, 2 * values.shape[1])), np.cumsum(np.hstack([centred, centred**2]), axis=0)])
    mean, square = np.hsplit((sums[window:] - sums[:-window]) / window, 2)
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0).sum(axis=1)))


def _drift(values: np.ndarray) -> float:
    half = len(values) // 2
    return float(np.linalg.norm(values[half:].mean(axis=0) - values[:half].mean(axis=0)))
