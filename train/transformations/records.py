"""Recordings as a board's sensor would have counted them, from which windows are cut with what lies around them."""

from typing import TYPE_CHECKING

import numpy as np

from scl.frontend.counts import to_counts
from scl.frontend.resampler import to_rate
from scl.frontend.spec import FrontEndSpec

if TYPE_CHECKING:
    from train.data.recordings import Recordings


class SensorRecords:
    """The blocks of recordings that windows are cut from, as counts of the front end's sensor.

    Before a record's start and after its end the sensor is taken to have been at rest. A sensor of another rate than
    the recording's is imitated by resampling the record.

    Args:
        used: indices of the blocks.
        behind: samples of the sensor that are cut behind a window, at most.
    """

    def __init__(self, used: np.ndarray, recordings: "Recordings", frontend: FrontEndSpec, behind: int = 0) -> None:
        self.frontend, self.rest = frontend, frontend.raw_samples + behind
        blocks = np.unique(used).tolist()
        self.records = {b: self._padded(recordings.blocks[b].x, recordings.rate_hz) for b in blocks}

    def _padded(self, x: np.ndarray, rate_hz: float) -> np.ndarray:
        """Counts (samples, channels) of a record x (channels, samples), with a window's length at rest around it.

        A converter at rest still toggles its last bit; one that stands perfectly still has lost its electrode.
        """
        sensor = self.frontend.sensor
        counts = to_counts(to_rate(x[None].astype(np.float64), rate_hz, sensor.rate_hz), sensor)[0][0]
        padded = np.pad(counts, ((self.rest, self.rest), (0, 0)), mode="edge")
        toggle = np.resize(np.array([0, 1, 0, -1], np.int16), self.rest)[:, None]  # no level of its own
        padded[: self.rest] += toggle
        padded[-self.rest :] += toggle
        return padded

    def cut(self, blocks: np.ndarray, starts: np.ndarray, behind: int = 0) -> np.ndarray:
        """Counts int16 (n, raw_samples + behind, channels) of windows that begin, behind what the front end needs
        before them, with the samples `starts` (n,) of `blocks` (n,) at the model's rate.
        """
        spec = self.frontend
        firsts = np.rint(starts * (spec.resampling.down / spec.resampling.up)).astype(int)
        begins, length = firsts - spec.warmup_samples + self.rest, spec.raw_samples + behind
        return np.stack([self.records[int(b)][i : i + length] for b, i in zip(blocks, begins, strict=True)])

    def room(self, blocks: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Samples (n,) of the sensor that the recording goes on behind these windows."""
        spec = self.frontend
        ends = np.rint(starts * (spec.resampling.down / spec.resampling.up)) - spec.warmup_samples + spec.raw_samples
        return np.asarray([len(self.records[int(b)]) - 2 * self.rest for b in blocks] - ends)
