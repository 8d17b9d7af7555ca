"""How long a chunk should be on a line that damages bytes: docs/PROTOCOL.md, "Time-outs, repetition and frame length".

A chunk of d bytes of samples has OVERHEAD_BYTES around it. With each byte damaged with probability p it arrives with
(1 - p)^(d + h), so d / (d + h) (1 - p)^(d + h) of the bytes sent are samples that count. The derivative of its
logarithm is h / (d (d + h)) - L with L = -ln(1 - p), so it is largest at d = -h/2 + sqrt(h^2/4 + h/L).
"""

import math
from dataclasses import dataclass

from firmware_host.protocol import MAX_PAYLOAD, wire_size

OVERHEAD_BYTES = wire_size(4) + 1  # of a WINDOW or SAMPLES frame, with a second COBS code
FIRST_BYTES = 111  # of samples in the first chunk: the best where one byte in a thousand is damaged
OPENING_BYTES = 4096  # that have to arrive before the line is taken for a clean one
MEMORY_BYTES = 16_384  # sent; what was lost longer ago counts e times less for each


@dataclass
class Noise:
    """The losses of late: frames of which no answer came, and the bytes that were sent."""

    frames: float = 0.0  # lost, older ones counting less
    sent: float = 0.0  # bytes, likewise

    @property
    def losses(self) -> bool:
        """Whether a frame was lost of late."""
        return self.frames > math.exp(-4)

    @property
    def careful(self) -> bool:
        """Whether frames have to be expected to get lost: some were, or too little has arrived to know."""
        return self.losses or self.sent < OPENING_BYTES

    @property
    def rate(self) -> float:
        """L: losses per byte sent."""
        return self.frames / self.sent if self.sent else 0.0

    def arrived(self, size: int) -> None:
        """A frame of `size` bytes on the wire was answered."""
        self._fade(size)

    def lost(self, size: int) -> None:
        """One was not: it or its answer is lost."""
        self._fade(size)
        self.frames += 1

    def best_bytes(self) -> int:
        """Bytes of samples in a chunk that the line carries best; as long as none is lost, half of what has arrived."""
        if not self.losses:
            return min(MAX_PAYLOAD, max(FIRST_BYTES, int(self.sent / 2)))
        half = OVERHEAD_BYTES / 2
        return min(MAX_PAYLOAD, int(math.sqrt(half * half + OVERHEAD_BYTES / self.rate) - half))

    def __str__(self) -> str:
        return f"{self.frames:.0f} of the latest frames were lost, one in {self.sent / max(self.frames, 1):.0f} bytes"

    def _fade(self, size: int) -> None:
        keep = math.exp(-size / MEMORY_BYTES)
        self.frames *= keep
        self.sent = self.sent * keep + size
