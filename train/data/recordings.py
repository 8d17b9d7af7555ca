"""Recordings as continuous, uniformly sampled blocks, and the windows cut from them."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from scl.artifacts import InputError

NO_BEATS = np.zeros((0, 2), np.int64)


@dataclass(frozen=True)
class Block:
    """A stretch without gaps of one subject: x (channels, samples), float32, SI units.

    Attributes:
        label: class of the whole block; of several labels, a bit mask. Where `beats` tell the classes, -1.
        beats: (k, 2) int64, the sample and the class of every annotated beat, in order of time.
        flutter: (k, 2) int64, first and last sample of ventricular flutter or fibrillation, in order of time.
    """

    group: int
    label: int
    x: np.ndarray
    beats: np.ndarray = field(default_factory=lambda: NO_BEATS)
    flutter: np.ndarray = field(default_factory=lambda: NO_BEATS)


def spans_within(spans: np.ndarray, part: slice) -> np.ndarray:
    """What of spans (k, 2), first and last sample each, lies in a part, counted from its start: int64 (any, 2)."""
    cut = np.clip(spans, part.start, part.stop - 1) - part.start
    return np.asarray(cut[(spans[:, 0] < part.stop) & (spans[:, 1] >= part.start)])


@dataclass(frozen=True)
class Recordings:
    """A data set after loading: everything in SI units at one rate.

    Attributes:
        sensors: ("accelerometer", channel indices) and so on, in channel order.
        window_s: the window length that the set is used with by default.
        sha256: checksum of the source file or files.
        report: what the loader counted; under "amiss" what it skipped, repaired or missed.
        multilabel: whether a label is a bit mask, bit i for class i.
        group_names: of subject or record i; empty where the number is the name.
        other_lead: the same records, block by block, in another lead; None: they have one, or one was asked for.
    """

    name: str
    rate_hz: float
    window_s: float
    channels: tuple[str, ...]
    units: tuple[str, ...]
    sensors: tuple[tuple[str, tuple[int, ...]], ...]
    labels: tuple[str, ...]
    blocks: tuple[Block, ...]
    sha256: str
    report: dict[str, Any] = field(default_factory=dict)
    multilabel: bool = False
    group_names: tuple[str, ...] = ()
    other_lead: "Recordings | None" = None

    @property
    def groups(self) -> np.ndarray:
        """Sorted subject numbers."""
        return np.unique([block.group for block in self.blocks])

    def only(self, labels: tuple[str, ...]) -> "Recordings":
        """The blocks of these classes alone, which are all there are then, in this order.

        Raises InputError for a class that is not there, or one that is named twice.
        """
        unknown = [label for label in labels if label not in self.labels]
        if unknown or len(set(labels)) != len(labels) or not labels:
            found = f"has no {', '.join(unknown)}" if unknown else f"cannot be cut to {', '.join(labels) or 'no class'}"
            raise InputError(f"{self.name}: {found}; its classes: {', '.join(self.labels)}")
        number = {self.labels.index(label): new for new, label in enumerate(labels)}
        blocks = tuple(replace(b, label=number[b.label]) for b in self.blocks if b.label in number)
        return replace(self, labels=labels, blocks=blocks)

    def summary(self) -> str:
        """What was loaded and what the loader found amiss, in one line."""
        seconds = sum(block.x.shape[1] for block in self.blocks) / self.rate_hz
        duration = f"{seconds / 3600:.1f} h" if seconds >= 360 else f"{seconds:.0f} s"
        parts = [f"{self.name}: {len(self.groups)} subjects, {len(self.labels)} classes, {duration}"]
        for name, found in self.report.get("amiss", {}).items():
            count = len(found) if isinstance(found, list) else found
            listed = f" ({', '.join(map(str, found))})" if isinstance(found, list) and count <= 5 else ""
            if count:
                parts.append(f"{count} {name.replace('_', ' ')}{listed}")
        return "; ".join(parts)


@dataclass(frozen=True)
class WindowSet:
    """Cuts of recordings: windows, with the samples around them that a transformation needs.

    Attributes:
        x: (n, channels, samples) float32, SI units.
        labels: (n,) int64 of the untransformed window.
        groups: (n,) int64, subject or record.
        labels_at: (n, shifts) int64 where a time shift can change the label: the label under each shift from the
            least to the most, a sample apart. Else None.
        blocks, starts: (n,) int64 where windows are cut of recordings: index of the block, and the block's sample that
            the untransformed window starts with. None of beats that are measured.
        multilabel: whether labels are bit masks, bit i for class i.
    """

    x: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    labels_at: np.ndarray | None = None
    blocks: np.ndarray | None = None
    starts: np.ndarray | None = None
    multilabel: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def targets(self) -> np.ndarray:
        """What a transformation takes beside x: labels (n,), or under each shift (n, shifts)."""
        return self.labels if self.labels_at is None else self.labels_at

    def take(self, index: np.ndarray) -> "WindowSet":
        return WindowSet(**{k: v[index] if isinstance(v, np.ndarray) else v for k, v in vars(self).items()})


def windows(recordings: Recordings, groups: Collection[int], window_s: float, overlap: float) -> WindowSet:
    """Cuts the blocks of `groups` into windows of `window_s` seconds; none crosses a block's border or a gap.

    Args:
        overlap: share of a window that the next one repeats, 0 <= overlap < 1.

    Raises:
        ValueError: the overlap is out of range.
        InputError: no window fits, or a window holds NaN.
    """
    if not 0 <= overlap < 1:
        raise ValueError(f"overlap is {overlap}, expected 0 <= overlap < 1")
    samples = round(window_s * recordings.rate_hz)
    step = max(round(samples * (1 - overlap)), 1)
    wanted = {int(g) for g in groups}
    pieces, labels, owners, blocks, starts = [], [], [], [], []
    for index, block in enumerate(recordings.blocks):
        if block.group not in wanted or block.x.shape[1] < samples:
            continue
        view = np.lib.stride_tricks.sliding_window_view(block.x, samples, axis=1)[:, ::step]
        pieces.append(view.transpose(1, 0, 2))
        labels += [block.label] * view.shape[1]
        owners += [block.group] * view.shape[1]
        blocks += [index] * view.shape[1]
        starts += [step * number for number in range(view.shape[1])]
    if not pieces:
        longest = max((b.x.shape[1] for b in recordings.blocks if b.group in wanted), default=0) / recordings.rate_hz
        raise InputError(
            f"{recordings.name}: no window of {window_s:g} s fits into the blocks of subjects {sorted(wanted)}, the "
            f"longest has {longest:.1f} s without a gap; give longer recordings of them, or leave them out"
        )
    x = np.concatenate(pieces)
    bad = ~np.isfinite(x).all(axis=(1, 2))
    if bad.any():
        raise InputError(
            f"{recordings.name}: {bad.sum()} of {len(x)} windows hold NaN or infinity; repair the recording"
        )
    label, owner, origin, start = (np.asarray(values, dtype=np.int64) for values in (labels, owners, blocks, starts))
    return WindowSet(x, label, owner, blocks=origin, starts=start)
