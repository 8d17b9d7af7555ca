"""The blocks of a CAPTURE put together: each sample once and in order, and what is missing counted.

The line may lose blocks, double them and let them come late, and nothing that a board says of its samples is believed
unless it fits with what it said before.
"""

import numpy as np

from firmware_host.message_error import MessageError


class Blocks:
    """What has come of `samples` samples of `channels` counts.

    A board ends by itself with the sample that brings the count to `samples`. If its sensor was read late just then,
    that is a later one, by at most `late` samples.

    Attributes:
        end: the sensor's samples that have passed, lost ones included.
        skipped: blocks that came a second time, or behind a later one.
    """

    def __init__(self, samples: int, channels: int, late: int) -> None:
        self.samples = samples
        self.end = 0
        self.skipped = 0
        self._late = late
        self._dropped = 0  # by the board itself, of those that have passed
        self._counts = np.empty((samples, channels), np.int16)
        self._kept = 0

    @property
    def counts(self) -> np.ndarray:
        """Counts (n, channels) int16 of the samples that came."""
        return self._counts[: self._kept]

    @property
    def lost(self) -> int:
        """Samples that passed and did not come."""
        return self.end - self._kept

    def take(self, start: int, dropped: int, counts: np.ndarray) -> bool:
        """Adds the block of `counts` (n, channels) int16 from sample `start` on; whether more samples have passed.

        `dropped` is what the board says that it has lost so far. An empty block tells how far it is. Raises
        MessageError for a block that no board sends.
        """
        after = start + len(counts)
        if start < self.end:
            if after > self.end:
                raise MessageError(
                    f"a CAPTURE block of samples {start} to {after}, of which sample {self.end} is the next"
                )
            self.skipped += 1
            return False
        sent = self.end - self._dropped  # by the board so far, at the least
        if not self._dropped <= dropped <= start - sent:
            raise MessageError(
                f"a CAPTURE block that counts {dropped} of {start} samples as dropped; {self._dropped} were before and "
                f"{sent} were sent"
            )
        if after > self.samples + min(dropped - self._dropped, self._late):
            raise MessageError(f"a CAPTURE block of samples {start} to {after}; {self.samples} were asked for")
        self._counts[self._kept : self._kept + len(counts)] = counts
        self._kept += len(counts)
        self._dropped = dropped
        passed = after > self.end
        self.end = after
        return passed
