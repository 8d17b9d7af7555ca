"""Heartbeats as the board finds and measures them, with the classes that annotations give them, and their copies."""

from collections.abc import Collection
from dataclasses import asdict, replace

import numpy as np

from scl.artifacts import InputError
from scl.ec57.matching import match, match_window
from scl.frontend.beat_detector import r_peaks
from scl.frontend.beats import RATE_HZ, Beats, BeatSpec, features_at, find, microvolts
from scl.progress import Steps
from train.data import beat_copies, ecg
from train.data.cache import cached
from train.data.recordings import Block, Recordings, WindowSet
from train.transformations.disturbance import ANOTHER_PEAK, INVERTED, KINDS, OTHER_LEAD

UNKNOWN = -1  # class of a beat that nobody annotated
QUICK: dict[str | None, float] = {ANOTHER_PEAK: 0.1}  # of the time that others take: the detector does not run again


Versions = tuple[Recordings, ...]  # of measured beats: as recorded, then a copy of each kind


def versions(
    recordings: Recordings, spec: BeatSpec, kinds: tuple[str, ...] = KINDS, annotated: bool = False
) -> Versions:
    """The beats of recordings as they were recorded, and a copy of each of the `kinds` of
    `train.transformations.Disturbance`; of `annotated`, see `measured`.

    Raises InputError for copies in another lead of recordings that have none.
    """
    if OTHER_LEAD in kinds:
        _check_other_lead(recordings)
    every = (None, *kinds)
    steps = Steps({_step(kind): QUICK.get(kind, 1.0) for kind in every})
    return tuple(measured(recordings, spec, kind, annotated, steps) for kind in every)


def windows(versions: Versions, groups: Collection[int], classes: tuple[str, ...]) -> WindowSet:
    """Beats of `classes`: x (n, features, 1 + kinds), each as recorded and in a copy of each kind; labels are places in
    `classes`.

    A beat counts as the annotated one within 150 ms of it.

    Raises InputError if there is none.
    """
    recordings = versions[0]
    place = np.array([classes.index(label) if label in classes else UNKNOWN for label in recordings.labels] + [UNKNOWN])
    x, labels, owners = [], [], []
    for blocks in zip(*(version.blocks for version in versions), strict=True):
        if blocks[0].group in groups:
            label = place[blocks[0].beats[:, 1]]
            x.append(np.stack([b.x.T for b in blocks], axis=2)[label >= 0])
            labels.append(label[label >= 0])
            owners.append(np.full(len(labels[-1]), blocks[0].group))
    if not sum(map(len, labels)):
        raise InputError(
            f"{recordings.name}: no beat of {', '.join(classes)} was detected in records {sorted(groups)}; give longer "
            "recordings with annotated beats"
        )
    return WindowSet(
        np.concatenate(x), np.concatenate(labels).astype(np.int64), np.concatenate(owners).astype(np.int64)
    )


def measured(
    recordings: Recordings,
    spec: BeatSpec,
    kind: str | None = None,
    annotated: bool = False,
    steps: Steps | None = None,
) -> Recordings:
    """The beats of recordings as they were recorded: a "sample" of a block's x (features, beats) is one beat, `beats`
    its R peak at 180 Hz and the class of the annotated beat that it is, or UNKNOWN.

    Args:
        kind: of a disturbance; then each beat of the undisturbed recordings has its features as disturbed, and those
            that are not detected any more have them as recorded.
        annotated: beats are measured at annotated R peaks, instead of those that the board finds.
        steps: announces the measuring, which is long for hours of recordings.
    """
    steps, name = steps or Steps({_step(kind): 1.0}), _step(kind)

    def measure() -> Recordings:
        with steps.step(name):
            return _measure(recordings, spec, kind, annotated)

    key: dict[str, object] = {
        "sha256": recordings.sha256, "spec": asdict(spec), "kind": kind, "annotated": annotated
    }  # fmt: skip
    if kind == OTHER_LEAD and recordings.other_lead is not None:
        key["other"] = recordings.other_lead.sha256
    found = cached(f"{recordings.name}-beats", key, measure)
    if name not in steps.seconds:  # they were measured before
        steps.skip(name)
    return found


