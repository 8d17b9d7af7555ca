"""Recordings of heartbeats disturbed as wearing disturbs them, before the front end;
train/transformations/disturbance.py names the kinds.
"""

from dataclasses import replace

import numpy as np

from scl.artifacts import sha256_bytes
from train.data.recordings import Block, Recordings

JITTER_S = 0.078  # of the place that the detector hands over, to either side
GAIN = 0.2  # standard deviation of the logarithm of the amplitude, drawn for each record
WANDER_MV, WANDER_HZ = 0.3, (0.05, 0.4)  # a breath's swing of the baseline, and its rate
MOTION_MV, MOTION_S = 0.15, 1.5  # root mean square of an electrode's motion, and how fast it is forgotten


def disturbed(recordings: Recordings, kind: str, seed: int = 0) -> Recordings:
    """A copy of ECG recordings as they were recorded, disturbed by one kind: "gain", "baseline wander" or "electrode
    motion", each record by a draw of its own.
    """
    change = {"gain": _gain, "baseline wander": _wander, "electrode motion": _motion}[kind]

    def block(b: Block) -> Block:
        rng = np.random.default_rng([seed, b.group, *kind.encode()])
        return replace(b, x=np.asarray(change(b.x, recordings.rate_hz, rng), np.float32))

    sha256 = sha256_bytes(f"{recordings.sha256} {kind} {seed}".encode())
    return replace(recordings, blocks=tuple(map(block, recordings.blocks)), sha256=sha256)


def jittered(at: np.ndarray, rate_hz: float, seed: int) -> np.ndarray:
    """Places (n,) moved by up to JITTER_S to either side, in whole samples."""
    most = round(JITTER_S * rate_hz)
    return np.asarray(at + np.random.default_rng(seed).integers(-most, most + 1, len(at)))


def _gain(x: np.ndarray, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(x * np.exp(GAIN * rng.standard_normal()))


def _wander(x: np.ndarray, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    """A swing whose rate drifts within WANDER_HZ."""
    low, high = WANDER_HZ
    seconds = np.arange(x.shape[1]) / rate_hz
    hz = low + (high - low) * (0.5 + 0.5 * np.sin(2 * np.pi * (seconds / 30 + rng.random())))
    return np.asarray(x + WANDER_MV * np.sin(2 * np.pi * (np.cumsum(hz) / rate_hz + rng.random())))


def _motion(x: np.ndarray, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    """A level that moves in random steps and returns to zero."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / (MOTION_S * rate_hz))
    steps = rng.standard_normal(x.shape) * (rng.random(x.shape) < 2 / rate_hz)  # two a second
    level = lfilter([1.0], [1.0, -keep], steps, axis=1)
    return np.asarray(x + MOTION_MV * level / np.sqrt(np.mean(level**2)))
