"""What a file's values say of themselves: range, |a| at rest, clipping, and how turning and gravity agree.

Nothing here takes a unit for granted, so that a wrong one can be seen.
"""

import hashlib
import math
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from train.data.imu_stretches import Stretch, Stretches
from train.data.imu_table import KINDS, Table

REST_S = 0.5  # of the windows in which a sensor rests or not
STILL = 0.03  # most that the acceleration scatters at rest, as a share of its length
LEAST_STILL = 3  # windows
TURN_S = 0.4  # in which the direction of gravity is compared with what the gyroscope says
MOST_TURN_SAMPLES = 100_000
NEAR_REST = 0.03  # of |a| around its median, where it is mostly gravity
AT_RAIL, IN_A_ROW = 5, 3  # samples
NEAR_RAIL = 0.05  # of a channel's range
LEAST_LEVELS = 25  # steps of a channel, below which a top is no rail but coarse
DIGEST_S = 1.0  # of a stretch that is worth comparing
SIGNED_AXES = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]


@dataclass(frozen=True)
class Turn:
    """How far the direction of gravity turns for what the gyroscope says: 1 where units, rate and axes are right.

    Attributes:
        factor: of the gyroscope's values, by least squares.
        fit: correlation of both.
        axes: those of the gyroscope that fit best, as "xyz" or "y-xz".
        best: their correlation.
        best_factor: their factor.
    """

    factor: float
    fit: float
    axes: str
    best: float
    best_factor: float


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
        digests: of the values of each stretch, with its seconds and its person.
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
    digests: dict[str, tuple[str, float]]
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
    still = [name for name, column in zip(channels, x.T, strict=True) if len(x) and column.min() == column.max()]
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
        digests=_digests(stretches),
        lengths=tuple(len(s.values) / cut.rate_hz for s in stretches if s.label),
    )


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
    levels = np.unique(column[:MOST_TURN_SAMPLES])
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


def _digests(stretches: tuple[Stretch, ...]) -> dict[str, tuple[str, float]]:
    worth = (s for s in stretches if s.seconds >= DIGEST_S and s.values.std(axis=0).any())
    return {hashlib.sha256(s.values.tobytes()).hexdigest(): (s.subject, s.seconds) for s in worth}


def turn(stretches: tuple[Stretch, ...], rate_hz: float) -> Turn | None:
    """Compares the turning of gravity with the gyroscope; channels are ax ay az gx gy gz.

    At rest in the world, a direction u changes on the turning sensor by du/dt = -omega x u. Where |a| is near its
    median, acceleration is mostly gravity and tells u.
    """
    step = max(1, round(TURN_S * rate_hz))
    moment = np.zeros((3, 9))  # of du with omega_a u_b, summed over the step
    gram = np.zeros((9, 9))
    length, pairs, left = 0.0, 0, MOST_TURN_SAMPLES
    for s in stretches:
        values = s.values[:left].astype(np.float64)
        left -= len(values)
        norm = np.linalg.norm(values[:, :3], axis=1)
        usual = float(np.median(norm))
        if len(values) < 3 * step or usual == 0:
            continue
        u = values[:, :3] / np.maximum(norm, 1e-9)[:, None]
        products = (values[:, 3:, None] * u[:, None, :]).reshape(-1, 9) / rate_hz
        total = np.concatenate([np.zeros((1, 9)), np.cumsum((products[1:] + products[:-1]) / 2, axis=0)])
        near = np.abs(norm / usual - 1) < NEAR_REST
        good = near[step:] & near[:-step]
        du, q = (u[step:] - u[:-step])[good], (total[step:] - total[:-step])[good]
        moment, gram = moment + du.T @ q, gram + q.T @ q
        length, pairs = length + float((du**2).sum()), pairs + int(good.sum())
    if pairs < 50 or length / pairs < 1e-4 or not gram.any():
        return None
    return _turn(moment, gram, length)


def _turn(moment: np.ndarray, gram: np.ndarray, length: float) -> Turn:
    fits = []
    for order, signs in SIGNED_AXES:
        c = np.zeros((3, 9))
        for i, a, b in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):  # -(omega x u)_i = omega_b u_a - omega_a u_b
            c[i, 3 * order[b] + a] += signs[b]
            c[i, 3 * order[a] + b] -= signs[a]
        agreement, predicted = float((moment * c).sum()), float(np.einsum("ij,jk,ik->", c, gram, c))
        if predicted > 0:
            name = "".join(("-" if sign < 0 else "") + "xyz"[axis] for axis, sign in zip(order, signs, strict=True))
            fits.append((agreement / math.sqrt(predicted * length), agreement / predicted, name))
    identity = next(fit for fit in fits if fit[2] == "xyz")
    best = max(fits)
    return Turn(identity[1], identity[0], best[2], best[0], best[1])
