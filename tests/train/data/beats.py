"""Recordings with annotated beats, for tests."""

import numpy as np

from train.data.recordings import Block, Recordings
from train.transformations import Shift

SHIFT = Shift(0, 20, 100, 2.0)
LABELS = ("N", "S", "V", "F", "Q")


def recordings(seed: int = 0, groups: tuple[int, ...] = (1, 2, 3), samples: int = 1000) -> Recordings:
    """Noise at 10 Hz with beats of every class at random places, some of them close together."""
    rng = np.random.default_rng(seed)
    blocks = []
    for group in groups:
        times = np.sort(rng.choice(samples, 40, replace=False))
        beats = np.stack([times, rng.choice(5, 40, p=[0.8, 0.06, 0.06, 0.04, 0.04])], axis=1)
        blocks.append(Block(group, -1, rng.normal(size=(1, samples)).astype(np.float32), beats))
    return Recordings("noise", 10.0, 10.0, ("ecg",), ("mV",), (("ecg", (0,)),), LABELS, tuple(blocks), "00" * 32)
