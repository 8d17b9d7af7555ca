"""ECGs at 180 Hz in microvolts: synthetic ones, and minutes of real ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scl.frontend import bandpass, resampler
from train.data import mitdb
from train.data.ecg import BAND_HZ
from train.data.wfdb_files import Source, read_lead

RATE_HZ = 180.0
# Waves of a beat: seconds behind the R peak, width (standard deviation) in seconds, microvolts.
NORMAL = (
    (-0.16, 0.022, 120.0),
    (-0.03, 0.009, -80.0),
    (0.0, 0.011, 1000.0),
    (0.032, 0.010, -150.0),
    (0.28, 0.05, 220.0),
)
WIDE = ((0.0, 0.032, 1100.0), (0.30, 0.07, -300.0))  # a ventricular beat: no P wave, a T wave of the other sign


def ecg(seconds: float, beats: Sequence[tuple[float, float, tuple]], noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """int64 (samples,): beats, each the seconds of its R peak, a gain and its waves; noise in microvolts."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    x = np.random.default_rng(seed).normal(0, noise, len(t)) if noise else np.zeros(len(t))
    for at, gain, waves in beats:
        for delay, width, height in waves:
            x += gain * height * np.exp(-(((t - at - delay) / width) ** 2) / 2)
    return np.rint(x).astype(np.int64)


def regular(seconds: float, bpm: float = 70.0, phase: float = 0.0) -> np.ndarray:
    """Times of R peaks in seconds, the first after 0.5 s, the last before the end less 1 s."""
    return np.arange(0.5 + phase, seconds - 1, 60 / bpm)


def record(folder: Path, number: int, seconds: float) -> np.ndarray:
    """int64 (samples,): the first seconds of a record of MIT-BIH behind the front end; `folder` holds the data sets."""
    source = Source(folder / "mitdb" / f"{mitdb.ARCHIVE}.zip", "RECORDS", "give the recordings")
    lead = read_lead(source, str(number), mitdb.RATE_HZ, mitdb.LEAD, or_first=True)
    x = np.asarray(lead.x[: round(seconds * mitdb.RATE_HZ)], np.float32)
    slower = resampler.design(mitdb.RATE_HZ, RATE_HZ).aligned(x[None, :, None])
    millivolts = bandpass.design(RATE_HZ, *BAND_HZ).apply(slower)[0, :, 0]
    return np.rint(millivolts * np.float32(1000)).clip(-32767, 32767).astype(np.int64)
