"""Which way a patient's usual R peak points, so that features with a sign need not have the lead's.

Of the QRS of a beat or of the template (`scl.frontend.beat_template`), h is the largest and l the least sample. It
points down if h + l < 0, and clearly so, or up, if 8 |h + l| > h - l. Two steps, both of integers:

 1. A stream is turned: if its first beat points down, every beat of it is taken with the other sign, before anything is
    measured. So a stream and the same stream with the other sign are one and the same from here on.
 2. The running polarity is 1 for the first beat. From then on it is that of the template before each beat where that is
    clear, and else stays as it is. A single beat of another shape hardly moves the template (its first eight beats
    aside), and a template that is not clear changes nothing. Features with a sign are multiplied by it. A lead that is
    turned round without falling off is followed as slowly as the template follows: in some 130 beats.

A first beat with h + l = 0 is turned in neither; then the two streams differ. firmware/src/frontend/beat_polarity.c is
the same.
"""

import numpy as np

from scl.frontend.beat_shape import QRS, extent

CLEAR = 8  # times |h + l| exceed h - l


def turned(cuts: np.ndarray) -> np.ndarray:
    """Cuts int64 (beats, samples) of a stream, with the sign with which its first beat does not point down.

    Examples:
        >>> cuts = np.zeros((2, 83), np.int64)
        >>> cuts[:, 50] = -900, 700
        >>> turned(cuts)[:, 50].tolist()
        [900, -700]
    """
    return np.asarray(-cuts if len(cuts) and _tilt(cuts[:1])[0] < 0 else cuts)


def running(templates: np.ndarray) -> np.ndarray:
    """The running polarity int64 (beats,) of a turned stream: 1, or -1 where the usual R peak points down.

    Args:
        templates: int64 (beats, samples), before each beat.

    Examples:
        >>> templates = np.zeros((3, 83), np.int64)
        >>> templates[:, 50], templates[:, 55] = (900, 100, 100), (-100, -110, -900)
        >>> running(templates).tolist()
        [1, 1, -1]
    """
    tilt = _tilt(templates)
    clear = CLEAR * np.abs(tilt) > extent(templates[:, QRS])
    latest = np.maximum.accumulate(np.where(clear, np.arange(len(tilt)), -1))  # beat whose template was clear
    return np.where((latest >= 0) & (tilt[latest] < 0), -1, 1)


def _tilt(cuts: np.ndarray) -> np.ndarray:
    q = cuts[:, QRS]
    return np.asarray(q.max(axis=1) + q.min(axis=1))
