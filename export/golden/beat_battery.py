"""A battery of heartbeats: a stretch of each test recording under one nuisance after the other, as counts of the
sensor, with what a board must answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from export.golden.battery import FEW, MOST_BYTES, Rung, counted, rungs
from export.golden.beats import Played, golden_of, inputs_of
from export.proof.runtimes import Outputs
from scl.artifacts import InputError
from scl.artifacts.golden_beats import GoldenBeats
from scl.ec57.beats import CLASSES
from scl.frontend.chain import FrontEnd
from scl.frontend.counts import from_counts
from scl.frontend.spec import FrontEndSpec
from train.data.recordings import spans_within
from train.transformations.nuisances import Signal

STRETCH_S, FEW_S = 60.0, 30.0  # of each recording
LEAST_S = 10.0  # the detector learns for the first two
RARE = [CLASSES.index(name) for name in "SV"]


@dataclass(frozen=True, eq=False)
class BeatBattery:
    """Stretches as recorded, then under each rung: 1 + rungs times the recordings."""

    rungs: Sequence[Rung]
    parts: Sequence[Played]

    def golden(self, spec: FrontEndSpec, run: Callable[[np.ndarray], Outputs]) -> GoldenBeats:
        """With the answers of `run`, a function of inputs int8 (n, 1, features)."""
        return golden_of(spec, self.parts, run(inputs_of(self.parts)))


def made(battery: str, recordings: Sequence[Played], spec: FrontEndSpec, seed: int) -> BeatBattery:
    """The battery of recordings as a sensor counted them: of each a stretch with many beats of S and V; those that are
    too short for it are left out, where others are not.

    Each nuisance acts at the sensor, as on windows; its strengths have the same draws. Annotated beats stay where they
    are: none of the nuisances moves them.

    Raises InputError for recordings that are too short, or so many that the file would be too large.
    """
    sensor, steps = spec.sensor, rungs(battery, spec.sensor)
    groups = sorted({part.group for part in recordings})
    longest = [max((p for p in recordings if p.group == group), key=lambda p: len(p.counts)) for group in groups]
    usual = round((FEW_S if battery == FEW else STRETCH_S) * sensor.rate_hz)
    long = [part for part in longest if len(part.counts) >= usual] or longest  # short ones would shorten all
    fits = MOST_BYTES // ((1 + len(steps)) * len(long) * 2)
    samples = min(usual, fits, *(len(part.counts) for part in long))
    if samples < LEAST_S * sensor.rate_hz:
        raise InputError(
            f"--battery {battery}: leaves {samples / sensor.rate_hz:.1f} s of each of {len(long)} recordings, "
            f"expected {LEAST_S:g} s at least; give longer recordings, or choose fewer nuisances"
        )
    cuts = [_cut(part, samples) for part in long]
    x = torch.from_numpy(from_counts(np.stack([part.counts for part in cuts]), sensor))
    front_end, signal = FrontEnd.from_spec(spec), Signal(sensor.rate_hz, dict(sensor.slices))
    parts = [_heard(part, part.counts, front_end) for part in cuts]
    for step in steps:
        strength = torch.full((len(cuts),), step.strength, dtype=x.dtype)
        copies = step.nuisance(x, samples, signal, strength, torch.Generator().manual_seed(seed)).numpy()
        parts += [_heard(*pair, front_end) for pair in zip(cuts, counted(copies, sensor), strict=True)]
    return BeatBattery(steps, parts)


def _cut(part: Played, samples: int) -> Played:
    """Of stretches that begin half a stretch apart, and the last one, that with most annotated beats of S and V, the
    first of several; not heard yet.
    """
    at, classes, last = part.annotated[:, 0], part.annotated[:, 1], len(part.counts) - samples
    starts = np.append(np.arange(0, last + 1, max(samples // 2, 1)), last)
    rare = np.sort(at[np.isin(classes, RARE)])
    start = int(starts[np.argmax(np.searchsorted(rare, starts + samples) - np.searchsorted(rare, starts))])
    there = (at >= start) & (at < start + samples)
    return Played(
        group=part.group,
        counts=part.counts[start : start + samples],
        found=part.found,
        inputs=part.inputs,
        annotated=part.annotated[there] - [start, 0],
        flutter=spans_within(part.flutter, slice(start, start + samples)),
    )


def _heard(part: Played, counts: np.ndarray, front_end: FrontEnd) -> Played:
    """A stretch with other counts, and the beats that are found in them."""
    found = front_end.beats(counts)
    return Played(part.group, counts, found, front_end.quantized_beats(found), part.annotated, part.flutter)
