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


@dataclass(frozen=True, eq=False)
class Timing:
    """Times of a recording's rows.

    Attributes:
        times: (rows) seconds from the first, rising or equal.
        rate_hz: rows a second within stretches.
        stretches: rows without a gap between them.
        wander_s: how far a row is from where an even rate puts it, at most.
        bridged: single samples that are missing within stretches.
        gaps: begin and length of each, in seconds.
    """

    times: np.ndarray
    rate_hz: float
    stretches: tuple[slice, ...]
    wander_s: float
    bridged: int
    gaps: tuple[tuple[float, float], ...]

    @property
    def even(self) -> bool:
        """Whether rows are taken as they are."""
        return self.wander_s * self.rate_hz <= 0.5 and not self.bridged

    def rows(self, stretch: slice) -> np.ndarray:
        """Places (n) among the rows, with fractions, at even steps of 1 / rate_hz through a stretch."""
        if self.even:
            return np.arange(stretch.start, stretch.stop, dtype=np.float64)
        times = self.times[stretch]
        steps = int((times[-1] - times[0]) * self.rate_hz + 1e-6)
        return stretch.start + np.asarray(
            np.interp(times[0] + np.arange(steps + 1) / self.rate_hz, times, np.arange(len(times)))
        )


def timing_of(path: Path, times: np.ndarray, lines: np.ndarray) -> Timing:
    """From times in seconds (rows). Raises InputError where they go back, with the line, and where they tell no rate."""
    times = times - times[0]
    steps = np.diff(times)
    advice = "give the rate with --rate HZ, and the times are not read"
    if (back := steps < 0).any():
        row = int(back.argmax()) + 1
        raise InputError(
            f"{path}, line {lines[row]}: time goes back, from {times[row - 1]:.9g} s behind the first row to "
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
    ends = [*(np.flatnonzero(is_gap) + 1).tolist(), len(times)]
    inside = steps[~is_gap]
    longer = inside > 1.5 * usual
    rare = longer.mean() <= RARE
    rate = 1 / float(inside[~longer].mean() if rare else inside.mean())
    bridged = int((np.rint(inside[longer] * rate) - 1).sum()) if rare else 0
    stretches = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False) if end - start >= LEAST_ROWS]
    if not stretches:
        raise InputError(f"{path}: every second row is behind a gap; {advice}")
    gaps = [(float(times[i]), float(steps[i])) for i in np.flatnonzero(is_gap)]
    wander = max(_wander(times[one], rate) for one in stretches)
    return Timing(times, rate, tuple(stretches), wander, bridged, tuple(gaps))


def _wander(times: np.ndarray, rate: float) -> float:
    """Seconds from the even times that are nearest."""
    late = times - np.arange(len(times)) / rate
    return float(np.ptp(late)) / 2
