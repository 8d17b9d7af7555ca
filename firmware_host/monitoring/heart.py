"""Heartbeats in the monitor: the newest seconds of the ECG that a board gets, and the beats that it finds there."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from firmware_host.beats import BeatRecord
from firmware_host.model import answered_name
from firmware_host.monitoring.shared import Place, Shared
from scl.artifacts.manifest import BundleManifest

SHOWN_S = 8.0  # of the ECG
LATENCIES = 64  # of which the median is shown


@dataclass(frozen=True, eq=False)
class Beat:
    """A heartbeat that the board answered.

    Attributes:
        at: sample of the recording, or of the board's own sensor, that is its R peak.
        name: of its class.
    """

    at: int
    name: str
    record: BeatRecord


class Heart(Shared):
    """A board of heartbeats and the ECG that it gets.

    Attributes:
        counts: int16 (samples, 1), the newest SHOWN_S at most; `passed`: sample behind them.
        beats: those in that stretch, and the latest one.
        answers: beats so far.
        latencies: samples from the latest R peaks to the samples with which the board answered them.
    """

    def __init__(self, manifest: BundleManifest, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(manifest, now)
        self.seat = Place(manifest)
        self.rate_hz = manifest.sensor.rate_hz
        self.shown = round(SHOWN_S * self.rate_hz)
        self.counts, self.passed = np.zeros((0, 1), np.int16), 0
        self.beats: deque[Beat] = deque()
        self.latencies: deque[int] = deque(maxlen=LATENCIES)
        self.answers = 0

    def place(self, seat: int) -> Place:
        """Of the only board."""
        return self.seat

    @property
    def median_latency_s(self) -> float | None:
        """From an R peak to its answer, in the ECG's time; None before there is one."""
        return float(np.median(self.latencies)) / self.rate_hz if self.latencies else None

    def _begin_anew(self, passed: int) -> None:
        """What comes next joins nothing that was before."""
        self.counts, self.passed = self.counts[:0], passed
        self.beats.clear()
        self.latencies.clear()

    def _show_counts(self, counts: np.ndarray) -> None:
        """Takes the next samples."""
        self.counts = np.concatenate([self.counts, counts])[-self.shown :]
        self.passed += len(counts)
        while len(self.beats) > 1 and self.beats[0].at < self.passed - len(self.counts):
            self.beats.popleft()

    def _show_beats(self, records: Sequence[BeatRecord], base: int) -> list[Beat]:
        """Takes beats, whose samples count from sample `base` on; returns them."""
        beats = [Beat(base + one.sample, answered_name(self.manifest, one.predicted), one) for one in records]
        self.beats.extend(beats)
        self.latencies.extend(one.end - one.sample for one in records)
        self.answers += len(beats)
        return beats
