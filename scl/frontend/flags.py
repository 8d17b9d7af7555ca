"""What a board says of the samples behind an answer, as bits of its flags (firmware/src/app/model.h)."""

import numpy as np

from scl.frontend.sensor import Sensor

SATURATED = 1  # a count was at or beyond a rail of its sensor
LEAD_OFF = 2  # a channel held one count for so long that its lead must be off, or its sensor have stopped


def in_words(flags: int) -> str:
    """What stands behind a class on the terminal, two blanks before each flag.

    Examples:
        >>> in_words(SATURATED | LEAD_OFF)
        '  saturated  no signal'
    """
    return "  saturated" * bool(flags & SATURATED) + "  no signal" * bool(flags & LEAD_OFF)


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
    lead_off = lead_off_at(counts, lead_off_samples).any(axis=1)
    return np.asarray(SATURATED * saturated_at(counts, sensor).any(axis=1) | LEAD_OFF * lead_off, np.uint8)


def saturated_at(counts: np.ndarray, sensor: Sensor) -> np.ndarray:
    """Of each sample of counts (..., samples, channels), whether one is at or beyond a rail: bool (..., samples).

    Examples:
        >>> from scl.frontend.sensor import load_sensor
        >>> saturated_at(np.array([[32767], [1]], np.int16), load_sensor("replay-ecg")).tolist()
        [True, False]
    """
    low, high = np.array([part.count_range for part in sensor.parts for _ in range(part.axes)]).T
    return np.asarray(((counts <= low) | (counts >= high)).any(axis=-1))


def lead_off_at(counts: np.ndarray, lead_off_samples: int) -> np.ndarray:
    """Of each sample of counts (..., samples, channels), whether a channel has held one count for so long, within them:
    bool (..., samples).

    Examples:
        >>> lead_off_at(np.array([[1], [2], [2], [2], [3]], np.int16), lead_off_samples=3).tolist()
        [False, False, False, True, False]
    """
    if not lead_off_samples or not counts.size:
        return np.zeros(counts.shape[:-1], bool)
    number = np.arange(counts.shape[-2], dtype=np.int32)[:, None]
    changed = np.where(counts[..., 1:, :] != counts[..., :-1, :], number[1:], 0)
    held = number[1:] - np.maximum.accumulate(changed, axis=-2) + 1
    off = np.zeros(counts.shape[:-1], bool)
    off[..., 0], off[..., 1:] = lead_off_samples == 1, (held >= lead_off_samples).any(axis=-1)
    return off


def flags_at(counts: np.ndarray, sensor: Sensor, lead_off_samples: int, span: int, ends: np.ndarray) -> np.ndarray:
    """What the board says of the newest `span` samples of a stream of counts (samples, channels), when it has taken
    `ends` (n,) of them: SATURATED and LEAD_OFF, uint8 (n,).

    Examples:
        >>> from scl.frontend.sensor import load_sensor
        >>> counts = np.array([[32767], [1], [2], [3]], np.int16)
        >>> flags_at(counts, load_sensor("replay-ecg"), 0, span=2, ends=np.array([2, 3])).tolist()
        [1, 0]
    """
    saturated, lead_off = saturated_at(counts, sensor), lead_off_at(counts, lead_off_samples)
    flags = SATURATED * _newest(saturated, span, ends) | LEAD_OFF * _newest(lead_off, span, ends)
    return np.asarray(flags, np.uint8)


def _newest(so: np.ndarray, span: int, ends: np.ndarray) -> np.ndarray:
    """Whether one of the newest `span` samples was so."""
    latest = np.maximum.accumulate(np.where(so, np.arange(len(so)), -span))
    return np.asarray(latest[ends - 1] >= ends - span)
