"""What a board said of a WFDB record's beats against its annotations, at the record's own rate."""

from collections.abc import Sequence

import numpy as np

from firmware_host.beat_lines import unreadable
from firmware_host.beat_measure import series
from firmware_host.beats import BeatRecord
from firmware_host.playing_beats import spec_of
from firmware_host.wfdb_record import WfdbRecord
from scl.artifacts.manifest import BundleManifest
from scl.ec57.beats import Series
from scl.ec57.comparison import LEARNING_S, RecordFigures, compare
from scl.ec57.statistics import Statistics
from scl.pages.rendering import number, share


def in_own_samples(
    records: Sequence[BeatRecord], record: WfdbRecord, played: np.ndarray, manifest: BundleManifest
) -> Series:
    """The board's beats, and where its lead was off in the counts (samples, 1) that were `played`, in the record's own
    samples.
    """
    said = series(records, unreadable(played, spec_of(manifest)))
    return Series(record.own(said.at), said.classes, record.own(said.unreadable).reshape(-1, 2))


def against(said: Series, reference: Series, record: WfdbRecord) -> tuple[RecordFigures, RecordFigures | None]:
    """By ANSI/AAMI EC57: the whole record, and without its first five minutes where it is longer."""
    name, rate_hz = record.path.name, record.rate_hz
    later = compare(name, reference, said, rate_hz) if record.samples > LEARNING_S * rate_hz else None
    return compare(name, reference, said, rate_hz, 0.0), later


def compared_lines(whole: RecordFigures, later: RecordFigures | None) -> list[str]:
    """Of the terminal."""
    lines = [f"against {whole.record}.atr by ANSI/AAMI EC57: {_figures(whole)}"]
    return lines if later is None else [*lines, f"without the first five minutes: {_figures(later)}"]


def _figures(figures: RecordFigures) -> str:
    kinds = ("QRS", figures.qrs), ("V", figures.veb), ("S", figures.sveb)
    return "; ".join(f"{name} {_pair(of)}" for name, of in kinds)


def _pair(of: Statistics) -> str:
    beats = number(of.true_positives + of.false_negatives, 0)
    return f"Se {share(of.sensitivity, 2)}, PPV {share(of.ppv, 2)} ({beats} annotated)"
