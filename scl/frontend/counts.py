"""Recorded windows as the counts a sensor would have given, which validation sends to the board; and the counts of a
sensor that had been turned, or disturbed.
"""

import numpy as np

from scl.artifacts import InputError
from scl.frontend.sensor import Sensor
from scl.frontend.spec import FrontEndSpec


def replay(windows: np.ndarray, spec: FrontEndSpec) -> tuple[np.ndarray, np.ndarray]:
    """Turns windows in SI units at the model's rate into raw counts of the front end's sensor.

    The nominal calibration is undone, then counts are rounded half to even and saturated to int16. A sensor of
    another rate is imitated by interpolation (`scipy.signal.resample_poly`). What was before and after the window is
    not known: the sensor is taken to have been at rest at its first and at its last sample.

    Args:
        windows: (n, channels, window_samples).
        spec: the front end that will read the counts.

    Returns:
        counts (n, raw_samples, channels) int16, and the number of saturated values of every window (n,) int32.

    Raises:
        InputError: a window holds NaN or infinity.
    """
    x = np.asarray(windows, dtype=np.float64)
    bad = ~np.isfinite(x).all(axis=(1, 2))
    if bad.any():
        raise InputError(
            f"{bad.sum()} of {len(x)} windows hold NaN or infinity, the first is window {bad.argmax()}; "
            "repair the recording"
        )
    if spec.resampling.phase_taps:
        x = _at_sensor_rate(x, spec)
    return to_counts(x, spec.sensor)


def to_counts(x: np.ndarray, sensor: Sensor) -> tuple[np.ndarray, np.ndarray]:
    """Samples x (n, channels, samples) in SI units to counts (n, samples, channels) of a sensor.

    Returns the counts, int16, and the number of saturated values of every row (n,) int32.

    Examples:
        >>> from scl.frontend.sensor import load_sensor
        >>> bmi270 = load_sensor("bmi270").select(["accelerometer"])
        >>> counts, saturated = to_counts(np.array([[[0.0], [9.80665], [50.0]]]), bmi270)  # the range is 4 g
        >>> counts.tolist(), saturated.tolist()
        ([[[0, 8192, 32767]]], [1])
    """
    counts = np.empty(x.shape, dtype=np.float64)
    for part, rows in zip(sensor.parts, sensor.slices.values(), strict=True):
        measured = np.linalg.inv(np.asarray(part.alignment)) @ x[:, rows] + np.asarray(part.bias)[:, None]
        counts[:, rows] = np.rint(measured / part.unit_per_count)
    limits = np.iinfo(np.int16)
    saturated = ((counts < limits.min) | (counts > limits.max)).sum(axis=(1, 2)).astype(np.int32)
    counts = np.clip(counts, limits.min, limits.max).astype(np.int16)
    return np.ascontiguousarray(counts.transpose(0, 2, 1)), saturated


def from_counts(counts: np.ndarray, sensor: Sensor) -> np.ndarray:
    """Counts (n, samples, channels) of a sensor to SI units (n, channels, samples), float64: undoes `to_counts`."""
    x = counts.transpose(0, 2, 1).astype(np.float64)
    for part, rows in zip(sensor.parts, sensor.slices.values(), strict=True):
        x[:, rows] = np.asarray(part.alignment) @ (x[:, rows] * part.unit_per_count - np.asarray(part.bias)[:, None])
    return x


def turned(counts: np.ndarray, rotation: np.ndarray, sensor: Sensor) -> np.ndarray:
    """The counts of a window, had its 3-axis sensors been turned: as `to_counts` makes them, saturated at int16.

    Args:
        counts: (samples, channels) int16.
        rotation: (3, 3), from vectors of the sensor as it was to vectors of the turned one.
    """
    x = from_counts(counts[None], sensor)
    for part, rows in zip(sensor.parts, sensor.slices.values(), strict=True):
        if part.axes == 3:
            x[:, rows] = rotation @ x[:, rows]
    counts, _saturated = to_counts(x, sensor)
    return np.asarray(counts[0])


def disturbed(counts: np.ndarray, gain: float, added: np.ndarray, sensor: Sensor) -> np.ndarray:
    """The counts of a stretch, had its signal been `gain` times as large and had something been added to it: as
    `to_counts` makes them, saturated at int16.

    Args:
        counts: (samples, channels) int16.
        gain: below 0: electrodes were put on the wrong way round.
        added: (samples,) SI units, to every channel.

    Examples:
        >>> from scl.frontend.sensor import load_sensor
        >>> millivolts = load_sensor("replay-ecg")  # 1 count is 1 uV
        >>> disturbed(np.array([[100], [-200]], np.int16), -2.0, np.array([0.0, 0.5]), millivolts).tolist()
        [[-200], [900]]
    """
    x = gain * from_counts(counts[None], sensor) + added
    return np.asarray(to_counts(x, sensor)[0][0])


def _at_sensor_rate(x: np.ndarray, spec: FrontEndSpec) -> np.ndarray:
    """(n, channels, window_samples) to (n, channels, raw_samples)."""
    from scipy.signal import resample_poly

    up, down = spec.resampling.up, spec.resampling.down
    # Longer than the filter's memory, and a multiple of `up`, so that the window's first sample stays a sample.
    rest = -(-spec.resampling.phase_taps // down) * up
    # The interpolation ripples by a thousandth: of the movement, not of gravity.
    level = x[:, :, :1]
    x = np.pad(x - level, ((0, 0), (0, 0), (rest, rest)), mode="edge")
    start = rest * down // up - spec.warmup_samples
    faster = resample_poly(x, down, up, axis=2, padtype="edge")[:, :, start : start + spec.raw_samples]
    return np.asarray(faster + level)
