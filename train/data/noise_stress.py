"""Noise stress as the MIT-BIH Noise Stress Test Database does it, with noise that is generated, not recorded.

Its protocol and its calibration are those of WFDB's `nst` (Moody, Muldrow and Mark 1984, Computers in Cardiology 11):
after five minutes the noise is on for two minutes, off for two, and so on. Generated noise is milder or harder than
recorded noise in ways that nobody has measured: figures with it are not comparable with those of the database's own
records.
"""

import numpy as np

from train.data.ecg_noise import generated

KINDS = ("em", "ma", "bw")  # of ecg_noise: electrode motion, muscle, baseline wander
SNR_DB = (24, 18, 12, 6, 0, -6)  # of the database
CLEAN_S, SEGMENT_S = 300.0, 120.0
MOST_MEASURED = 300  # beats, and seconds of noise, that amplitudes are measured on
QRS_S = 0.05  # before and after a beat
TRIMMED = 20  # a twentieth of the measurements is left out at either end


def stressed(x_mv: np.ndarray, rate_hz: float, beats: np.ndarray, snr_db: float, kind: str, seed: int) -> np.ndarray:
    """A lead with noise of a kind at a signal-to-noise ratio: float32 (samples,) mV.

    Args:
        x_mv: (samples,) mV.
        beats: (n,) sample numbers of its normal beats, which its signal power is measured on.
        snr_db: signal power is that of a sine of the QRS complexes' height, p^2 / 8; noise power is the square of its
            RMS, each measured as `nst` does.
        kind: of KINDS.

    As in `nst`, noise begins and ends without a step: the level that it ends on stays until it begins again.
    Raises ValueError without a beat that lies within the lead.
    """
    noise = generated(kind, len(x_mv), rate_hz, np.random.default_rng(seed))
    height, rms = qrs_height(x_mv, rate_hz, beats), noise_rms(noise, rate_hz)
    noise *= height / np.sqrt(8) * 10 ** (-snr_db / 20) / rms
    added, level = np.zeros(len(x_mv)), 0.0
    for on, part in segments(len(x_mv), rate_hz):
        added[part] = noise[part] - noise[part.start] + level if on else level
        level = float(added[part.stop - 1])
    return (x_mv + added).astype(np.float32)


def segments(samples: int, rate_hz: float) -> list[tuple[bool, slice]]:
    """Whether the noise is on, and the samples; from the beginning to the end."""
    first = min(int(CLEAN_S * rate_hz), samples)
    starts = [*range(first, samples, int(SEGMENT_S * rate_hz)), samples]
    noisy = [(index % 2 == 0, slice(*span)) for index, span in enumerate(zip(starts, starts[1:], strict=False))]
    return ([(False, slice(0, first))] if first else []) + noisy


def qrs_height(x_mv: np.ndarray, rate_hz: float, beats: np.ndarray) -> float:
    """Peak to peak height of the QRS complexes in mV, as WFDB's `sigamp -a`: within 50 ms of a beat, the trimmed mean
    of the first 300.
    """
    reach = int(QRS_S * rate_hz + 0.5)
    inside = beats[(beats >= reach) & (beats + reach < len(x_mv))][:MOST_MEASURED]
    if not len(inside):
        raise ValueError("no beat lies within the lead, so its signal power is not known")
    windows = x_mv[inside[:, None] + np.arange(-reach, reach + 1)].astype(np.float64)
    return _trimmed_mean(windows.max(axis=1) - windows.min(axis=1))


def noise_rms(noise: np.ndarray, rate_hz: float) -> float:
    """RMS of noise (samples,), as WFDB's `sigamp`: of each second about its mean, the trimmed mean of the first 300."""
    second = int(rate_hz)
    windows = noise[: len(noise) // second * second].reshape(-1, second)[:MOST_MEASURED]
    return _trimmed_mean(windows.std(axis=1))


def _trimmed_mean(values: np.ndarray) -> float:
    cut = len(values) // TRIMMED
    return float(np.sort(values)[cut : len(values) - cut].mean())
