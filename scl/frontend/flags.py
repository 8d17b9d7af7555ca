"""What a board says of the samples behind an answer, as bits of its flags (firmware/src/app/model.h)."""

import numpy as np

from scl.frontend.sensor import Sensor

SATURATED = 1  # a count was at or beyond a rail of its sensor
LEAD_OFF = 2  # a channel held one count for so long that its lead must be off


def in_words(flags: int) -> str:
    """What stands behind a class on the terminal, two blanks before each flag.

    Examples:
        >>> in_words(SATURATED | LEAD_OFF)
        '  saturated  lead off'
    """
    return "  saturated" * bool(flags & SATURATED) + "  lead off" * bool(flags & LEAD_OFF)


def flags_of(counts: np.ndarray, sensor: Sensor, lead_off_samples: int) -> np.ndarray:
    """What the board says of windows of counts (n, raw_samples, channels): SATURATED and LEAD_OFF, uint8 (n,).

    Args:
        lead_off_samples: so many equal counts mean that a lead is off; 0: none do.

    Examples:
        >>> from scl.frontend.sensor import load_sensor
        >>> still = np.full((1, 5, 1), 7, np.int16)
        >>> flags_of(still, load_sensor("replay-ecg"), lead_off_samples=5).tolist() == [LEAD_OFF]
        True
    """
    low, high = np.array([part.count_range for part in sensor.parts for _ in range(part.axes)]).T
    flags = SATURATED * ((counts <= low) | (counts >= high)).any(axis=(1, 2))
    if lead_off_samples:
        run = longest = np.ones(counts[:, 0].shape, int)  # of equal counts up to here
        for before, now in zip(counts[:, :-1].swapaxes(0, 1), counts[:, 1:].swapaxes(0, 1), strict=True):
            run = np.where(now == before, run + 1, 1)
            longest = np.maximum(longest, run)
        flags = flags | LEAD_OFF * (longest >= lead_off_samples).any(axis=1)
    return np.asarray(flags, np.uint8)
