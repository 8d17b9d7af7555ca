"""What a board answers to recordings of heartbeats, on this computer: the front end and the beats in numpy, the network
in TensorFlow Lite Micro. A board answers the same in every bit, as validation shows (`firmware_host.validate`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from export.proof.runtimes import run_tflite_micro
from firmware_host.beat_lines import unreadable
from firmware_host.beat_measure import UNCLASSIFIABLE
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest
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


def heard(recordings: Recordings, groups: Collection[int], spec: FrontEndSpec) -> list[Heard]:
    """The recordings of `groups`, which have one length, through the front end."""
    blocks = [block for block in recordings.blocks if block.group in groups]
    rate_hz, front_end = spec.sensor.rate_hz, FrontEnd.from_spec(spec)
    at_sensor = [to_rate(block.x[None].astype(np.float64), recordings.rate_hz, rate_hz) for block in blocks]
    counts = np.concatenate([to_counts(x, spec.sensor)[0] for x in at_sensor])
    signals = front_end.signals(counts)
    heard = []
    for block, raw, signal in zip(blocks, counts, signals, strict=True):
        found = front_end.beats_in(signal[:, 0], raw)
        ends = spec.resampling.consumed(found.answered)
        flags = flags_at(raw, spec.sensor, spec.lead_off_samples, spec.raw_samples, ends)
        reference = annotated(block, recordings, rate_hz)
        heard.append(Heard(str(block.group), found, (flags & LEAD_OFF) > 0, unreadable(raw, spec), reference))
    return heard


def annotated(block: Block, recordings: Recordings, rate_hz: float) -> Series:
    """A block's annotated beats at a rate."""
    place = np.array([CLASSES.index(label) for label in recordings.labels])
    order = np.argsort(block.beats[:, 0], kind="stable")
    at = np.rint(block.beats[order, 0] * (rate_hz / recordings.rate_hz)).astype(np.int64)
    return Series(at, place[block.beats[order, 1]])


def judged(bundle: Bundle[BundleManifest], spec: FrontEndSpec, records: Sequence[Heard]) -> list[RecordFigures]:
    """A bundle's answers against the annotations, by EC57, of each record."""
    front_end = FrontEnd.from_spec(spec)
    inputs = np.concatenate([front_end.quantized_beats(record.found) for record in records])
    logits = run_tflite_micro(bundle.file("model.tflite").read_bytes(), inputs)["logits"]
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
