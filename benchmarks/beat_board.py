"""What a board answers to recordings of heartbeats, on this computer: the front end and the beats in numpy, the network
in the board's own C. A board answers the same in every bit, as validation shows (`firmware_host.validate`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.proof.c_engine import CEngine, build_library
from firmware_host.beat_lines import unreadable
from firmware_host.beat_measure import UNCLASSIFIABLE
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import Manifest
from scl.decision import decide
from scl.ec57.beats import CLASSES, Series
from scl.ec57.comparison import RecordFigures, Summary, compare, summarize
from scl.frontend.beats import Beats
from scl.frontend.chain import FrontEnd
from scl.frontend.counts import to_counts
from scl.frontend.flags import LEAD_OFF, flags_at
from scl.frontend.resampler import to_rate
from scl.frontend.spec import FrontEndSpec
from train.data.recordings import Block, Recordings

MOST_S232 = "232"  # the record that most S beats of DS2 are of


@dataclass(frozen=True, eq=False)
class Heard:
    """A record as a board's front end hears it.

    Attributes:
        found: its beats.
        lead_off: bool (beats,), the board abstains.
        unreadable: (k, 2), as `Series` has it.
        reference: the annotated beats, in the sensor's samples.
    """

    name: str
    found: Beats
    lead_off: np.ndarray
    unreadable: np.ndarray
    reference: Series


def heard(several: Sequence[Recordings], groups: Collection[int], spec: FrontEndSpec) -> list[list[Heard]]:
    """The recordings of `groups` in each of several versions, all of one length, through the front end side by side."""
    versions = [(version, [b for b in version.blocks if b.group in groups]) for version in several]
    counts = np.concatenate([_counts(version, blocks, spec) for version, blocks in versions])
    front_end = FrontEnd.from_spec(spec)
    rows = iter(zip(counts, front_end.signals(counts), strict=True))
    return [
        [_heard(front_end, *next(rows), annotated(block, version, spec.sensor.rate_hz), block) for block in blocks]
        for version, blocks in versions
    ]


def _counts(recordings: Recordings, blocks: Sequence[Block], spec: FrontEndSpec) -> np.ndarray:
    """int16 (blocks, samples, 1)."""
    x = (to_rate(b.x[None].astype(np.float64), recordings.rate_hz, spec.sensor.rate_hz) for b in blocks)
    return np.concatenate([to_counts(one, spec.sensor)[0] for one in x])


def _heard(front_end: FrontEnd, counts: np.ndarray, signal: np.ndarray, reference: Series, block: Block) -> Heard:
    spec, found = front_end.spec, front_end.beats_in(signal[:, 0], counts)
    ends = spec.resampling.consumed(found.answered)
    flags = flags_at(counts, spec.sensor, spec.lead_off_samples, spec.raw_samples, ends)
    return Heard(str(block.group), found, (flags & LEAD_OFF) > 0, unreadable(counts, spec), reference)


def annotated(block: Block, recordings: Recordings, rate_hz: float) -> Series:
    """A block's annotated beats at a rate."""
    place = np.array([CLASSES.index(label) for label in recordings.labels])
    order = np.argsort(block.beats[:, 0], kind="stable")
    at = np.rint(block.beats[order, 0] * (rate_hz / recordings.rate_hz)).astype(np.int64)
    return Series(at, place[block.beats[order, 1]])


@dataclass(frozen=True, eq=False)
class Built:
    """A bundle's network, compiled for this computer, and its front end."""

    engine: CEngine
    spec: FrontEndSpec

    @classmethod
    def of(cls, bundle: Bundle[Manifest], folder: Path) -> "Built":
        """Compiled into a folder."""
        library = build_library(bundle.path / "c", folder / f"{bundle.path.name}.so")
        return cls(CEngine(library), bundle.manifest.frontend)


def judged(built: Built, records: Sequence[Heard]) -> list[RecordFigures]:
    """A bundle's answers against the annotations, by EC57, of each record."""
    spec, front_end = built.spec, FrontEnd.from_spec(built.spec)
    logits = built.engine.run(np.concatenate([front_end.quantized_beats(record.found) for record in records]))["logits"]
    parts = np.split(decide(logits), np.cumsum([len(record.found.at) for record in records])[:-1])
    figures = []
    for record, classes in zip(records, parts, strict=True):
        said = np.where(record.lead_off, UNCLASSIFIABLE, classes)
        series = Series(spec.resampling.sensor_sample(record.found.at), said, record.unreadable)
        figures.append(compare(record.name, record.reference, series, spec.sensor.rate_hz))
    return figures


def row_of(figures: Sequence[RecordFigures]) -> dict[str, float]:
    """QRS, V and S as sensitivity and PPV, and macro F1, of all records and without 232."""
    row: dict[str, float] = {}
    for suffix, without in (("", ()), (" without 232", (MOST_S232,))):
        summary: Summary = summarize(figures, without)
        row["macro F1" + suffix] = round(summary.inter_patient.macro_f1 or 0.0, 5)
        for short, kind in (("QRS", summary.qrs), ("V", summary.veb), ("S", summary.sveb)):
            row[f"{short} Se{suffix}"] = round(kind.gross.sensitivity or 0.0, 5)
            row[f"{short} PPV{suffix}"] = round(kind.gross.ppv or 0.0, 5)
    return row
