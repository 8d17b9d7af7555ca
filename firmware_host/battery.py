"""Plays a bundle's battery to a board: windows under one nuisance after the other, and what the board makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firmware_host.battery_types import BatteryReport, Rung, Scores, Step
from firmware_host.board import Board
from firmware_host.decisions import desktop_decisions
from firmware_host.figures import Answers, parity
from firmware_host.measure import ask
from scl import metrics
from scl.artifacts.battery import read_battery
from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.bundle import Bundle
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest
from scl.metrics import interval_if_several
from scl.robustness import robustness


@dataclass(frozen=True, eq=False)
class PlayedBattery:
    """What was sent, what the board answered, and what is reported of it."""

    golden: Golden
    answers: Answers
    report: BatteryReport


def measure_battery(board: Board, bundle: Bundle[BundleManifest]) -> PlayedBattery:
    """Sends every window of battery.npz to the board, of which lost ones count as wrong.

    Raises InputError of a bundle without a battery, and as `firmware_host.measure.measure` does.
    """
    copies, golden = read_battery(bundle)
    answers, outcome = ask(board, bundle, golden)
    labels = len(bundle.manifest.labels) if golden.thresholds is not None else None
    rungs = ladders(copies, golden, answers.predictions, labels)
    report = BatteryReport(
        windows=len(golden.groups),
        groups=len(np.unique(golden.groups)),
        sent=golden.input_crc32.size,
        lost=outcome.lost,
        stopped=outcome.stopped or None,
        parity=parity(answers, golden, desktop_decisions(bundle.manifest, golden)),
        recorded=scores(golden, answers.predictions, 0, labels),
        rungs=tuple(weakest_first(rungs)),
    )
    return PlayedBattery(golden, answers, report)


def ladders(copies: Sequence[BatteryCopy], golden: Golden, classes: np.ndarray, labels: int | None) -> list[Rung]:
    """Figures of each row of classes (copies, windows) behind the first; `labels`: how many there are in a bit mask."""
    rungs = []
    for row, copy in enumerate(copies, start=1):
        board = scores(golden, classes, row, labels)
        same = (classes[[0, row]] == golden.predictions[[0, row]]).all()
        desktop = board if same else scores(golden, golden.predictions, row, labels)
        rungs.append(Rung(**vars(copy), row=row, lost=int((classes[row] < 0).sum()), board=board, desktop=desktop))
    return rungs


def weakest_first(rungs: Sequence[Step]) -> list[Step]:
    """Nuisances by the lowest macro F1 of their ladder, each by rising strength."""
    lowest = {rung.name: min(r.board.macro_f1 for r in rungs if r.name == rung.name) for rung in rungs}
    return sorted(rungs, key=lambda rung: (lowest[rung.name], rung.name, rung.strength))


def scores(golden: Golden, classes: np.ndarray, row: int, labels: int | None) -> Scores:
    """Of one row of classes (copies, windows), beside the first one."""
    truth, said, groups = golden.labels[row], classes[row], golden.groups
    figures = robustness(golden.labels[[0, row]], classes[[0, row]], groups, labels)
    copy = figures.transformed
    assert copy is not None and copy.accuracy is not None and copy.macro_f1 is not None  # a battery has labels
    between = None
    if labels is None and len(np.unique(groups)) > 1:
        between = metrics.macro_f1_interval(truth, said, groups)
    return Scores(
        accuracy=copy.accuracy,
        accuracy_ci95=interval_if_several(said == truth, groups),
        macro_f1=copy.macro_f1,
        macro_f1_ci95=between,
        consistency=copy.consistency if row else None,
        consistency_ci95=copy.consistency_ci95 if row else None,
    )
