"""Times in which a channel of a recording stands still while the sensor moves: a stuck axis, a sensor that froze."""

from collections.abc import Sequence

import numpy as np

STUCK_S = 1.5  # of equal samples of a channel, while others move
FROZEN_S = 3.0  # of equal samples of all channels
MOVES = {"a": 0.4, "g": 0.2}  # m/s^2 and rad/s: standard deviation of a channel that moves beyond doubt
STEPS, MANY_STEPS = 20, 100  # of a channel's resolution that it has to scatter by: a coarse one stands still at rest
BEFORE_S = 0.5  # of a movement that ends at once


def stuck_parts(stretches: Sequence[np.ndarray], channels: Sequence[str], rate_hz: float) -> dict[str, float]:
    """Seconds of the longest time in which each channel stands still while another moves, or in which all do at once in
    the midst of a movement. Channels that never change are left out.

    Args:
        stretches: values (n, channels) each.
        channels: ax and so on.
    """
    found: dict[str, float] = {}
    for values in stretches:
        steps = np.array([_resolution(column) for column in values.T])
        fine = values.std(axis=0) / steps
        equal = np.diff(values, axis=0) == 0
        for place in np.flatnonzero(fine > STEPS).tolist():
            for first, last in _runs(equal[:, place], round(STUCK_S * rate_hz)):
                part, seconds = values[first:last], (last - first) / rate_hz
                if np.ptp(part, axis=0).any():
                    wrong = _moving(part, channels)
                else:
                    size = round(BEFORE_S * rate_hz)
                    sides = (values[max(0, first - size) : first], values[last : last + size])
                    wrong = (
                        seconds >= FROZEN_S and fine[place] > MANY_STEPS and any(_moving(s, channels) for s in sides)
                    )
                if wrong:
                    found[channels[place]] = max(found.get(channels[place], 0.0), seconds)
    return found


def _resolution(column: np.ndarray) -> float:
    """The least step between values (n,); infinite for one value."""
    levels = np.unique(column)
    return float(np.diff(levels).min()) if len(levels) > 1 else np.inf


def _runs(equal: np.ndarray, least: int) -> list[tuple[int, int]]:
    """First row, and the one behind the last, of `least` equal samples or more; `equal` (n - 1,) to the next one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], equal, [False]]).astype(np.int8)))
    return [(int(a), int(b) + 1) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a + 1 >= least]


def _moving(part: np.ndarray, channels: Sequence[str]) -> bool:
    return len(part) > 3 and any(column.std() > MOVES[name[0]] for name, column in zip(channels, part.T, strict=True))
