"""Recordings of heartbeats disturbed as wearing disturbs them, before the front end;
train/transformations/disturbance.py names the kinds.
"""

from dataclasses import replace

import numpy as np

from scl.artifacts import sha256_bytes
from train.data.ecg_noise import generated
from train.data.recordings import Block, Recordings

JITTER_S = 0.078  # of the place that the detector hands over, to either side
GAIN = 0.2  # standard deviation of the logarithm of the amplitude, drawn for each record
WANDER_MV = 0.3  # a breath's swing of the baseline
MOTION_MV = 0.15  # root mean square of an electrode's motion


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
    return np.asarray(x + WANDER_MV * generated("swing", x.shape[1], rate_hz, rng))


def _motion(x: np.ndarray, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    level = generated("step", x.shape[1], rate_hz, rng)
    return np.asarray(x + MOTION_MV * level / np.sqrt(np.mean(level**2)))
