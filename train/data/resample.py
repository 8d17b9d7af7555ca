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
