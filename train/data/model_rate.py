"""The rate that a model of ECG recordings sees, and which rates it cannot see."""

from scl.artifacts import InputError
from scl.frontend import resampler
from train.data.ecg import BAND_HZ
from train.data.recordings import Recordings

MODEL_HZ = 180.0  # of sets that ask for no other


def model_rate(recordings: Recordings, wanted_hz: float | None) -> float:
    """The rate that a model of these recordings sees.

    Args:
        wanted_hz: what options or the data set ask for; None: 180, else half of the recordings' own rate as often as
            it is more.

    Raises InputError for a rate that the band-pass or the resampler cannot do.
    """
    recorded_hz = recordings.rate_hz
    rate_hz = wanted_hz or MODEL_HZ
    if wanted_hz is None and not resampler.served(recorded_hz, MODEL_HZ):
        rate_hz = recorded_hz
        while rate_hz > MODEL_HZ:
            rate_hz /= 2
    check_band(rate_hz)
    if not resampler.served(recorded_hz, rate_hz):
        nearest = " and ".join(f"{hz:g}" for hz in resampler.nearest_served(recorded_hz, rate_hz))
        raise InputError(
            f"{recordings.name}: was recorded at {recorded_hz:g} Hz, which the board's resampler cannot bring to "
            f"{rate_hz:g} Hz; nearest rates for --rate: {nearest}"
        )
    return rate_hz


def check_band(rate_hz: float) -> None:
    """Raises InputError for a model too slow for the band-pass."""
    if rate_hz <= 2 * BAND_HZ[1]:
        raise InputError(
            f"a model of ECG at {rate_hz:g} Hz cannot have the band of {BAND_HZ[0]:g} to {BAND_HZ[1]:g} Hz; give "
            f"--rate above {2 * BAND_HZ[1]:g}"
        )
