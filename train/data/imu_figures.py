"""What a file's values say of themselves: range, |a| at rest, clipping, and how turning and gravity agree.

Nothing here takes a unit for granted, so that a wrong one can be seen.
"""

from dataclasses import dataclass

import numpy as np

from train.data.imu_copies import Copies, marks_of
from train.data.imu_runs import stuck_parts
from train.data.imu_stretches import Stretch, Stretches
from train.data.imu_table import KINDS, Table
from train.data.imu_turn import MOST_SAMPLES, Turn, turn

REST_S = 0.5  # of the windows in which a sensor rests or not
STILL = 0.03  # most that the acceleration scatters at rest, as a share of its length
LEAST_STILL, LEAST_BIAS = 3, 10  # windows
AT_RAIL, IN_A_ROW = 5, 3  # samples
NEAR_RAIL = 0.05  # of a channel's range
COARSE = 8  # levels of an axis of a coarse sensor at rest
LEAST_LEVELS = 25  # steps of a channel, below which a top is no rail but coarse
LEAST_S = 5.0  # in which |a| has a mean of 1 g or more, however one moves
STILL_RAD = 0.05  # rad/s, standard deviation of a gyroscope at rest


@dataclass(frozen=True)
class FileFigures:
    """A file's figures, SI units by what it is described as.

    Attributes:
        seconds: of each person and class.
        rest: |a| at rest, or in the stillest tenth where it never rests; None: no accelerometer.
        rests: whether it does.
        peak: largest absolute value of each sensor.
        still: channels that never change.
        clipped: for each channel that stops at a rail the share of its samples there, and the rail.
        means: mean acceleration (3) of each person and class.
        turn: None where there is too little to compare.
        missing, malformed, late: rows that are left out.
        stuck: channels that stand still for a time, and how long in seconds.
        least: the smallest mean of |a| over 5 s; None: no accelerometer, or nothing so long.
        bias: mean of each axis of the gyroscope at rest; None where it never rests, or has none.
        spin: mean of each axis of the gyroscope.
        turning: root mean square of the angular rate of each person and class.
        copies: what tells whether it is there twice.
        lengths: seconds of each stretch with a class.
    """

    name: str
    rows: int
    seconds: dict[tuple[str, str], float]
    rate_hz: float
    fixed: bool
    clock_hz: float | None
    jitter_ms: float
    repeated: int
    set_back: int
    gaps: tuple[float, ...]
    rest: float | None
    rests: bool
    peak: dict[str, float]
    still: tuple[str, ...]
    clipped: dict[str, tuple[float, float]]
    means: dict[tuple[str, str], tuple[float, float, float]]
    turn: Turn | None
    missing: int
    malformed: int
    late: int
    stuck: dict[str, float]
    least: float | None
    bias: tuple[float, ...] | None
    spin: tuple[float, ...] | None
    turning: dict[tuple[str, str], float]
    copies: Copies
    lengths: tuple[float, ...]

    @property
    def duration(self) -> float:
        """Seconds of all stretches."""
        return sum(self.seconds.values())


def measure(table: Table, cut: Stretches) -> FileFigures:
    """A file's figures."""
    stretches, counts = cut.stretches, cut.counts
    x = np.concatenate([s.values for s in stretches]) if stretches else np.zeros((0, 3 * len(table.kinds)), np.float32)
    columns = {kind: x[:, 3 * i : 3 * i + 3] for i, kind in enumerate(table.kinds)}
    channels = [KINDS[kind][0] + axis for kind in table.kinds for axis in "xyz"]
    still = _still(x, channels) if len(x) else []
    acceleration = columns.get("accelerometer")
    rest, rests = (None, False) if acceleration is None else _rest(acceleration, cut.rate_hz)
    seconds: dict[tuple[str, str], float] = {}
    for stretch in stretches:
        key = (stretch.subject, stretch.label)
        seconds[key] = seconds.get(key, 0.0) + len(stretch.values) / cut.rate_hz
    both = table.kinds == tuple(KINDS)
    return FileFigures(
        name=table.name,
        rows=len(table.values),
        seconds=seconds,
        rate_hz=cut.rate_hz,
        fixed=table.rate_hz is not None,
        clock_hz=table.clock_hz,
        jitter_ms=cut.jitter_ms,
        repeated=counts.repeated,
        set_back=counts.set_back,
        gaps=tuple(counts.gaps),
        rest=rest,
        rests=rests,
        peak={kind: float(np.abs(values).max(initial=0.0)) for kind, values in columns.items()},
        still=tuple(still),
        clipped={name: rail for name, column in zip(channels, x.T, strict=True) if (rail := _rail(column)) is not None},
        means={} if acceleration is None else _means(stretches, 3 * table.kinds.index("accelerometer")),
        turn=turn(stretches, cut.rate_hz) if both else None,
        missing=counts.missing,
        malformed=table.malformed,
        late=counts.late,
        stuck=stuck_parts([s.values for s in stretches], channels, cut.rate_hz),
        least=None if acceleration is None else _least(acceleration, cut.rate_hz),
        bias=_bias(x, cut.rate_hz) if both else None,
        spin=(*map(float, columns["gyroscope"].mean(axis=0)),) if "gyroscope" in columns and len(x) else None,
        turning=_turning(stretches, 3 * table.kinds.index("gyroscope")) if "gyroscope" in columns else {},
        copies=marks_of(stretches, cut.rate_hz),
        lengths=tuple(len(s.values) / cut.rate_hz for s in stretches if s.label),
    )


