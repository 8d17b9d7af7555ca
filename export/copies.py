"""The test windows and their rotated copies, as the sensor counts them and as the network sees them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from export.frontend import FrontEnd
from export.replay import replay
from scl.transforms import random_rotations, rotate


@dataclass(frozen=True, eq=False)
class Copies:
    """Every window under every transformation; transformation 0 is the identity."""

    rotation: np.ndarray  # float64 (transforms, windows, 3, 3)
    counts: np.ndarray  # int16 (transforms, windows, raw samples, channels)
    saturated: np.ndarray  # int32 (transforms, windows), counts beyond int16
    inputs: np.ndarray  # int8 (transforms, windows, samples, channels)

    @classmethod
    def make(cls, windows: np.ndarray, rotation: np.ndarray, frontend: dict[str, Any]) -> "Copies":
        """Copies of windows (n, channels, samples) in SI units by rotation (transforms, n, 3, 3).

        Turned in SI units and float64, then counted as the manifest's sensor would, then through the front end.
        """
        front_end = FrontEnd.from_manifest(frontend)
        replayed = [replay(rotated(windows, turn), frontend) for turn in rotation]
        counts, saturated = (np.stack(parts) for parts in zip(*replayed, strict=True))
        inputs = np.stack([front_end.quantized_windows(part) for part in counts])
        return cls(rotation, counts, saturated, inputs)

    def take(self, rows: np.ndarray) -> "Copies":
        """The copies of some windows."""
        return Copies(self.rotation[:, rows], self.counts[:, rows], self.saturated[:, rows], self.inputs[:, rows])

    @property
    def flat_inputs(self) -> np.ndarray:
        """int8 (transforms * windows, samples, channels), transformation by transformation."""
        return self.inputs.reshape(-1, *self.inputs.shape[2:])


def draw_rotations(draws: int, windows: int, seed: int) -> np.ndarray:
    """The identity and `draws` rotations, uniform on SO(3), for each window: float64 (1 + draws, windows, 3, 3)."""
    drawn = random_rotations(draws * windows, np.random.default_rng(seed)).reshape(draws, windows, 3, 3)
    identity = np.broadcast_to(np.eye(3), (1, windows, 3, 3))
    return np.concatenate([identity, drawn])


def rotated(windows: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Windows (n, channels, samples) in SI units, turned in float64 by rotation (n, 3, 3)."""
    return rotate(windows.astype(np.float64), rotation)
