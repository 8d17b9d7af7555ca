"""One validation of heartbeats: every golden stretch as a stream through the nominal sensor, every beat compared."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field

import numpy as np

from firmware_host.background import export_facts, sources_of
from firmware_host.beat_lines import unreadable
from firmware_host.beat_validation import BeatParity, BeatValidation, Compared
from firmware_host.beats import BeatRecord
from firmware_host.board import Board, ForeignAnswersError
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.measure import bench
from firmware_host.messages import ABSTAIN
from firmware_host.playing_beats import play_beats, spec_of
from firmware_host.validation import DataName, Inference
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.golden_beats import GoldenBeats
from scl.artifacts.manifest import BundleManifest, Manifest
from scl.decision import LOST
from scl.ec57.beats import CLASSES, Series
from scl.ec57.comparison import compare, summarize
from scl.ec57.strips import strips
from scl.frontend.spec import FrontEndSpec
from scl.progress import progress

S, UNCLASSIFIABLE = CLASSES.index("S"), CLASSES.index("Q")


@dataclass
class Answered:
    """What the board has said so far: the beats of each stretch that was played to its end, or as far as it came."""

    stretches: list[list[BeatRecord]] = field(default_factory=list)
    stopped: str | None = None
    inference: Inference | None = None


def ask(board: Board, bundle: Bundle[BundleManifest], golden: GoldenBeats) -> Answered:
    """Plays all stretches. If the board is reset, lies, falls silent or the port breaks, the measurement ends there,
    and `stopped` says why.

    Raises ForeignAnswersError if the answers are of another session, model or calibration.
    """
    answered = Answered()
    try:
        if board.hello.calibration_hash != NOMINAL_HASH:
            nominal(bundle).send(board.link)
        with progress(len(golden.lengths), "recordings") as done:
            for stretch in range(len(golden.lengths)):
                answered.stretches.append([])
                for record in play_beats(board, bundle.manifest, golden.part(stretch)):
                    answered.stretches[-1].append(record)
                done(stretch + 1)
        answered.inference = bench(board)
        board.check(NOMINAL_HASH, f"after {len(golden.lengths)} of {len(golden.lengths)} recordings")
    except ForeignAnswersError:
        raise
    except InputError as error:
        answered.stopped = str(error)
    return answered


def parity(golden: GoldenBeats, stretches: Sequence[Sequence[BeatRecord]]) -> BeatParity:
    """Every number of every beat, of stretches that were played."""
    off = dict.fromkeys(("samples", "intervals", "inputs", "outputs", "classes", "flags", "rhythms"), 0)
    compared = 0
    for stretch, records in enumerate(stretches):
        rows = np.flatnonzero(golden.stretch == stretch)
        for row, r in zip(rows.tolist(), records, strict=False):
            compared += 1
            expected = int(golden.predictions[row])
            off["samples"] += (r.sample, r.end) != (golden.sample[row], golden.end[row])
            off["intervals"] += r.interval != golden.interval[row]
            off["inputs"] += not np.array_equal(r.inputs, golden.inputs[row])
            same = np.array_equal(r.features, golden.features[row]) and np.array_equal(r.logits, golden.logits[row])
            off["outputs"] += not same
            off["classes"] += r.predicted != (ABSTAIN if expected == LOST else expected)
            off["flags"] += r.flags != golden.flags[row]
            off["rhythms"] += astuple(r.rhythm) != tuple(golden.rhythm[row].tolist())
    return BeatParity(
        expected=len(golden.stretch),
        answered=sum(map(len, stretches)),
        compared=compared,
        **{f"{name}_off": int(count) for name, count in off.items()},
    )


def series(records: Sequence[BeatRecord], spans: np.ndarray) -> Series:
    """A stretch's beats as an annotator's; those that the board abstained from are unclassifiable, and `spans`
    (k, 2) those where its lead was off.
    """
    classes = [UNCLASSIFIABLE if r.predicted == ABSTAIN else r.predicted for r in records]
    return Series(np.array([r.sample for r in records], np.int64), np.array(classes, np.int64), spans)


def against_annotations(golden: GoldenBeats, stretches: Sequence[Sequence[BeatRecord]], spec: FrontEndSpec) -> Compared:
    """The board's beats against the annotated ones."""
    rate_hz = spec.sensor.rate_hz
    pairs = [
        (Series(*golden.truth(s)), series(records, unreadable(golden.part(s), spec)), int(golden.lengths[s]))
        for s, records in enumerate(stretches)
    ]
    names = [str(group) for group in golden.groups]
    figures = [compare(name, ours, theirs, rate_hz) for name, (ours, theirs, _) in zip(names, pairs, strict=True)]
    whole = [compare(name, ours, theirs, rate_hz, 0.0) for name, (ours, theirs, _) in zip(names, pairs, strict=True)]
    most = names[int(np.argmax([(ours.classes == S).sum() for ours, _, _ in pairs]))]
    several = len(set(names)) > 1
    return Compared(
        records=tuple(figures),
        all=summarize(figures),
        without=summarize(figures, (most,)) if several else None,
        without_record=most if several else "",
        whole=summarize(whole),
        strips=strips(pairs, rate_hz),
    )


def validation_of(
    board: Board, bundle: Bundle[BundleManifest], golden: GoldenBeats, answered: Answered, command: str
) -> BeatValidation:
    """All of it with the verdict: exactness is asked for."""
    manifest, link = bundle.manifest, board.link
    same, rate_hz = parity(golden, answered.stretches), manifest.sensor.rate_hz
    missed = [] if answered.stopped is None else [f"the measurement ended early: {answered.stopped}"]
    if answered.stopped is None and same.off:
        missed.append(f"{same.off} numbers of {same.expected} beats differ from the desktop's")
    waits = [(r.end - r.sample) / rate_hz for records in answered.stretches for r in records]
    latency = None if not waits else (float(np.median(waits)), float(np.quantile(waits, 0.99)), float(max(waits)))
    sources, origin = sources_of(bundle, golden.counts, board, command)
    return BeatValidation(
        name=manifest.name,
        board=board.hello.board,
        firmware=board.hello.firmware,
        port=link.name,
        model_hash=manifest.model_hash,
        sensor=manifest.sensor.name,
        split=manifest.split if isinstance(manifest, Manifest) else None,
        data=DataName(manifest.data),
        stretches=len(golden.lengths),
        seconds=len(golden.counts) / rate_hz,
        stopped=answered.stopped,
        parity=same,
        latency_s=latency,
        compared=None if answered.stopped else against_annotations(golden, answered.stretches, spec_of(manifest)),
        inference=answered.inference,
        bytes_sent=link.traffic.bytes_sent,
        bytes_received=link.traffic.bytes_received,
        export=export_facts(bundle),
        sources=sources,
        provenance=origin,
        missed=tuple(missed),
        verdict="incomplete" if answered.stopped else "missed" if missed else "exact",
        passed=not missed,
    )