def _still(x: np.ndarray, channels: list[str]) -> list[str]:
    """Channels of (n, channels) that never change, where the sensor is not so coarse that rest is one value."""
    levels = [len(np.unique(column)) for column in x.T]
    found = []
    for first in range(0, len(channels), 3):
        own = levels[first : first + 3]
        if max(own) == 1 or max(own) > COARSE:
            found += [channels[first + axis] for axis in range(3) if own[axis] == 1]
    return found


def _rest(acceleration: np.ndarray, rate_hz: float) -> tuple[float | None, bool]:
    """|a| (n, 3) in the windows that are still, and whether any is; else in the stillest tenth."""
    samples = max(4, round(REST_S * rate_hz))
    windows = len(acceleration) // samples
    if not windows:
        return None, False
    cut = acceleration[: windows * samples].reshape(windows, samples, 3).astype(np.float64)
    lengths = np.linalg.norm(cut, axis=2).mean(axis=1)
    scatter = np.sqrt(cut.var(axis=1).sum(axis=1)) / np.maximum(lengths, 1e-9)
    still = scatter < STILL
    if still.sum() >= LEAST_STILL:
        return float(np.median(lengths[still])), True
    stillest = np.argsort(scatter)[: max(1, windows // 10)]
    return float(np.median(lengths[stillest])), False


def _rail(column: np.ndarray) -> tuple[float, float] | None:
    """The share of samples at a value that the channel stops at, and that value; None: it stops at none.

    A signal that is cut off is at its largest value for some samples in a row, and more often than near it. A smooth
    peak is less often at its top than near it, as far as there are many steps up to it.
    """
    levels = np.unique(column[:MOST_SAMPLES])
    if len(levels) < LEAST_LEVELS:
        return None
    step, middle = float(np.diff(levels).min()), float(np.median(column))
    low, high = float(column.min()), float(column.max())
    for rail in (high, low):
        at = column == rail
        near = np.abs(column - rail) <= NEAR_RAIL * (high - low)
        if at.sum() < AT_RAIL or 2 * at.sum() <= near.sum() or abs(rail - middle) < LEAST_LEVELS * step:
            continue
        rows = at[: len(at) - IN_A_ROW + 1].copy()
        for offset in range(1, IN_A_ROW):
            rows &= at[offset : len(at) - IN_A_ROW + 1 + offset]
        if rows.any() and at.mean() < 0.5:
            return float(at.mean()), rail
    return None


def _means(stretches: tuple[Stretch, ...], first: int) -> dict[tuple[str, str], tuple[float, float, float]]:
    sums: dict[tuple[str, str], np.ndarray] = {}
    rows: dict[tuple[str, str], int] = {}
    for s in stretches:
        key, total = (s.subject, s.label), s.values[:, first : first + 3].sum(axis=0, dtype=np.float64)
        sums[key] = sums.get(key, np.zeros(3)) + total
        rows[key] = rows.get(key, 0) + len(s.values)
    return {key: (*map(float, sums[key] / rows[key]),) for key in sums}  # type: ignore[misc]


def _least(acceleration: np.ndarray, rate_hz: float) -> float | None:
    """The smallest mean |a| over LEAST_S of (n, 3)."""
    samples = round(LEAST_S * rate_hz)
    windows = len(acceleration) // samples if samples else 0
    if not windows:
        return None
    lengths = np.linalg.norm(acceleration[: windows * samples].astype(np.float64), axis=1)
    return float(lengths.reshape(windows, samples).mean(axis=1).min())


def _bias(x: np.ndarray, rate_hz: float) -> tuple[float, ...] | None:
    """The median of each axis of the gyroscope over windows at rest of x (n, 6)."""
    samples = max(4, round(REST_S * rate_hz))
    windows = len(x) // samples
    cut = x[: windows * samples].reshape(windows, samples, 6).astype(np.float64)
    lengths = np.linalg.norm(cut[:, :, :3], axis=2).mean(axis=1)
    scatter = np.sqrt(cut.var(axis=1)[:, :3].sum(axis=1)) / np.maximum(lengths, 1e-9)
    still = (scatter < STILL) & (cut.std(axis=1)[:, 3:] < STILL_RAD).all(axis=1)
    if still.sum() < LEAST_BIAS:
        return None
    return (*map(float, np.median(cut[still][:, :, 3:].mean(axis=1), axis=0)),)


def _turning(stretches: tuple[Stretch, ...], first: int) -> dict[tuple[str, str], float]:
    squares: dict[tuple[str, str], float] = {}
    rows: dict[tuple[str, str], int] = {}
    for s in stretches:
        key = (s.subject, s.label)
        squares[key] = squares.get(key, 0.0) + float((s.values[:, first : first + 3].astype(np.float64) ** 2).sum())
        rows[key] = rows.get(key, 0) + len(s.values)
    return {key: (squares[key] / rows[key]) ** 0.5 for key in squares}
