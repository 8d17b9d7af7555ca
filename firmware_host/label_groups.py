"""Figures of a board's answers with the classes of a group as one."""

import numpy as np

from firmware_host.decisions import desktop_decisions
from firmware_host.figures import Answers
from firmware_host.validation import LabelGroupFigures, LevelFigures
from scl.artifacts.golden import Golden
from scl.artifacts.label_groups import LabelGroups
from scl.artifacts.manifest import BundleManifest, Manifest
from scl.belief import UNSURE
from scl.group_figures import group_figures, grouped


def label_group_figures(manifest: BundleManifest, golden: Golden, answers: Answers) -> LabelGroupFigures | None:
    """Of the board and, on the golden outputs, of the desktop; None of a bundle without groups."""
    groups = LabelGroups(manifest.label_groups if isinstance(manifest, Manifest) else ())
    if not groups:
        return None
    numbers = groups.numbers(manifest.labels)

    def level(predictions: np.ndarray, decided: np.ndarray) -> LevelFigures:
        sure = decided != UNSURE
        right = grouped(decided, numbers) == grouped(golden.labels, numbers)
        answered = float(right[sure].mean()) if sure.any() else None
        figures = group_figures(golden.labels, predictions, golden.groups, numbers)
        return LevelFigures(**vars(figures), answered_accuracy=answered)

    return LabelGroupFigures(
        groups=tuple(groups),
        names=groups.names(manifest.labels),
        board=level(answers.predictions, answers.decided),
        desktop=level(golden.predictions, desktop_decisions(manifest, golden).answers),
    )
