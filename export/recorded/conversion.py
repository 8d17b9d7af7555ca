"""A recording's numbers as a sensor's counts: to SI units, to the sensor's rate, to counts within its rails."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from export.recorded.rate import resampled
from export.recorded.reading import Recording
from scl.artifacts import InputError
from scl.frontend.counts import to_counts
from scl.frontend.sensor import Sensor

MOST_SAMPLES = 1 << 24  # 46 hours at 100 Hz


@dataclass(frozen=True, eq=False)
class Counts:
    """What becomes a capture file.

    Attributes:
        counts: (samples, channels) int16.
        label: (samples), or empty.
        clipped: values beyond the rails, by the part's kind.
        dropped: samples that the gaps would have held.
    """

    counts: np.ndarray
    label: tuple[str, ...]
    clipped: dict[str, int]
    dropped: int


def convert(path: Path, recording: Recording, ratio: Fraction) -> Counts:
    """A recording at `ratio` times its rate, stretch behind stretch.

    Raises InputError for more samples than MOST_SAMPLES.
    """
    sensor, timing, texts = recording.sensor, recording.timing, recording.labels
    samples = sum((timing.times[one.stop - 1] - timing.times[one.start]) for one in timing.stretches) * sensor.rate_hz
    if samples > MOST_SAMPLES:
        raise InputError(
            f"{path}: is {samples:,.0f} samples at {sensor.rate_hz:g} Hz, expected {MOST_SAMPLES:,} at most; divide it"
        )
    counts, labels = [], list[str]()
    clipped = dict.fromkeys((part.kind for part in sensor.parts), 0)
    for stretch in timing.stretches:
        places = timing.rows(stretch)
        inside = np.arange(stretch.start, stretch.stop)
        even = np.stack([np.interp(places, inside, column[stretch]) for column in recording.x.T])
        of_stretch, beyond = _counts(resampled(even, ratio), sensor)
        counts.append(of_stretch)
        clipped = {kind: clipped[kind] + beyond[kind] for kind in clipped}
        if texts:
            at = np.interp(np.arange(len(of_stretch)) / float(ratio), np.arange(len(places)), places)
            labels += [texts[row] for row in np.rint(at).astype(int)]
    dropped = sum(max(0, round(length * sensor.rate_hz) - 1) for _, length in timing.gaps)
    return Counts(np.concatenate(counts), tuple(labels), clipped, dropped)


def _counts(x: np.ndarray, sensor: Sensor) -> tuple[np.ndarray, dict[str, int]]:
    """Counts (samples, channels) of x (channels, samples), and how many values are beyond each part's rails."""
    counts, clipped = [], {}
    for part, rows in zip(sensor.parts, sensor.slices.values(), strict=True):
        wide, saturated = to_counts(x[None, rows], Sensor(sensor.name, sensor.rate_hz, (part,)))
        low, high = part.count_range
        clipped[part.kind] = int(((wide[0] < low) | (wide[0] > high)).sum()) or int(saturated[0])
        counts.append(np.clip(wide[0], low, high))
    return np.concatenate(counts, axis=1), clipped
