"""The test windows and their transformed copies, as a sensor counts them and as the float model sees them.

Transformation 0 is the identity. Both kinds give, for any rows of the test set, the float windows, the counts that are
sent to a board, and the true labels.
"""

from typing import Protocol

import numpy as np

from scl.frontend.counts import replay, to_counts
from scl.frontend.resampler import to_rate
from scl.frontend.spec import FrontEndSpec
from scl.transforms import random_rotations, rotate
from train.data.recordings import Recordings, WindowSet
from train.transformations import Shift


class Copies(Protocol):
    """Windows of a test set under `transforms` transformations."""

    transforms: int
    labels: np.ndarray  # int64 (transforms, n)
    names: tuple[str, ...]  # for reports
    parameters: dict[str, np.ndarray]  # of the transformations, (transforms, ...), for golden.npz

    def windows(self, transform: int) -> np.ndarray:
        """float32 (n, channels, samples) in SI units."""
        ...

    def counts(self, transform: int, rows: np.ndarray) -> np.ndarray:
        """int16 (rows, raw samples, channels) of the front end's sensor."""
        ...


class Rotations:
    """The identity and `draws` rotations of each window, uniform on SO(3): turned in SI units and float64, then counted
    as the front end's sensor would.
    """

    def __init__(self, windows: WindowSet, draws: int, seed: int, frontend: FrontEndSpec) -> None:
        n = len(windows)
        self.x, self.frontend, self.transforms = windows.x, frontend, 1 + draws
        drawn = random_rotations(draws * n, np.random.default_rng(seed)).reshape(draws, n, 3, 3)
        self.rotation = np.concatenate([np.broadcast_to(np.eye(3), (1, n, 3, 3)), drawn])
        self.labels = np.broadcast_to(windows.labels, (self.transforms, n))
        self.parameters = {"rotation": self.rotation}
        self.names = ("as recorded", *(f"rotation {draw}" for draw in range(1, 1 + draws)))

    def windows(self, transform: int) -> np.ndarray:
        return self._turned(transform, np.arange(len(self.x))).astype(np.float32)

    def counts(self, transform: int, rows: np.ndarray) -> np.ndarray:
        return replay(self._turned(transform, rows), self.frontend)[0]

    def _turned(self, transform: int, rows: np.ndarray) -> np.ndarray:
        return np.asarray(rotate(self.x[rows].astype(np.float64), self.rotation[transform, rows]))


class Shifts:
    """The windows as recorded and cut again later, by a grid of shifts: raw counts of the recording itself, with what
    the front end needs before each window.

    Before a record's start and after its end the sensor is taken to have been at rest. A sensor of another rate than
    the recording's is imitated by resampling the record.
    """

    def __init__(
        self, windows: WindowSet, shift: Shift, draws: int, recordings: Recordings, frontend: FrontEndSpec
    ) -> None:
        assert windows.labels_at is not None and windows.starts is not None and windows.blocks is not None
        self.cuts, self.shift, self.frontend = windows, shift, frontend
        self.shifts = np.array([0, *shift.grid(draws)])
        self.transforms = len(self.shifts)
        self.labels = windows.labels_at[:, self.shifts - shift.least].T
        self.parameters = {"shift": np.rint(self.shifts * shift.source_samples).astype(np.int32)}
        later = self.parameters["shift"][1:]
        self.names = ("as recorded", *(f"shift {samples:+d} samples" for samples in later))
        self.blocks, self.starts = windows.blocks, windows.starts
        used = np.unique(self.blocks)
        self.records = {int(b): self._padded(recordings.blocks[b].x, recordings.rate_hz) for b in used}

    def _padded(self, x: np.ndarray, rate_hz: float) -> np.ndarray:
        """Counts (samples, channels) of a record x (channels, samples), with a window's length at rest around it.

        A converter at rest still toggles its last bit; one that stands perfectly still has lost its electrode.
        """
        sensor = self.frontend.sensor
        counts = to_counts(to_rate(x[None].astype(np.float64), rate_hz, sensor.rate_hz), sensor)[0][0]
        length = self.frontend.raw_samples
        padded = np.pad(counts, ((length, length), (0, 0)), mode="edge")
        toggle = np.resize(np.array([0, 1, 0, -1], np.int16), length)[:, None]  # no level of its own
        padded[:length] += toggle
        padded[-length:] += toggle
        return padded

    def windows(self, transform: int) -> np.ndarray:
        first = self.shifts[transform] - self.shift.least
        return np.asarray(self.cuts.x[:, :, first : first + self.shift.samples])

    def counts(self, transform: int, rows: np.ndarray) -> np.ndarray:
        raw, per_sample = self.frontend.raw_samples, self.frontend.resampling.down / self.frontend.resampling.up
        starts = np.rint((self.starts[rows] + self.shifts[transform]) * per_sample).astype(int)
        begins = starts - self.frontend.warmup_samples + raw
        cuts = [self.records[int(b)][i : i + raw] for b, i in zip(self.blocks[rows], begins, strict=True)]
        return np.stack(cuts)
