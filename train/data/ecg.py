"""ECG recordings behind the board's front end, cut into strips and beats.

The front end is what the board does: polyphase resampling to the model's rate, then the causal band-pass, both in
single precision. A whole record is filtered at once, from the steady state of its first sample; a board that is sent
`WARM_UP_S` before each window differs from that by less than a ten-thousandth of what the filter had to settle.
"""

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.run import Split
from scl.ec57.strips import MAX_SHIFT_S, STRIP_S
from scl.frontend import bandpass
from scl.frontend import resampler as polyphase
from train.data.cache import cached
from train.data.mitdb import RHYTHM
from train.data.recordings import Block, Recordings, WindowSet
from train.transformations import Shift

BAND_HZ = (0.5, 40.0)
WARM_UP_S = 5.0
BEAT_S = 4.0  # holds the beats before and after, so that the rhythm can be seen
STRIP_CLASS = {"N": "N", "S": "S", "V": "V", "F": "V"}  # of a strip, by its beats; Q says nothing
JITTER_S = 0.075  # of a detected R peak, to either side


def check_band(name: str, rate_hz: float) -> None:
    """Raises InputError for a model of the recordings `name` that is too slow for the band-pass."""
    if rate_hz <= 2 * BAND_HZ[1]:
        raise InputError(
            f"{name}: a model of {rate_hz:g} Hz cannot see ECG up to {BAND_HZ[1]:g} Hz, expected more than "
            f"{2 * BAND_HZ[1]:g} Hz; give a higher --rate, or recordings of a faster sensor"
        )


def prepared(recordings: Recordings, rate_hz: float) -> Recordings:
    """The recordings at `rate_hz`, band-passed; beats keep their times.

    Raises InputError for a rate that the band does not fit into.
    """
    check_band(recordings.name, rate_hz)
    key: dict[str, object] = {"sha256": recordings.sha256, "rate_hz": rate_hz, "band_hz": BAND_HZ}
    key["channels"] = recordings.channels
    return cached(f"{recordings.name}-front-end", key, lambda: unkept(recordings, rate_hz))


def unkept(recordings: Recordings, rate_hz: float) -> Recordings:
    """As `prepared`, each time anew."""
    resampler = polyphase.design(recordings.rate_hz, rate_hz)
    signals = [resampler.aligned(block.x.T[None])[0] for block in recordings.blocks]
    band = bandpass.design(rate_hz, *BAND_HZ)
    lengths = np.array([len(x) for x in signals])
    for length in np.unique(lengths):  # those of one length are filtered side by side
        rows = np.flatnonzero(lengths == length)
        for row, y in zip(rows, band.apply(np.stack([signals[row] for row in rows])), strict=True):
            signals[row] = y
    blocks = []
    for block, signal in zip(recordings.blocks, signals, strict=True):
        beats = block.beats.copy()
        beats[:, 0] = np.minimum(np.rint(beats[:, 0] * (rate_hz / recordings.rate_hz)), len(signal) - 1)
        spans = np.minimum(np.rint(block.flutter * (rate_hz / recordings.rate_hz)), len(signal) - 1).astype(np.int64)
        blocks.append(Block(block.group, block.label, np.ascontiguousarray(signal.T), beats, spans))
    return replace(recordings, rate_hz=rate_hz, blocks=tuple(blocks), other_lead=None)


def window_for(task: str) -> float:
    """Seconds of a task's window, unless options or short recordings say otherwise."""
    return BEAT_S if task == "beat" else STRIP_S


