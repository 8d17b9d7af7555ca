"""Plays a battery of heartbeats to a board: stretches under one nuisance after the other, and what the board makes of
them.
"""

from collections.abc import Sequence

import numpy as np

from firmware_host.battery import weakest_first
from firmware_host.beat_battery_types import BeatBattery, BeatRung, BeatScores
from firmware_host.beat_measure import ask, parity, series
from firmware_host.beats import BeatRecord
from firmware_host.board import Board
from scl.artifacts.battery import read_beat_battery
from scl.artifacts.bundle import Bundle
from scl.artifacts.golden_beats import GoldenBeats
from scl.artifacts.manifest import BundleManifest
from scl.ec57.beats import Series, no_spans
from scl.ec57.inter_patient import accuracies, resampled
from scl.ec57.matching import match, match_window
from scl.ec57.matrix import O, V, beat_matrix
from scl.ec57.statistics import qrs
from scl.metrics import interval_if_several

CLASSES = V + 1  # N, S and V come first
MISSED = -1


def measure_beat_battery(board: Board, bundle: Bundle[BundleManifest]) -> BeatBattery:
    """Plays every stretch of battery.npz to the board; beats that are lost count as missed.

    Raises InputError of a bundle without a battery, and as `firmware_host.beat_measure.ask` does.
    """
    copies, golden = read_beat_battery(bundle)
    rate_hz, records = bundle.manifest.sensor.rate_hz, len(golden.groups) // (1 + len(copies))
    answered = ask(board, bundle, golden)
    heard = answered.stretches + [[]] * (len(golden.groups) - len(answered.stretches))
    rows = [Row(golden, heard, range(row * records, (row + 1) * records), rate_hz) for row in range(1 + len(copies))]
    rungs = [
        BeatRung(**vars(copy), row=row, board=rows[row].scores(rows[0])) for row, copy in enumerate(copies, start=1)
    ]
    return BeatBattery(
        records=records,
        beats=len(rows[0].answers),
        seconds=len(golden.counts) / rate_hz,
        resets=answered.resets,
        stopped=answered.stopped,
        parity=parity(golden, answered.stretches, rate_hz),
        recorded=rows[0].scores(None),
        rungs=tuple(weakest_first(rungs)),
    )


class Row:
    """One row of the battery: the stretches of all recordings under one nuisance.

    Attributes:
        matrices: beat-by-beat counts (stretches, 7, 7).
        answers: int64 (beats,), the board's class of every beat annotated N, S or V, MISSED where it has none there.
        groups: (beats,), records.
    """

    def __init__(
        self, golden: GoldenBeats, heard: Sequence[Sequence[BeatRecord]], stretches: range, rate_hz: float
    ) -> None:
        matrices, answers, groups = [], [], []
        for stretch in stretches:
            reference = Series(*golden.truth(stretch), flutter=golden.flutter(stretch))
            ours = series(heard[stretch], no_spans())
            matched = match(reference.at, ours.at, match_window(rate_hz))
            matrices.append(beat_matrix(reference, ours, matched))
            named = reference.classes < CLASSES
            padded = np.append(ours.classes, MISSED)  # which a beat without match, -1, points at
            answers.append(padded[matched[named]])
            groups.append(np.full(named.sum(), golden.groups[stretch]))
        self.matrices = np.stack(matrices)
        self.answers, self.groups = np.concatenate(answers), np.concatenate(groups)

    def scores(self, recorded: "Row | None") -> BeatScores:
        """Its figures; `recorded`: the row without a nuisance, None for that one itself."""
        total = self.matrices.sum(axis=0)
        consistency = between = None
        if recorded is not None:
            there = recorded.answers != MISSED
            kept = (self.answers == recorded.answers)[there]
            consistency = float(kept.mean()) if kept.size else 0.0
            between = interval_if_several(kept.astype(float), self.groups[there]) if kept.size else None
        statistics = qrs(total)
        return BeatScores(
            accuracy=float(np.nan_to_num(accuracies(total))),
            accuracy_ci95=resampled(self.matrices, accuracies),
            macro_f1=float(macro_f1s(total)),
            macro_f1_ci95=resampled(self.matrices, macro_f1s),
            consistency=consistency,
            consistency_ci95=between,
            sensitivity=statistics.sensitivity,
            ppv=statistics.ppv,
        )


def macro_f1s(counts: np.ndarray) -> np.ndarray:
    """Mean (...,) of F1 over the classes of N, S and V that are annotated, of counts (..., 7, 7): 2 hits over what is
    annotated, missed beats among it, and what is named so, extra beats among it. 0 where none is annotated.
    """
    named = counts[..., :CLASSES, :CLASSES]
    said = named.sum(axis=-2) + counts[..., O:, :CLASSES].sum(axis=-2)
    hits, there = np.diagonal(named, axis1=-2, axis2=-1), counts[..., :CLASSES, :].sum(axis=-1)
    occur = there > 0
    f1 = np.where(occur, 2 * hits / np.maximum(said + there, 1), 0.0)
    return np.asarray(f1.sum(axis=-1) / np.maximum(occur.sum(axis=-1), 1))
