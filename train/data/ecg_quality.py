"""Noise, lost electrodes and annotations that belong elsewhere, as figures of one ECG record."""

from dataclasses import dataclass

import numpy as np

MAINS_HZ = (50.0, 60.0)
SEGMENT_S, NEAR_HZ, AWAY_HZ = 4.0, 0.5, (1.0, 3.0)  # of a spectrum, and where the mains and its neighbours lie in it
AGREE_S, REACH_S = 0.1, 0.4  # between an annotated beat and a QRS complex that is found
STEADY_S = 0.04  # scatter of a delay that all annotations have
WINDOW_S = 10.0
LOUDER = 6.0  # or as much quieter: a part that is not like the rest of its record
AWAY_MV = 3.0  # heights of an R peak, between a part's line and the record's
LEAST_BEATS, MISSED = 5, 0.9  # annotated beats of a part, and the share of them that the signal does not show


@dataclass(frozen=True)
class Quality:
    """Figures of a record's first minutes; None where they cannot be told.

    Attributes:
        mains_hz, mains_mv: the stronger of both mains frequencies, and its amplitude.
        missed: share of annotated beats with no QRS complex within 0.1 s.
        late_s: how much later than QRS complexes all annotations are.
        odd_s: seconds in parts of 10 s that are far louder, quieter or farther from the line than most, or whose beats
            the signal does not show.
    """

    mains_hz: float
    mains_mv: float
    missed: float | None
    late_s: float | None
    odd_s: float


def quality(x: np.ndarray, rate_hz: float, beats: np.ndarray, found: np.ndarray, r_mv: float | None) -> Quality:
    """The figures of x (samples,) mV without invalid samples.

    Args:
        beats: annotated, in samples; none where they are not.
        found: QRS complexes that the signal shows.
    """
    mains = {hz: _sine(x, rate_hz, hz) for hz in MAINS_HZ}
    hz = max(mains, key=lambda one: mains[one])
    delay = _delays(beats, found) / rate_hz
    near = delay[np.abs(delay) < REACH_S]
    late = None
    if len(near) >= LEAST_BEATS and len(near) > len(delay) / 2:
        middle = float(np.median(near))
        late = middle if float(np.median(np.abs(near - middle))) < STEADY_S else None
    missed = float((np.abs(delay) > AGREE_S).mean()) if len(delay) >= LEAST_BEATS else None
    return Quality(hz, mains[hz], missed, late, _odd_s(x, rate_hz, beats, delay, r_mv))


def _delays(beats: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Samples from the nearest QRS complex to each annotated beat."""
    if not len(found) or not len(beats):
        return np.full(len(beats), np.inf)
    behind = np.clip(np.searchsorted(found, beats), 1, max(len(found) - 1, 1))
    left, right = found[behind - 1], found[np.minimum(behind, len(found) - 1)]
    nearer: np.ndarray = np.where(np.abs(beats - left) <= np.abs(beats - right), beats - left, beats - right)
    return nearer.astype(np.float64)


def _sine(x: np.ndarray, rate_hz: float, hz: float) -> float:
    """Amplitude of a steady sine near `hz` above what is beside it."""
    size = round(SEGMENT_S * rate_hz)
    if len(x) < size or rate_hz <= 2 * (hz + AWAY_HZ[1]):
        return 0.0
    window = np.hanning(size)
    parts = x[: len(x) // size * size].reshape(-1, size).astype(np.float64)
    spectrum = np.abs(np.fft.rfft((parts - parts.mean(axis=1, keepdims=True)) * window)) * 2 / window.sum()
    away = np.abs(np.fft.rfftfreq(size, 1 / rate_hz) - hz)
    peak = float(np.median(spectrum[:, away <= NEAR_HZ].max(axis=1)))
    beside = float(np.median(spectrum[:, (away >= AWAY_HZ[0]) & (away <= AWAY_HZ[1])].max(axis=1)))
    return float(max(peak**2 - beside**2, 0.0) ** 0.5)


def _odd_s(x: np.ndarray, rate_hz: float, beats: np.ndarray, delay: np.ndarray, r_mv: float | None) -> float:
    size = round(WINDOW_S * rate_hz)
    count = len(x) // size
    if count < 3:
        return 0.0
    parts = x[: count * size].reshape(count, size).astype(np.float64)
    level, line = np.diff(parts, axis=1).std(axis=1), np.median(parts, axis=1)
    usual = float(np.median(level))
    odd = (level > LOUDER * usual) | (level < usual / LOUDER)
    odd |= np.abs(line - np.median(line)) > AWAY_MV * (r_mv or np.inf)
    for part in range(count):
        own = np.abs(delay[(beats >= part * size) & (beats < (part + 1) * size)])
        odd[part] |= len(own) >= LEAST_BEATS and (own > AGREE_S).mean() > MISSED
    return float(odd.sum() * WINDOW_S)
