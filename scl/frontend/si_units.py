"""The first step of the front end: a sensor's counts to SI units, in single precision."""

import numpy as np

from scl.frontend.sensor import Sensor


def to_si(counts: np.ndarray, sensor: Sensor) -> np.ndarray:
    """Counts (n, samples, channels) int16 to SI units, float32 of the same shape: alignment @ (counts * unit - bias).

    Each operation is one single-precision rounding; the sum over a sensor's axes runs from the first to the last.

    Examples:
        >>> from scl.frontend.sensor import load_sensor
        >>> bmi270 = load_sensor("bmi270").select(["accelerometer"])
        >>> print(to_si(np.array([[[0, 0, 8192]]], np.int16), bmi270)[0, 0].round(3))  # 1 g along z, in m/s^2
        [0.    0.    9.807]
    """
    out = np.empty(counts.shape, dtype=np.float32)
    for part, channels in zip(sensor.parts, sensor.slices.values(), strict=True):
        bias, alignment = np.asarray(part.bias, np.float32), np.asarray(part.alignment, np.float32)
        unit = np.float32(part.unit_per_count)
        first = channels.start
        d = [counts[..., first + j].astype(np.float32) * unit - bias[j] for j in range(part.axes)]
        for i in range(part.axes):
            out[..., first + i] = alignment[i, 0] * d[0]
            for j in range(1, part.axes):
                out[..., first + i] += alignment[i, j] * d[j]
    return out
