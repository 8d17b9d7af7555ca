"""When the rows of a recording were sampled: its rate, its gaps, and rows at even steps for the resampler.

A gap is a step of more than GAP_STEPS usual ones; the rows between two gaps are a stretch. Rows are taken to be even
where none is further than half a step from where an even rate puts it: a sensor's own clock is better than the stamps
of what reads it. Otherwise each stretch is read between its rows, on straight lines, at even times.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts import InputError

GAP_STEPS = 3.5
MOST_GAPS = 0.05  # of the rows: more are the times of packets
RARE = 0.01  # of the steps: longer ones are samples that miss, not the stamps' resolution
LEAST_ROWS = 2  # of a stretch
HALF = 0.5 + 1e-6  # of a step, and what times are rounded by


@dataclass(frozen=True, eq=False)
class Timing:
    """Times of a recording's rows.

    Attributes:
        times: (rows) seconds from the first, rising or equal.
        places: (rows) each row's number, those of missing ones left free; what gaps would have held is not.
        rate_hz: rows a second within stretches.
        stretches: rows without a gap between them.
        wander_s: how far a row is from where an even rate puts it, at most.
        bridged: single samples that are missing within stretches.
        gaps: begin and length of each, in seconds.
    """

    times: np.ndarray
    places: np.ndarray
    rate_hz: float
    stretches: tuple[slice, ...]
    wander_s: float
    bridged: int
    gaps: tuple[tuple[float, float], ...]

    @property
    def even(self) -> bool:
        """Whether rows are taken to be even."""
        return self.wander_s * self.rate_hz <= HALF

    def rows(self, stretch: slice) -> np.ndarray:
        """Places (n) among the rows, with fractions, at even steps of 1 / rate_hz through a stretch."""
        at = self.places[stretch] if self.even else self.times[stretch] * self.rate_hz
        steps = int(at[-1] - at[0] + 1e-6)
        return np.asarray(stretch.start + np.interp(at[0] + np.arange(steps + 1), at, np.arange(len(at))))


def timing_of(path: Path, times: np.ndarray, rows: np.ndarray) -> Timing:
    """From times in seconds (n) and each one's row in the file, for messages.

    Raises InputError where they go back or tell no rate.
    """
    times = times - times[0]
    steps = np.diff(times)
    advice = "give the rate with --rate HZ, and the times are not read"
    if (back := steps < 0).any():
        row = int(back.argmax()) + 1
        raise InputError(
            f"{path}, row {rows[row]}: time goes back, from {times[row - 1]:.9g} s behind the first row to "
            f"{times[row]:.9g} s; sort or divide the recording, or {advice}"
        )
    usual = float(np.median(steps)) if len(steps) else 0.0
    if not usual > 0:
        raise InputError(f"{path}: its times tell no rate (the usual step is {usual:g} s); {advice}")
    is_gap = steps > GAP_STEPS * usual
    if is_gap.sum() > max(1.0, MOST_GAPS * len(steps)):
        raise InputError(
            f"{path}: {is_gap.sum()} of {len(steps)} steps are longer than {GAP_STEPS:g} usual ones of {usual:g} s: "
            f"these are times of packets, or another sensor's rows stand between; {advice}"
        )
    longer = (steps > 1.5 * usual) & ~is_gap
    missing = np.zeros(len(steps), int)
    if longer.mean() <= RARE:
        missing[longer] = np.rint(steps[longer] / usual) - 1
    places = np.concatenate([[0], np.cumsum(1 + missing)]).astype(np.float64)
    ends = [*(np.flatnonzero(is_gap) + 1).tolist(), len(times)]
    stretches = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False) if end - start >= LEAST_ROWS]
    rate = _rate(times, places, stretches)
    wander = max(float(np.ptp(times[one] - places[one] / rate)) / 2 for one in stretches)
    gaps = [(float(times[i]), float(steps[i])) for i in np.flatnonzero(is_gap)]
    return Timing(times, places, rate, tuple(stretches), wander, int(missing.sum()), tuple(gaps))


def _rate(times: np.ndarray, places: np.ndarray, stretches: list[slice]) -> float:
    """Rows a second: the slope of places over times by least squares, one for all stretches."""
    about = [(times[one] - times[one].mean(), places[one] - places[one].mean()) for one in stretches]
    return float(sum(p @ p for _, p in about) / sum(t @ p for t, p in about))