def _step(kind: str | None) -> str:
    return "measure the beats as recorded" if kind is None else f"measure the copies: {kind}"


def _measure(recordings: Recordings, spec: BeatSpec, kind: str | None, annotated: bool) -> Recordings:
    behind = ecg.prepared(recordings, RATE_HZ)
    if kind is None:
        blocks = [_block(block, _beats(block, spec, annotated), spec) for block in behind.blocks]
    else:
        before = measured(recordings, spec, annotated=annotated)
        pairs = zip(before.blocks, _changed(recordings, behind, kind).blocks, strict=True)
        blocks = [_disturbed(old, block, spec, kind, annotated) for old, block in pairs]
    return replace(
        recordings,
        rate_hz=RATE_HZ,
        channels=spec.names,
        units=("",) * len(spec.names),
        blocks=tuple(blocks),
        other_lead=None,
    )


def _changed(recordings: Recordings, behind: Recordings, kind: str) -> Recordings:
    """What the beats of a copy are looked for in; `behind`: the recordings behind the front end."""
    if kind == ANOTHER_PEAK:
        return behind
    if kind == INVERTED:  # the front end turns nothing but the sign
        return replace(behind, blocks=tuple(replace(block, x=-block.x) for block in behind.blocks))
    if kind == OTHER_LEAD:
        assert recordings.other_lead is not None  # as `versions` has checked
        return ecg.prepared(recordings.other_lead, RATE_HZ)
    return ecg.prepared(beat_copies.disturbed(recordings, kind), RATE_HZ)


def _check_other_lead(recordings: Recordings) -> None:
    """Raises InputError unless the other lead has the same stretches of the same records."""
    if recordings.other_lead is None:
        raise InputError(
            f"{recordings.name}: one lead of each record is read, but --against lead needs another; leave lead out, as "
            "with --against inverted, or give MIT-BIH"
        )
    shapes = [[(block.group, block.x.shape) for block in one.blocks] for one in (recordings, recordings.other_lead)]
    if shapes[0] != shapes[1]:
        raise InputError(
            f"{recordings.name}: the two leads of its records have different stretches of valid samples, expected the "
            "same; leave lead out of --against"
        )


def _beats(block: Block, spec: BeatSpec, annotated: bool) -> Beats:
    signal = block.x[0]
    if annotated:
        return features_at(signal, np.sort(block.beats[:, 0]), spec)
    return find(signal, np.zeros(len(signal), bool), spec)


def _block(block: Block, found: Beats, spec: BeatSpec) -> Block:
    """A block of beats with the classes of the annotated ones."""
    order = np.argsort(block.beats[:, 0], kind="stable")
    annotated = block.beats[order]
    matched = match(annotated[:, 0], found.at, match_window(RATE_HZ))
    classes = np.full(len(found.at), UNKNOWN, np.int64)
    classes[matched[matched >= 0]] = annotated[matched >= 0, 1]
    return Block(block.group, -1, found.values.T.copy(), np.stack([found.at, classes], axis=1))


def _disturbed(old: Block, block: Block, spec: BeatSpec, kind: str, annotated: bool) -> Block:
    """The beats of `old` with the features that they have in the disturbed block."""
    if kind == ANOTHER_PEAK:
        uv = microvolts(block.x[0])
        moved = beat_copies.jittered(old.beats[:, 0], RATE_HZ, block.group)
        again = features_at(block.x[0], np.unique(r_peaks(uv, moved)), spec)
    else:
        again = _beats(block, spec, annotated)
    matched = match(old.beats[:, 0], again.at, match_window(RATE_HZ))
    x = old.x.copy()
    x[:, matched >= 0] = again.values[matched[matched >= 0]].T
    return replace(old, x=x)
