"""A bundle's battery: test windows under one nuisance after the other, as counts of the sensor, and TFLite Micro's
answers to them.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from export.golden.choice import balanced
from export.proof.runtimes import Outputs
from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.golden import Golden
from scl.frontend.chain import FrontEnd
from scl.frontend.counts import from_counts, to_counts
from scl.frontend.sensor import Sensor
from scl.frontend.spec import FrontEndSpec
from train.data.recordings import Recordings, WindowSet
from train.transformations.nuisances import SMALL, Nuisance, Signal, chosen, fitting
from train.transformations.records import SensorRecords

WHOLE, FEW = "whole", "small"
WINDOWS, FEW_WINDOWS = 120, 40  # originals
MOST_BYTES = 24 << 20  # of counts


@dataclass(frozen=True)
class Rung:
    """A nuisance at one strength of its ladder."""

    nuisance: Nuisance
    strength: float

    @property
    def copy(self) -> BatteryCopy:
        """As the manifest has it."""
        return BatteryCopy(self.nuisance.name, self.nuisance.sentence, self.nuisance.unit, self.strength)


def rungs(battery: str, sensor: Sensor) -> list[Rung]:
    """What `--battery` asks for of a sensor: "small", "whole", or names with + between them, which have whole ladders.

    Raises InputError for a name that is not known, or does not fit the sensor.
    """
    kinds = [part.kind for part in sensor.parts]
    if battery == FEW:
        return [Rung(nuisance, SMALL[nuisance.name]) for nuisance in fitting(kinds) if nuisance.name in SMALL]
    nuisances = fitting(kinds) if battery == WHOLE else chosen(battery.split("+"), kinds)
    return [Rung(nuisance, strength) for nuisance in nuisances for strength in nuisance.ladder]


@dataclass(frozen=True, eq=False)
class Battery:
    """Windows as recorded (row 0) and under each rung.

    Attributes:
        counts: int16 (1 + rungs, windows, raw samples, channels).
        labels, groups: (windows,).
    """

    rungs: Sequence[Rung]
    counts: np.ndarray
    labels: np.ndarray
    groups: np.ndarray

    def golden(
        self, front_end: FrontEnd, run: Callable[[np.ndarray], Outputs], thresholds: tuple[int, ...] | None
    ) -> Golden:
        """With the answers of `run`, a function of inputs int8 (n, samples, channels)."""
        shape = self.counts.shape[:2]
        flat = self.counts.reshape(-1, *self.counts.shape[2:])
        inputs = front_end.quantized_windows(flat)
        outputs = run(inputs)
        crc32 = [zlib.crc32(np.ascontiguousarray(x).tobytes()) for x in inputs]
        return Golden(
            counts=self.counts,
            features=outputs["features"].reshape(*shape, -1),
            logits=outputs["logits"].reshape(*shape, -1),
            input_crc32=np.array(crc32, np.uint32).reshape(shape),
            flags=front_end.flags(flat).reshape(shape),
            labels=np.tile(self.labels, (shape[0], 1)),
            groups=self.groups,
            rows=np.arange(shape[1]),
            thresholds=thresholds,
        )


def made(
    battery: str, test: WindowSet, recordings: Recordings, spec: FrontEndSpec, seed: int, windows: int | None = None
) -> Battery:
    """The battery of a test set's windows, `windows` of them or as many as its size allows.

    Each nuisance acts at the sensor, on what it would have measured: counts back to SI units, the nuisance at the
    sensor's rate, and counts again. Its strengths have the same draws, so that a ladder differs by strength alone.
    Windows behind which the recording goes on are taken, where there are any: a clock that is slow reads on there.
    """
    assert test.blocks is not None and test.starts is not None  # of windows, beats have no battery
    sensor, steps = spec.sensor, rungs(battery, spec.sensor)
    signal = Signal(sensor.rate_hz, dict(sensor.slices))
    behind = max((step.nuisance.behind(spec.raw_samples, sensor.rate_hz) for step in steps), default=0)
    records = SensorRecords(test.blocks, recordings, spec, behind)
    fits = np.flatnonzero(records.room(test.blocks, test.starts) >= behind)
    places = fits if len(fits) else np.arange(len(test))
    limit = windows or (FEW_WINDOWS if battery == FEW else WINDOWS)
    limit = max(min(limit, MOST_BYTES // ((1 + len(steps)) * spec.raw_samples * sensor.channels * 2)), 1)
    rows = places[balanced(test.labels[places], test.groups[places], limit, seed)]
    cuts = records.cut(test.blocks[rows], test.starts[rows], behind)
    x = torch.from_numpy(from_counts(cuts, sensor))
    copies = [cuts[:, : spec.raw_samples]]
    for step in steps:
        strength = torch.full((len(rows),), step.strength, dtype=x.dtype)
        generator = torch.Generator().manual_seed(seed)
        copies.append(counted(step.nuisance(x, spec.raw_samples, signal, strength, generator).numpy(), sensor))
    return Battery(steps, np.stack(copies), test.labels[rows], test.groups[rows])


def counted(x: np.ndarray, sensor: Sensor) -> np.ndarray:
    """Counts (n, samples, channels) of x (n, channels, samples) in SI units, at the rails where it is beyond them."""
    counts, _saturated = to_counts(x, sensor)
    for part, channels in zip(sensor.parts, sensor.slices.values(), strict=True):
        counts[:, :, channels] = counts[:, :, channels].clip(*part.count_range)
    return counts


def check_battery(battery: str | None, sensor: Sensor) -> None:
    """Before minutes of work: raises InputError for a battery that there cannot be."""
    if battery is not None:
        rungs(battery, sensor)
