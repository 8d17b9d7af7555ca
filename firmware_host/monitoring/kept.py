"""What was sent to the board, kept for a capture file."""

from dataclasses import dataclass, field

import numpy as np

from scl.artifacts.capture import Capture
from scl.frontend.sensor import Sensor

MOST_SAMPLES = 1 << 20  # three hours at 100 Hz


@dataclass
class Kept:
    """The newest samples of every step, as they were sent last.

    Attributes:
        on: what is answered is kept.
        full: MOST_SAMPLES are kept, and no further ones.
    """

    on: bool = False
    full: bool = False
    samples: int = 0
    _parts: list[tuple[np.ndarray, str]] = field(default_factory=list)
    _turn: int = -1  # of the source's steps, the one that the last part is of

    def start(self) -> None:
        """Forgets what was kept and keeps from now on."""
        self.on, self.full, self.samples, self._parts, self._turn = True, False, 0, [], -1

    def add(self, turn: int, counts: np.ndarray, fresh: int, label: str) -> None:
        """The window counts (samples, channels) that step `turn` sent; a later one of the same step takes its place."""
        if not self.on or self.full:
            return
        if turn == self._turn:
            self.samples -= len(self._parts.pop()[0])
        begins = not self._parts
        part = counts if begins else counts[len(counts) - fresh :]
        self._parts.append((part.copy(), label))
        self._turn, self.samples = turn, self.samples + len(part)
        self.full = self.samples >= MOST_SAMPLES

    def capture(self, sensor: Sensor, channels: tuple[str, ...]) -> Capture:
        """As a recording. Raises ValueError if nothing was kept."""
        if not self._parts:
            raise ValueError("nothing was recorded")
        counts = np.concatenate([part for part, _ in self._parts])
        label = tuple(name for part, name in self._parts for _ in range(len(part)))
        return Capture(sensor.name, sensor.rate_hz, channels, counts, label=label if any(label) else ())
