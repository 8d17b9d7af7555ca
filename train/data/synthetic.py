"""Simulated one-lead ECG with annotated beats, for trying the ECG path out without recordings. Figures on it say
nothing about people.

Beat shapes come from the dynamical model ECGSYN (McSharry et al. 2003, IEEE Trans. Biomed. Eng. 50(3), 289-294) as
neurokit2 implements it. They are laid onto a flat line at drawn intervals, so that premature beats can be among them:
ECGSYN itself knows one kind of beat and no ectopic one.
"""

from dataclasses import dataclass

import numpy as np

from scl.artifacts import sha256_bytes
from train.data.data_set import DataSet
from train.data.recordings import Block, Recordings
from train.data.splits import split_records

RATE_HZ = 360
COUNTS_PER_MV = 200  # of MIT-BIH; rounding to counts also makes every machine's samples the same
LABELS = ("N", "S", "V", "F", "Q")
N, S, V = 0, 1, 2
SHARE = {S: 0.05, V: 0.08}  # of all beats; the others are N
# ECGSYN's extrema P, Q, R, S, T: angle in degrees, height, width. The ventricular beat has no P, a QRS complex three
# times as wide and a T wave that points the other way.
NARROW = np.array([[-70, -15, 0, 15, 100], [1.2, -5, 30, -7.5, 0.75], [0.25, 0.1, 0.1, 0.1, 0.4]])
WIDE = np.array([[-70, -45, 0, 50, 130], [0, -2, 16, -6, -1.6], [0.25, 0.3, 0.3, 0.3, 0.45]])
VARIATION = 0.15  # of heights and widths between records, as a share
TEMPLATE_S = 10


@dataclass(frozen=True)
class _Beat:
    """A beat's shape (samples,) in mV, ending in zeros, and the sample of its R peak."""

    x: np.ndarray
    peak: int


def load(records: int = 12, minutes: float = 5.0, seed: int = 0) -> Recordings:
    """Simulates recordings at 360 Hz in mV, a block for each, about 5 % of the beats S and 8 % V; the same for the
    same seed.

    Groups are 0 to records - 1, each with its own beat shapes, heart rate, wander and noise. F and Q do not occur.
    """
    seeds = np.random.SeedSequence(seed).spawn(records)
    blocks = tuple(_record(group, minutes, np.random.default_rng(s)) for group, s in enumerate(seeds))
    beats = {name: sum(int((b.beats[:, 1] == i).sum()) for b in blocks) for i, name in enumerate(LABELS)}
    return Recordings(
        name="synthetic",
        rate_hz=float(RATE_HZ),
        window_s=10.0,
        channels=("ecg",),
        units=("mV",),
        sensors=(("ecg", (0,)),),
        labels=LABELS,
        blocks=blocks,
        sha256=sha256_bytes(b"".join(array.tobytes() for b in blocks for array in (b.x, b.beats))),
        report={"simulated": "neurokit2 ECGSYN: no recording of anybody", "seed": seed, "beats": beats, "amiss": {}},
    )


def _record(group: int, minutes: float, rng: np.random.Generator) -> Block:
    samples = round(minutes * 60 * RATE_HZ)
    rate_per_minute = rng.uniform(55, 95)
    height_mv = rng.uniform(0.8, 1.6)
    narrow = _simulate(NARROW, rate_per_minute, height_mv, rng)
    wide = _simulate(WIDE, rate_per_minute, height_mv * rng.uniform(1.0, 1.5), rng)
    beats = _rhythm(samples, 60 * RATE_HZ / rate_per_minute, rng)
    x = np.zeros(samples)
    for at, kind in beats:
        shape = wide if kind == V else narrow
        first, last = max(at - shape.peak, 0), min(at - shape.peak + len(shape.x), samples)
        x[first:last] += shape.x[first - at + shape.peak : last - at + shape.peak]
    x += _wander(samples, rng) + rng.uniform(0.01, 0.03) * rng.standard_normal(samples)
    counts = np.rint(x * COUNTS_PER_MV)
    return Block(group, -1, (counts / COUNTS_PER_MV).astype(np.float32)[None], beats)


def _simulate(extrema: np.ndarray, rate_per_minute: float, height_mv: float, rng: np.random.Generator) -> _Beat:
    """One beat of a regular simulation, from the middle between two beats to the next, cut so that it ends in zeros."""
    import neurokit2

    angles, heights, widths = extrema
    signal = neurokit2.ecg_simulate(
        duration=TEMPLATE_S,
        sampling_rate=RATE_HZ,
        noise=0,
        heart_rate=rate_per_minute,
        heart_rate_std=0,
        ti=angles,
        ai=heights * rng.uniform(1 - VARIATION, 1 + VARIATION, 5),
        bi=widths * rng.uniform(1 - VARIATION, 1 + VARIATION, 5),
        random_state=int(rng.integers(2**31)),
    )
    cycle = 60 * RATE_HZ / rate_per_minute
    first, last = round(2.6 * cycle), round(3.65 * cycle)  # the R peaks are near whole cycles
    x = signal[first:last] - np.linspace(signal[first], signal[last], last - first)
    edge = round(0.08 * cycle)
    ramp = np.sin(np.linspace(0, np.pi / 2, edge)) ** 2
    x[:edge] *= ramp
    x[-edge:] *= ramp[::-1]
    peak = int(np.argmax(x))
    return _Beat(x * (height_mv / x[peak]), peak)


def _rhythm(samples: int, cycle: float, rng: np.random.Generator) -> np.ndarray:
    """R peaks and classes, (k, 2) int64. A premature beat is never the first, nor next to another.

    After a ventricular beat the pause is compensatory: the sinus node keeps its time, and the two intervals around the
    beat make up two regular ones. After a supraventricular one it is not: the sinus node starts anew.
    """
    normal = 1 - SHARE[S] - SHARE[V]  # share of the beats that a premature one may follow
    chance = [1 - (SHARE[S] + SHARE[V]) / normal, SHARE[S] / normal, SHARE[V] / normal]
    beats: list[tuple[int, int]] = []
    at, kind, number = cycle * rng.uniform(0.3, 1.0), N, 0
    while at < samples:
        beats.append((round(at), kind))
        breath = 0.03 * np.sin(2 * np.pi * number / 4.3)
        interval = cycle * (1 + breath + 0.02 * rng.standard_normal())
        if kind == V:
            interval = 2 * cycle - (beats[-1][0] - beats[-2][0])
        drawn = int(rng.choice([N, S, V], p=chance)) if kind == N else N
        if drawn != N:
            interval = cycle * rng.uniform(0.55, 0.8)
        at, kind, number = at + interval, drawn, number + 1
    return np.array([b for b in beats if b[0] < samples], np.int64).reshape(-1, 2)


def _wander(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Baseline (samples,) in mV: two slow sines, as of breathing and of a moving electrode."""
    t = np.arange(samples) / RATE_HZ
    slow = rng.uniform(0.02, 0.08), rng.uniform(0.05, 0.25)
    breathing = rng.uniform(0.15, 0.4), rng.uniform(0.03, 0.12)
    waves = (a * np.sin(2 * np.pi * (f * t + rng.uniform())) for f, a in (slow, breathing))
    return sum(waves, start=np.zeros(1))


DATA_SET = DataSet(
    name="synthetic",
    signal="ecg",
    load=lambda path, options: load(),
    sensor="mitdb",
    rate_hz=180.0,
    split=lambda recordings, seed: split_records(recordings.groups, seed),
)
