"""The rows of a table as stretches without gaps, each of one person and one class."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scl.artifacts import InputError
from train.data.guesses import median_step
from train.data.imu_table import Table
from train.data.resample import average, resample, segments

GAP_S, GAP_SAMPLES = 0.2, 5
FASTER = 1.2  # recordings, compared with the model's rate, are averaged; slower ones are interpolated


@dataclass(frozen=True, eq=False)
class Stretch:
    """Rows that follow each other: times (n,) float64 in seconds, values (n, channels) float32; "": not known."""

    subject: str
    label: str
    times_s: np.ndarray
    values: np.ndarray

    @property
    def seconds(self) -> float:
        return float(self.times_s[-1] - self.times_s[0])

    def at(self, rate_hz: float, own_hz: float, uniform: bool) -> np.ndarray:
        """The stretch at a uniform rate, (channels, samples) float32; `own_hz` is the usual rate of its rows, and
        their very rate where they are `uniform`.
        """
        if uniform and own_hz == rate_hz:
            return np.ascontiguousarray(self.values.T)
        return (average if own_hz > FASTER * rate_hz else resample)(self.times_s, self.values, rate_hz)


@dataclass
class Counts:
    """What is no part of any stretch, and where stretches end."""

    missing: int = 0
    repeated: int = 0
    late: int = 0
    set_back: int = 0
    unlabelled: int = 0
    without_subject: int = 0
    gaps: list[float] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Stretches:
    """A table's stretches, the rate of its rows, their usual step and its scatter, and what was left out."""

    rate_hz: float
    jitter_ms: float
    stretches: tuple[Stretch, ...]
    counts: Counts


def cut(table: Table, gap_s: float | None, path: Path) -> Stretches:
    """Cuts a table at gaps, at a clock that is set back, and where subject or class change.

    A step of more than `gap_s` is a gap; None: of more than 0.2 s and five samples. Rows that repeat a time or come
    late are left out, and so are those of nobody where others have a subject; all are counted.

    Raises InputError, naming `path`, where no row is whole, or no step of the clock tells a rate.
    """
    counts = Counts()
    times = np.arange(len(table.values)) / table.rate_hz if table.rate_hz else table.times_s
    assert times is not None
    keep = np.isfinite(table.values).all(axis=1) & ~np.isnan(times)
    counts.missing = int((~keep).sum())
    if not keep.any():
        raise InputError(
            f"{path}: none of its {len(keep)} rows has all values; fill in the empty column, or name another"
        )
    rate_hz = table.rate_hz or _rate_hz(times[keep], path)
    gap_s = gap_s or max(GAP_S, GAP_SAMPLES / rate_hz)
    subjects, labels = table.subjects.codes, table.labels.codes
    borders = np.flatnonzero((np.diff(subjects) != 0) | (np.diff(labels) != 0)) + 1
    edges = [0, *sorted({*borders.tolist(), *table.starts}), len(times)]
    found = []
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        rows = np.flatnonzero(keep[first:last]) + first
        if not len(rows):
            continue
        if labels[rows[0]] < 0:
            counts.unlabelled += len(rows)
        if subjects[rows[0]] < 0 and table.subjects.names:
            counts.without_subject += len(rows)
            continue
        subject = table.subjects.names[subjects[rows[0]]] if subjects[rows[0]] >= 0 else ""
        label = table.labels.names[labels[rows[0]]] if labels[rows[0]] >= 0 else ""
        for part in _continuous(times[rows], gap_s, counts):
            at = rows[part]
            found.append(Stretch(subject, label, times[at], table.values[at].astype(np.float32)))
    return Stretches(rate_hz, 0.0 if table.rate_hz else _jitter_ms(found), tuple(found), counts)


def _continuous(times: np.ndarray, gap_s: float, counts: Counts) -> Iterator[np.ndarray]:
    """Indices of the stretches of a run of rows, which all advance the clock."""
    steps = np.diff(times)
    back = np.flatnonzero(steps < -gap_s) + 1
    counts.set_back += len(back)
    for part in np.split(np.arange(len(times)), back):
        own = times[part]
        forward = np.ones(len(own), dtype=bool)
        forward[1:] = own[1:] > np.maximum.accumulate(own)[:-1]
        repeated = int((np.diff(own) == 0).sum())
        counts.repeated += repeated
        counts.late += max(0, int((~forward).sum()) - repeated)
        part, own = part[forward], own[forward]
        counts.gaps += np.diff(own)[np.diff(own) > gap_s].tolist()
        yield from (part[one] for one in segments(own, gap_s) if one.stop - one.start > 1)


def _rate_hz(times: np.ndarray, path: Path) -> float:
    """Rows per second, from the steps that are no gaps: their mean, which rounded times do not shift."""
    usual = median_step(times)
    if usual is None:
        raise InputError(
            f"{path}: the times of its {len(times)} rows never advance; a spreadsheet may have rounded them: export "
            "the file again, or give rate_hz under [time] instead of a column"
        )
    steps = np.diff(times)
    return 1.0 / float(steps[(steps >= 0) & (steps <= 3 * usual)].mean())


def _jitter_ms(stretches: list[Stretch]) -> float:
    """The standard deviation of the steps, in milliseconds."""
    steps = [np.diff(stretch.times_s) for stretch in stretches]
    return float(np.concatenate(steps).std() * 1000) if steps else 0.0
