"""Recorded windows as the counts a sensor would have given: what validation sends to the board."""

from typing import Any

import numpy as np


def replay(windows: np.ndarray, frontend: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Turns windows in SI units at the model's rate into raw counts of the manifest's sensor.

    The nominal calibration is undone, then counts are rounded half to even and saturated to int16. A sensor of
    another rate is imitated: the window is
    interpolated by a long windowed sinc (`scipy.signal.resample_poly`) and preceded by `warmup_samples` that repeat
    its first sample, as long as the front end's filter remembers.

    Args:
        windows: (n, channels, window_samples).
        frontend: the manifest's "frontend".

    Returns:
        counts (n, raw_samples, channels) int16, and the number of saturated values of every window (n,) int32.
    """
    x = np.asarray(windows, dtype=np.float64)
    if frontend["phase_taps"]:
        x = _at_sensor_rate(x, frontend)
    counts = np.empty_like(x)
    first = 0
    for part in frontend["sensor"]["sensors"]:
        rows = slice(first, first + part["axes"])
        bias = np.asarray(part["bias"])[:, None]
        measured = np.linalg.inv(np.asarray(part["alignment"])) @ x[:, rows] + bias
        counts[:, rows] = np.rint(measured / part["unit_per_count"])
        first += part["axes"]
    limits = np.iinfo(np.int16)
    saturated = ((counts < limits.min) | (counts > limits.max)).sum(axis=(1, 2)).astype(np.int32)
    counts = np.clip(counts, limits.min, limits.max).astype(np.int16)
    return np.ascontiguousarray(counts.transpose(0, 2, 1)), saturated


def _at_sensor_rate(x: np.ndarray, frontend: dict[str, Any]) -> np.ndarray:
    """(n, channels, window_samples) to (n, channels, raw_samples)."""
    from scipy.signal import resample_poly

    wanted = frontend["raw_samples"] - frontend["warmup_samples"]
    up = resample_poly(x, frontend["down"], frontend["up"], axis=2, padtype="line")[:, :, :wanted]
    edge = np.repeat(up[:, :, -1:], max(wanted - up.shape[2], 0), axis=2)
    start = np.repeat(up[:, :, :1], frontend["warmup_samples"], axis=2)
    return np.concatenate([start, up, edge], axis=2)
