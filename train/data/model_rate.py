"""The rate that a model of ECG recordings sees: what is asked for, or what a board can make of theirs."""

from fractions import Fraction

from scl.artifacts import InputError
from scl.frontend.resampler import MAX_UP, nearest_served, served
from train.data.ecg import check_band
from train.data.recordings import Recordings


def model_rate(recordings: Recordings, usual_hz: float, wanted_hz: float = 0.0) -> float:
    """The rate of a model.

    Args:
        usual_hz: of the data set's models.
        wanted_hz: by options; 0: the usual rate, or one near it that the recordings can be brought to.

    Raises InputError for a rate that the band-pass or the resampler cannot do.
    """
    recorded_hz = recordings.rate_hz
    rate_hz = wanted_hz or nearest(recorded_hz, usual_hz)
    check_band(recordings.name, rate_hz)
    if not served(recorded_hz, rate_hz):
        near = " or ".join(f"{hz:g}" for hz in nearest_served(recorded_hz, rate_hz))
        raise InputError(
            f"{recordings.name}: was recorded at {recorded_hz:g} Hz, which the board's resampler cannot bring to "
            f"{rate_hz:g} Hz; train with --rate {near}"
        )
    return rate_hz


def nearest(recorded_hz: float, usual_hz: float) -> float:
    """The usual rate, or the recordings' own if they are slower, or the nearest that a board can make of theirs (of 257
    Hz 179.9 and not 180).
    """
    if recorded_hz <= usual_hz:
        return recorded_hz
    found = Fraction(1)
    for up in range(1, MAX_UP + 1):
        ratio = Fraction(up, max(round(recorded_hz * up / usual_hz), up))
        if abs(recorded_hz * ratio - usual_hz) < abs(recorded_hz * found - usual_hz):
            found = ratio
    return recorded_hz * found.numerator / found.denominator
