"""Irregular samples to a uniform rate, by timestamp."""

import numpy as np

from scl.artifacts import InputError


def check_rate(name: str, rate_hz: float, recorded_hz: float) -> None:
    """Raises InputError for a rate beyond that of the recordings `name`, which hold nothing faster."""
    if rate_hz > recorded_hz:
        raise InputError(
            f"{name}: was recorded at {recorded_hz:g} Hz, which cannot become {rate_hz:g} Hz; train "
            f"with --rate {recorded_hz:g} or less: a faster sensor is brought down to the model's rate on the board"
        )


def segments(times_s: np.ndarray, gap_s: float) -> list[slice]:
    """Slices of the stretches of increasing times (n,) between which no step is longer than `gap_s` seconds."""
    borders = np.flatnonzero(np.diff(times_s) > gap_s) + 1
    edges = [0, *borders.tolist(), len(times_s)]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a]


def resample(times_s: np.ndarray, values: np.ndarray, rate_hz: float) -> np.ndarray:
    """Values (n, channels) at strictly increasing times (n,) to a uniform rate: float32 (channels, samples).

    Every sample is first replaced by the mean of the samples less than half an output period away (a box filter
    against aliasing, so that five samples of a 100 Hz stretch make one of 20 Hz), then the result is interpolated
    linearly. Where the input is no faster than the output, the mean is the sample itself.
    """
    half = 0.5 / rate_hz
    first = np.searchsorted(times_s, times_s - half, side="right")
    last = np.searchsorted(times_s, times_s + half, side="left")
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    means = (total[last] - total[first]) / (last - first)[:, None]
    alone = last - first == 1
    means[alone] = values[alone]
    samples = int(np.floor((times_s[-1] - times_s[0]) * rate_hz + 1e-6)) + 1
    grid = times_s[0] + np.arange(samples) / rate_hz
    return np.stack([np.interp(grid, times_s, column) for column in means.T]).astype(np.float32)


def average(times_s: np.ndarray, values: np.ndarray, rate_hz: float) -> np.ndarray:
    """Values (n, channels) at strictly increasing times (n,) to a lower uniform rate: float32 (channels, samples).

    Each output is the mean of the straight lines through the samples over one output period around it (a box filter
    against aliasing), which changes smoothly with the times: no sample is in or out by a rounding error. At the ends
    the period is as short as it has to be to stay symmetric.
    """
    samples = int(np.floor((times_s[-1] - times_s[0]) * rate_hz + 1e-6)) + 1
    grid = np.minimum(times_s[0] + np.arange(samples) / rate_hz, times_s[-1])
    half = np.minimum(0.5 / rate_hz, np.minimum(grid - times_s[0], times_s[-1] - grid))
    narrow = half < 1e-3 / rate_hz
    out = np.empty((values.shape[1], samples), np.float32)
    for channel, column in enumerate(np.asarray(values, dtype=np.float64).T):
        at_ends = [_integral(times_s, column, grid + side * half) for side in (-1, 1)]
        means = (at_ends[1] - at_ends[0]) / np.where(narrow, 1.0, 2 * half)
        out[channel] = np.where(narrow, np.interp(grid, times_s, column), means)
    return out


def _integral(times_s: np.ndarray, column: np.ndarray, until: np.ndarray) -> np.ndarray:
    """The integral of the straight lines through samples, from the first one to `until` (k,)."""
    steps = np.diff(times_s)
    total = np.concatenate([[0.0], np.cumsum((column[1:] + column[:-1]) / 2 * steps)])
    index = np.clip(np.searchsorted(times_s, until, side="right") - 1, 0, len(times_s) - 2)
    into = until - times_s[index]
    slope = (column[index + 1] - column[index]) / steps[index]
    return np.asarray(total[index] + into * (column[index] + slope * into / 2))
