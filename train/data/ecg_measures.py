"""Figures of one ECG record by which a wrong unit, rate, lead or annotation shows."""

from dataclasses import dataclass

import numpy as np

from scl.artifacts import sha256_bytes
from train.data import ecg_polarity
from train.data.ecg_copies import intervals
from train.data.ecg_quality import LEAST_BEATS, Quality, quality
from train.data.ecg_record import EcgRecord
from train.data.wfdb_files import longest_constant, stretches

MOST_S = ecg_polarity.MOST_S
RAIL_RUN = 5  # samples at a record's extreme that make a clipped peak


@dataclass(frozen=True)
class Measures:
    """Figures of a record; None where no beat is found.

    Attributes:
        seconds: of valid samples.
        polarity: of `ecg_polarity`.
        r_mv: median height or depth of QRS complexes.
        rr_s: median interval between beats.
        flat_s: the longest time without change.
        clipped: share of samples in runs at the record's largest or least value.
        beats: by class.
        outside: beats before its first or behind its last sample.
        invalid: share of its samples that are none.
        unannotated_s: before the first and behind the last annotated beat.
        turns: polarity of the first and of the last third.
        quality: noise and annotations.
        runs: of intervals between beats.
        sha256: of its samples.
    """

    seconds: float
    polarity: float | None
    r_mv: float | None
    rr_s: float | None
    flat_s: float
    clipped: float
    beats: tuple[int, ...]
    outside: int
    invalid: float
    unannotated_s: float
    turns: tuple[float, float] | None
    quality: Quality
    runs: np.ndarray
    sha256: str


def measured(record: EcgRecord, classes: tuple[str, ...]) -> Measures:
    """The figures of a record; polarity and amplitude of its first ten minutes, of normal beats where those are
    annotated.
    """
    x, rate_hz = record.x, record.rate_hz
    times, numbers = record.beats.T
    inside = (times >= 0) & (times < len(x))
    normal = inside & (numbers == classes.index("N")) if "N" in classes else inside
    start = x[: round(MOST_S * rate_hz)]
    valid = max(stretches(start), key=lambda part: part.stop - part.start, default=slice(0, 0))
    found = ecg_polarity.detected(start[valid], rate_hz) + valid.start
    beats = times[normal] if normal.any() else times[inside] if inside.any() else found
    signs, heights = ecg_polarity.beat_figures(start, rate_hz, beats)
    rr = np.diff(times[inside] if inside.sum() > 1 else found) / rate_hz
    finite = x[np.isfinite(x)]
    r_mv = float(np.median(heights)) if len(heights) else None
    part = times[inside & (times >= valid.start) & (times < valid.stop)] - valid.start
    edges = times[inside]
    return Measures(
        seconds=len(finite) / rate_hz,
        polarity=float(np.median(signs)) if len(signs) else None,
        r_mv=r_mv,
        rr_s=float(np.median(rr)) if len(rr) else None,
        flat_s=max((longest_constant(x[part]) for part in stretches(x)), default=0) / rate_hz,
        clipped=_clipped(finite),
        beats=tuple(int((numbers[inside] == place).sum()) for place in range(len(classes))),
        outside=int((~inside).sum()),
        invalid=1 - len(finite) / len(x),
        unannotated_s=(edges[0] + len(x) - edges[-1]) / rate_hz if len(edges) else 0.0,
        turns=_turns(signs),
        quality=quality(start[valid], rate_hz, part, found - valid.start, r_mv),
        runs=intervals(found, rate_hz),
        sha256=sha256_bytes(x.tobytes()) if finite.any() else "",
    )


def _turns(signs: np.ndarray) -> tuple[float, float] | None:
    """The median polarity of the first and of the last third of the beats (k,)."""
    third = len(signs) // 3
    return (float(np.median(signs[:third])), float(np.median(signs[-third:]))) if third >= LEAST_BEATS else None


def _clipped(x: np.ndarray) -> float:
    """Share of x (samples,) in runs of RAIL_RUN samples or more at its largest or least value; a flat x has none."""
    if not len(x) or x.min() == x.max():
        return 0.0
    total = 0
    for rail in (x.min(), x.max()):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], x == rail, [False]])))
        runs = edges[1::2] - edges[::2]
        total += int(runs[runs >= RAIL_RUN].sum())
    return total / len(x)