def shift_for(task: str, recordings: Recordings, rate_hz: float, window_s: float = 0.0) -> Shift:
    """What a task's windows are moved by: strips up to 300 samples of 360 Hz later, beats up to 75 ms to either side.

    Args:
        window_s: of a window; 0: beats have 4 s, strips 10 s, or what a shorter recording leaves beside the shift.

    Raises InputError if no recording is as long as a window and its shifts.
    """
    per_sample = recordings.rate_hz / rate_hz
    lengths = [int(block.x.shape[1] // per_sample) for block in recordings.blocks]
    if task == "beat":
        jitter = math.ceil(JITTER_S * rate_hz)
        shift = Shift(-jitter, jitter, round((window_s or window_for(task)) * rate_hz), per_sample)
    else:
        most = math.floor(MAX_SHIFT_S * rate_hz)
        samples = round(window_s * rate_hz) if window_s else min(round(STRIP_S * rate_hz), min(lengths) - most)
        shift = Shift(0, most, samples, per_sample)
    cut = shift.samples + shift.most - shift.least
    if not shift.most - shift.least < cut <= max(lengths):
        raise InputError(
            f"{recordings.name}: windows of {shift.samples / rate_hz:.4g} s, cut again up to "
            f"{(shift.most - shift.least) / rate_hz:.2g} s later, take {cut / rate_hz:.4g} s; the longest recording "
            f"has {max(lengths) / rate_hz:.4g} s: give a shorter --window"
        )
    return shift


def task_labels(recordings: Recordings) -> tuple[str, ...]:
    """The classes of strips and beats: N, S and V as far as beats of them are annotated, in order of severity; else
    those of whole recordings.
    """
    if recordings.multilabel or any(block.label >= 0 for block in recordings.blocks):
        return recordings.labels
    return rhythm(recordings.labels)


def rhythm(labels: tuple[str, ...]) -> tuple[str, ...]:
    """N, S and V as far as beats of classes `labels` can make a strip so."""
    present = {STRIP_CLASS.get(label) for label in labels}
    return tuple(name for name in RHYTHM if name in present)


def split_windows(recordings: Recordings, split: Split, part: str, task: str, shift: Shift) -> WindowSet:
    """The windows of one part of a split of prepared recordings; strips overlap by half in training only."""
    if task == "beat":
        return beats(recordings, split.part(part), shift, task_labels(recordings))
    window_s = shift.samples / recordings.rate_hz
    return strips(recordings, split.part(part), shift, window_s / 2 if part == "train" else window_s)


def strips(recordings: Recordings, groups: Collection[int], shift: Shift, hop_s: float) -> WindowSet:
    """Strips of prepared recordings, one every `hop_s` seconds, with the samples that `shift` may move them over.

    A block's own label holds for all its strips; else a strip's label is the most severe of its beats (N, S, V; F
    counts as V). Strips that hold no such beat under some shift are left out.

    Raises InputError if there is none.
    """
    wanted, parts = {int(g) for g in groups}, []
    hop = round(hop_s * recordings.rate_hz)
    cut = shift.samples + shift.most - shift.least
    for index, block in enumerate(recordings.blocks):
        if block.group in wanted:
            starts = np.arange(0, block.x.shape[1] - cut + 1, hop)
            if block.label >= 0:
                labels_at = np.full((len(starts), shift.most - shift.least + 1), block.label, np.int64)
            else:
                first = starts[:, None] + np.arange(shift.most - shift.least + 1)
                labels_at = severest(block.beats, recordings.labels, first, first + shift.samples)
            parts.append(_cuts(recordings, index, starts, labels_at, cut, shift))
    return _joined(recordings, wanted, parts)


def severest(beats: np.ndarray, labels: tuple[str, ...], starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Severity (the place in `rhythm`) of the beats (k, 2) of classes `labels` from each start to before its end, of
    any shape; -1 where there is none.
    """
    found = np.full(starts.shape, -1, np.int64)
    for severity, name in enumerate(rhythm(labels)):
        classes = [i for i, label in enumerate(labels) if STRIP_CLASS.get(label) == name]
        times = np.sort(beats[np.isin(beats[:, 1], classes), 0])
        found[np.searchsorted(times, ends) > np.searchsorted(times, starts)] = severity
    return found


def beats(recordings: Recordings, groups: Collection[int], shift: Shift, classes: tuple[str, ...]) -> WindowSet:
    """Windows of prepared recordings with a beat of `classes` in the middle; labels are places in `classes`.

    Beats nearer to a block's end than half a window and the jitter are left out.

    Raises InputError if there is none.
    """
    wanted, parts = {int(g) for g in groups}, []
    cut = shift.samples + shift.most - shift.least
    place = np.array([classes.index(label) if label in classes else -1 for label in recordings.labels])
    for index, block in enumerate(recordings.blocks):
        if block.group in wanted and len(block.beats):
            labels = place[block.beats[:, 1]]
            starts = block.beats[:, 0] - shift.samples // 2 + shift.least
            inside = (labels >= 0) & (starts >= 0) & (starts + cut <= block.x.shape[1])
            labels_at = np.repeat(labels[inside, None], shift.most - shift.least + 1, axis=1)
            parts.append(_cuts(recordings, index, starts[inside], labels_at, cut, shift))
    return _joined(recordings, wanted, parts)


def holds(recordings: Recordings, groups: Collection[int], classes: tuple[str, ...]) -> bool:
    """Whether a record of `groups` has a beat of one of the classes."""
    numbers = [recordings.labels.index(label) for label in classes]
    return any(np.isin(block.beats[:, 1], numbers).any() for block in recordings.blocks if block.group in groups)


def _cuts(
    recordings: Recordings, index: int, starts: np.ndarray, labels_at: np.ndarray, cut: int, shift: Shift
) -> WindowSet:
    """One block's cuts that begin at starts (k,), without those that have no label under some shift."""
    known = (labels_at >= 0).all(axis=1)
    starts, labels_at = starts[known], labels_at[known]
    block = recordings.blocks[index]
    views = np.lib.stride_tricks.sliding_window_view(block.x, cut, axis=1) if len(starts) else None
    x = views[:, starts].transpose(1, 0, 2) if views is not None else np.zeros((0, len(block.x), cut), np.float32)
    same = np.ones(len(starts), np.int64)
    return WindowSet(x, labels_at[:, -shift.least], block.group * same, labels_at, index * same, starts - shift.least)


def _joined(recordings: Recordings, groups: set[int], parts: list[WindowSet]) -> WindowSet:
    if not sum(map(len, parts)):
        longest = max((b.x.shape[1] for b in recordings.blocks if b.group in groups), default=0) / recordings.rate_hz
        raise InputError(
            f"{recordings.name}: no window fits into records {sorted(groups)}, the longest has {longest:.1f} s; give "
            "longer recordings, with annotated beats, in their place"
        )
    names = ("x", "labels", "groups", "labels_at", "blocks", "starts")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return WindowSet(**arrays, multilabel=recordings.multilabel)
