"""beats.npz of a bundle whose front end measures heartbeats: whole stretches of recordings as a sensor counts them,
every beat that a board must answer with, and the annotated beats.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from scl.artifacts.bundle import Bundle
from scl.artifacts.errors import InputError
from scl.artifacts.manifest import BundleManifest
from scl.artifacts.npz_files import Array, read_arrays, write_npz
from scl.decision import LOST, decide
from scl.ec57.beats import CLASSES as EC57_CLASSES
from scl.ec57.beats import Series
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.frontend.rhythm import Rhythm

BEATS = "beats.npz"
RHYTHM = len(fields(Rhythm))  # numbers
CLASSES = len(EC57_CLASSES)  # of annotated beats: N, S, V, F, Q
UNCLASSIFIABLE = EC57_CLASSES.index("Q")


@dataclass(frozen=True, eq=False)
class GoldenBeats:
    """Stretches, each of which a board gets as a stream, and what it must answer.

    Attributes:
        counts: int16 (samples, channels), the stretches one behind the other.
        lengths, groups: int64 (stretches,), samples and record of each.
        stretch: int64 (beats,), of which stretch a beat is; never falls.
        sample, end: int64 (beats,), sample of its stretch that is its R peak, and how many had come when it was
            answered.
        interval: int64 (beats,), model-rate samples since the beat before; 0: none.
        flags: uint8 (beats,), of scl.frontend.flags.
        inputs, features, logits: int8 (beats, any), the network's input and outputs.
        rhythm: int64 (beats, 8), fields of scl.frontend.rhythm.Rhythm.
        truth_stretch, truth_sample: int64 (annotations,), of annotated beats, in order.
        truth_class: uint8 (annotations,), places in "NSVFQ".
        flutter_stretch, flutter_first, flutter_last: int64 (spans,), of which stretch and from which sample to which
            there is ventricular flutter or fibrillation, in which beats do not count; in order, apart from each other.
    """

    counts: np.ndarray
    lengths: np.ndarray
    groups: np.ndarray
    stretch: np.ndarray
    sample: np.ndarray
    end: np.ndarray
    interval: np.ndarray
    flags: np.ndarray
    inputs: np.ndarray
    features: np.ndarray
    logits: np.ndarray
    rhythm: np.ndarray
    truth_stretch: np.ndarray
    truth_sample: np.ndarray
    truth_class: np.ndarray
    flutter_stretch: np.ndarray
    flutter_first: np.ndarray
    flutter_last: np.ndarray

    @property
    def predictions(self) -> np.ndarray:
        """(beats,), LOST where the board abstains."""
        return np.where(self.flags & LEAD_OFF, LOST, decide(self.logits))

    def part(self, stretch: int) -> np.ndarray:
        """Counts (samples, channels) of a stretch."""
        first = int(self.lengths[:stretch].sum())
        return np.asarray(self.counts[first : first + int(self.lengths[stretch])])

    def truth(self, stretch: int) -> tuple[np.ndarray, np.ndarray]:
        """Sample of the sensor and class of the annotated beats of a stretch, int64 (annotations,)."""
        there = self.truth_stretch == stretch
        return self.truth_sample[there], self.truth_class[there].astype(np.int64)

    def answered(self, stretch: int) -> Series:
        """The beats of a stretch with their classes; those that the board abstains from are unclassifiable."""
        there = self.stretch == stretch
        predictions = self.predictions[there]
        return Series(self.sample[there], np.where(predictions == LOST, UNCLASSIFIABLE, predictions))

    def flutter(self, stretch: int) -> np.ndarray:
        """First and last sample of each span of flutter in a stretch, int64 (spans, 2)."""
        there = self.flutter_stretch == stretch
        return np.stack([self.flutter_first[there], self.flutter_last[there]], axis=1)

    def limited(self, beats: int | None) -> "GoldenBeats":
        """The begin of each stretch, so that they have about so many beats together; all for None."""
        total = len(self.stretch)
        if beats is None or beats >= total:
            return self
        each = max(1, beats // max(1, len(np.unique(self.stretch))))
        firsts = np.searchsorted(self.stretch, self.stretch)
        kept = np.arange(total) - firsts < each
        lengths = np.array([int(self.end[kept & (self.stretch == s)].max(initial=1)) for s in range(len(self.lengths))])
        parts = [self.part(s)[:length] for s, length in enumerate(lengths)]
        known = self.truth_sample < lengths[self.truth_stretch]
        per_beat = ("stretch", "sample", "end", "interval", "flags", "inputs", "features", "logits", "rhythm")
        annotations = ("truth_stretch", "truth_sample", "truth_class")
        rows = {name: getattr(self, name)[kept] for name in per_beat}
        rows |= {name: getattr(self, name)[known] for name in annotations}
        begun = self.flutter_first < lengths[self.flutter_stretch]
        rows |= {name: getattr(self, name)[begun] for name in ("flutter_stretch", "flutter_first")}
        rows["flutter_last"] = np.minimum(self.flutter_last, lengths[self.flutter_stretch] - 1)[begun]
        return replace(self, counts=np.concatenate(parts), lengths=lengths, **rows)


def write_golden_beats(folder: Path, golden: GoldenBeats, name: str = BEATS) -> None:
    """Writes beats.npz, or another file of stretches, into a bundle folder."""
    write_npz(folder / name, **vars(golden))


def read_golden_beats(bundle: Bundle[BundleManifest], name: str = BEATS) -> GoldenBeats:
    """Reads it. Raises InputError if a type, a shape or a value is not what the manifest says."""
    manifest, path = bundle.manifest, bundle.path / name
    per_beat, per_stretch, per_annotation = ("beats",), ("stretches",), ("annotations",)
    arrays, _ = read_arrays(
        bundle.file(name),
        {
            "counts": Array(np.int16, ("samples", "values")),
            "lengths": Array(np.int64, per_stretch),
            "groups": Array(np.int64, per_stretch),
            **{name: Array(np.int64, per_beat) for name in ("stretch", "sample", "end", "interval")},
            "flags": Array(np.uint8, per_beat),
            "inputs": Array(np.int8, (*per_beat, "inputs")),
            "features": Array(np.int8, (*per_beat, "features")),
            "logits": Array(np.int8, (*per_beat, "classes")),
            "rhythm": Array(np.int64, (*per_beat, "rhythm")),
            **{name: Array(np.int64, per_annotation) for name in ("truth_stretch", "truth_sample")},
            "truth_class": Array(np.uint8, per_annotation),
            **{f"flutter_{name}": Array(np.int64, ("spans",)) for name in ("stretch", "first", "last")},
        },
        {
            "values": manifest.values,
            "inputs": manifest.input.shape[3],
            "features": manifest.features,
            "classes": manifest.outputs.logits.size,
            "rhythm": RHYTHM,
        },
    )
    golden = GoldenBeats(**arrays)
    _check(golden, path, manifest.advice)
    return golden


def _check(golden: GoldenBeats, path: Path, advice: str) -> None:
    """Raises InputError for numbers that point nowhere, or out of order."""

    def require(name: str, right: np.ndarray, expected: str) -> None:
        if not right.all():
            wrong = getattr(golden, name)[np.argmin(right)]
            raise InputError(f"{path}: {name} holds {wrong} in place {np.argmin(right)}, expected {expected}; {advice}")

    samples, lengths = len(golden.counts), golden.lengths
    if not len(lengths) or not len(golden.stretch):
        raise InputError(
            f"{path}: holds {len(lengths)} stretches with {len(golden.stretch)} beats, expected one at least; {advice}"
        )
    require("lengths", (lengths >= 1) & (lengths <= samples), f"1 to {samples}")
    if int(lengths.sum()) != samples:
        raise InputError(f"{path}: lengths holds {lengths.sum()} samples together, expected {samples}; {advice}")
    for stretch, sample in (("stretch", "sample"), ("truth_stretch", "truth_sample")):
        parts, places = getattr(golden, stretch), getattr(golden, sample)
        within = (parts >= 0) & (parts < len(lengths))
        require(stretch, within & _rises(parts), f"0 to {len(lengths) - 1} in rising order")
        require(sample, (places >= 0) & (places < lengths[parts]), "samples of the beats' stretches")
        require(sample, _rises(places, parts), "rising ones within each stretch")
    parts, first, last = golden.flutter_stretch, golden.flutter_first, golden.flutter_last
    within = (parts >= 0) & (parts < len(lengths))
    require("flutter_stretch", within & _rises(parts), f"0 to {len(lengths) - 1} in rising order")
    require("flutter_last", (first >= 0) & (first <= last) & (last < lengths[parts]), "samples behind the first ones")
    require("flutter_first", _rises(first, parts) & _apart(first, last, parts), "spans apart from each other")
    require("end", (golden.end >= 1) & (golden.end <= lengths[golden.stretch]), "samples of the beats' stretches")
    require("end", _rises(golden.end - np.arange(len(golden.end)), golden.stretch), "each later than the one before")
    require("flags", golden.flags <= (SATURATED | LEAD_OFF), f"0 to {SATURATED | LEAD_OFF}")
    require("truth_class", golden.truth_class < CLASSES, f"0 to {CLASSES - 1}")


def _apart(first: np.ndarray, last: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Whether each span (n,) begins behind the end of the one before it, of the same part: bool (n,)."""
    return np.concatenate([[True], (first[1:] > last[:-1]) | (parts[1:] != parts[:-1])])[: len(first)]


def _rises(values: np.ndarray, parts: np.ndarray | None = None) -> np.ndarray:
    """Whether each value (n,) is at least the one before it, of the same part where they have any: bool (n,)."""
    same = True if parts is None else parts[1:] == parts[:-1]
    return np.concatenate([[True], (np.diff(values) >= 0) | ~np.asarray(same)])[: len(values)]
