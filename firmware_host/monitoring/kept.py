"""What was sent to the board, kept for a capture file."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from scl.artifacts.capture import Capture
from scl.frontend.sensor import Sensor

MOST_SAMPLES = 1 << 20  # three hours at 100 Hz


class _Part(NamedTuple):
    """Samples (n, channels) up to sample `end` of the stream, and how many before them are missing."""

    end: int
    counts: np.ndarray
    missing: int
    label: str


@dataclass
class Kept:
    """Each sample of a stream once, as it was sent last.

    Attributes:
        on: what is answered is kept.
        full: MOST_SAMPLES are kept, and no further ones.
        samples: kept so far.
    """

    on: bool = False
    full: bool = False
    samples: int = 0
    _parts: list[_Part] = field(default_factory=list)

    def start(self) -> None:
        """Forgets what was kept and keeps from now on."""
        self.on, self.full, self.samples, self._parts = True, False, 0, []

    def press(self, button: str) -> None:
        """Begins with the button "record", ends with "stop"; no other changes anything."""
        if button == "record":
            self.start()
        elif button == "stop":
            self.on = False

    def add(self, end: int, counts: np.ndarray, label: str) -> None:
        """Counts (samples, channels) that were sent, the last of them sample `end` - 1 of the stream.

        What came before is not kept twice; counts up to the same end take the place of the ones before.
        """
        if not self.on or self.full:
            return
        if self._parts and self._parts[-1].end == end:
            self.samples -= len(self._parts.pop().counts)
        passed = end - self._parts[-1].end if self._parts else len(counts)
        part = counts[max(0, len(counts) - passed) :].copy()
        self._parts.append(_Part(end, part, passed - len(part), label))
        self.samples += len(part)
        self.full = self.samples >= MOST_SAMPLES

    def capture(self, sensor: Sensor, channels: tuple[str, ...]) -> Capture:
        """As a recording. Raises ValueError if nothing was kept."""
        if not self._parts:
            raise ValueError("nothing was recorded")
        counts = np.concatenate([part.counts for part in self._parts])
        label = tuple(part.label for part in self._parts for _ in range(len(part.counts)))
        missing = sum(part.missing for part in self._parts)
        return Capture(
            sensor.name, sensor.rate_hz, channels, counts, label=label if any(label) else (), dropped=missing
        )
