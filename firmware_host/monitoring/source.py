"""What the monitor plays: the windows that travel with a bundle, or a recording, step by step for ever."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from firmware_host.model import check_streams, class_name
from firmware_host.monitoring.strips import strips_of
from firmware_host.stream import check_record
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.capture import Capture, read_capture
from scl.artifacts.golden import read_golden
from scl.artifacts.manifest import BundleManifest

SECONDS_A_WINDOW = 2.0  # of a model without a rate


@dataclass(frozen=True, eq=False)
class Step:
    """One window and what lies around it.

    Attributes:
        number: of the step, from 0.
        strip: (n, values) the window's samples and those that a shift may reach.
        first: where in the strip the window begins.
        fresh: its newest samples, which the step before did not have.
        label: what it is; empty where nobody knows.
        place: where the recording is, in words.
    """

    number: int
    strip: np.ndarray
    first: int
    fresh: int
    label: str
    place: str

    def window(self, samples: int, shift: int = 0) -> np.ndarray:
        """The window (samples, values), begun `shift` samples later."""
        start = self.first + shift
        return self.strip[start : start + samples]


class Source(Protocol):
    """Steps 0 to `count` - 1, which come again and again.

    Attributes:
        name: what is played, in words.
        interval_s: from one step to the next.
        shifts: least and most samples by which a window may begin later.
    """

    name: str
    count: int
    interval_s: float
    shifts: tuple[int, int]

    def step(self, number: int) -> Step:
        """Step `number`, counted from 0, below `count`."""
        ...


class BundleWindows:
    """The windows that travel with a bundle, one after the other: exactly what validation sends."""

    def __init__(self, bundle: Bundle[BundleManifest]) -> None:
        golden, manifest = read_golden(bundle), bundle.manifest
        self.name = f"the {len(golden.groups)} windows in the bundle"
        self.count, self._samples = len(golden.groups), manifest.raw_samples
        self.interval_s = _hop(manifest) / manifest.sensor.rate_hz if manifest.frontend else SECONDS_A_WINDOW
        known = manifest.labelled
        self._labels = [class_name(manifest, int(code)) if known else "" for code in golden.labels[0]]
        self._strips, self._first, self.shifts = [*golden.counts[0]], [0] * self.count, (0, 0)
        if golden.shift is not None and manifest.transformation is not None:
            shifts = golden.shift / manifest.transformation.source_samples * _per_sample(manifest)
            strips = strips_of(golden.counts, shifts)
            self._strips, self._first, self.shifts = strips.samples, strips.first, strips.shifts

    def step(self, number: int) -> Step:
        strip, first = self._strips[number], self._first[number]
        place = f"window {number + 1} of {self.count}"
        return Step(number, strip, first, self._samples, self._labels[number], place)


class Recording:
    """A capture file, hop by hop at its own rate, and from its start again behind its end."""

    def __init__(self, path: Path, bundle: Bundle[BundleManifest]) -> None:
        """Raises InputError for a recording that this model cannot be played, or one shorter than a window."""
        manifest = bundle.manifest
        if manifest.frontend is None:
            raise InputError(
                f"--record: {bundle.path} has no front end, so it takes no sensor's counts; leave --record out, and "
                "the windows in the bundle are played"
            )
        check_streams(bundle)
        self._record: Capture = read_capture(path)
        check_record(self._record, bundle, path)
        self.name, self._hop, self._samples = path.name, _hop(manifest), manifest.raw_samples
        self.shifts = _range(manifest)
        least, most = self.shifts
        self._start = -least
        expected = self._samples + most - least
        room = len(self._record.counts) - expected
        if room < 0:
            raise InputError(
                f"{path}: holds {len(self._record.counts)} samples, a window and its shifts take {expected} "
                f"({expected / self._record.rate_hz:.1f} s): record for longer"
            )
        self.count = room // self._hop + 1
        self.interval_s = self._hop / self._record.rate_hz

    def step(self, number: int) -> Step:
        record, begin = self._record, number * self._hop
        first, (least, most) = self._start + begin, self.shifts
        end = first + self._samples
        place = f"{end / record.rate_hz:.1f} s of {len(record.counts) / record.rate_hz:.1f} s"
        label = record.label[end - 1] if record.label else ""
        fresh = self._hop if number else self._samples
        strip = record.counts[first + least : end + most]
        return Step(number, strip, -least, min(fresh, self._samples), label, place)


def _hop(manifest: BundleManifest) -> int:
    """From one class to the next, in samples of the sensor."""
    return max(1, round(manifest.default_hop * _per_sample(manifest)))


def _per_sample(manifest: BundleManifest) -> float:
    """Samples of the link in one of the model's."""
    frontend = manifest.frontend
    return 1.0 if frontend is None else frontend.resampling.down / frontend.resampling.up


def _range(manifest: BundleManifest) -> tuple[int, int]:
    """By how many of the sensor's samples a run's model is robust to a later begin; nothing of other models."""
    transformation = manifest.transformation
    if transformation is None or transformation.name != "shift" or "least" not in transformation.parameters:
        return 0, 0
    ends = (transformation.parameters[name] * _per_sample(manifest) for name in ("least", "most"))
    least, most = (round(end) for end in ends)
    return least, most
