"""Strips of ten seconds by the heartbeats that the board finds in them: the class of a strip is its worst beat's."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from scl.artifacts import InputError
from scl.ec57.beats import CLASSES
from scl.ec57.strips import SEVERITY, SHIFTS_S, spans, strip_starts, worst
from scl.frontend.beats import RATE_HZ, BeatSpec
from scl.frontend.resampler import served
from train.data import beats, ecg
from train.data.mitdb import RHYTHM
from train.data.recordings import Block, Recordings


@dataclass(frozen=True, eq=False)
class Strips:
    """The strips of records, as recorded and each time they start a little later (scl.ec57.strips.SHIFTS_S).

    Attributes:
        x: float32 (beats, features, 1), every beat that was found.
        parts: int64 (shifts, strips, 2), the first beat of a strip and the one behind its last.
        labels: int64 (shifts, strips), places in N, S, V by the annotated beats.
        groups: int64 (strips,), records.
        later: samples of the source's rate that each shift is.
    """

    x: np.ndarray
    parts: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    later: tuple[int, ...]

    def take(self, rows: np.ndarray) -> "Strips":
        """Some of the strips, among the same beats."""
        return Strips(self.x, self.parts[:, rows], self.labels[:, rows], self.groups[rows], self.later)

    def answers(self, classes: np.ndarray) -> np.ndarray:
        """Classes (shifts, strips) by those of all beats (beats,); -1 where no beat was found."""
        return worst(classes, self.parts)

    def deciding(self, logits: np.ndarray) -> np.ndarray:
        """Which beat decides each strip, int64 (shifts, strips); -1 where there is none: of those of the worst class
        the one whose logit of it is the largest.

        Args:
            logits: (beats, classes) of all beats.
        """
        classes = logits.argmax(axis=1)
        order = np.lexsort((logits.max(axis=1), classes))  # rising
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        chosen = [
            first + int(rank[first:last].argmax()) if last > first else -1
            for first, last in self.parts.reshape(-1, 2).tolist()
        ]
        return np.array(chosen, np.int64).reshape(self.parts.shape[:2])


def beat_classes(recordings: Recordings) -> set[str]:
    """The classes of annotated beats; none of recordings that are labelled as a whole."""
    if recordings.multilabel or any(block.label >= 0 for block in recordings.blocks):
        return set()
    return {recordings.labels[k] for block in recordings.blocks for k in np.unique(block.beats[:, 1])}


def not_measurable(recordings: Recordings) -> str | None:
    """Why a model of measured beats cannot be trained; None where it can."""
    if not beat_classes(recordings) & set(RHYTHM):
        return "no beats of N, S or V are annotated, which a board answers that measures beats"
    if not served(recordings.rate_hz, RATE_HZ):
        return f"{recordings.rate_hz:g} Hz cannot be brought to the {RATE_HZ:g} Hz at which a board measures beats"
    return None


def strips(recordings: Recordings, spec: BeatSpec, groups: Collection[int]) -> Strips:
    """The strips of the records `groups`, side by side, that hold an annotated beat of N, S, V or F under every shift.

    Raises InputError if there is none.
    """
    if not beat_classes(recordings) & set(CLASSES):
        raise InputError(f"{recordings.name}: has no annotated beats of N, S, V or F; give recordings that have")
    severity = np.array([SEVERITY[CLASSES.index(label)] for label in recordings.labels])
    pairs = zip(beats.measured(recordings, spec).blocks, ecg.prepared(recordings, RATE_HZ).blocks, strict=True)
    x, parts, labels, owners, total = [], [], [], [], 0
    for found, block in pairs:
        if found.group in groups:
            starts = strip_starts(block.x.shape[1], RATE_HZ)
            at, classes = in_order(block)
            truth = worst(severity[classes], spans(at, starts, RATE_HZ))
            known = (truth >= 0).all(axis=0)
            x.append(found.x.T[:, :, None])
            parts.append(total + spans(found.beats[:, 0], starts, RATE_HZ)[:, known])
            labels.append(truth[:, known])
            owners.append(np.full(known.sum(), found.group))
            total += len(found.beats)
    if not sum(map(len, owners)):
        raise InputError(
            f"{recordings.name}: no strip of 10 s with an annotated beat lies in records {sorted(groups)}; give longer "
            "recordings, or --input raw, whose windows are as long as recordings are"
        )
    later = tuple(round(shift * recordings.rate_hz) for shift in SHIFTS_S)
    joined = np.concatenate(parts, axis=1), np.concatenate(labels, axis=1)
    return Strips(np.concatenate(x), *joined, np.concatenate(owners), later)


def in_order(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Samples and classes (k,) of a block's annotated beats, in order of time."""
    order = np.argsort(block.beats[:, 0], kind="stable")
    return block.beats[order, 0], block.beats[order, 1]
