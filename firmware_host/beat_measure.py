"""One validation of heartbeats: every golden stretch as a stream through the nominal sensor, every beat compared."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field

import numpy as np

from firmware_host.background import export_facts, sources_of
from firmware_host.beat_battery_types import BeatBattery
from firmware_host.beat_lines import unreadable
from firmware_host.beat_parity import BeatParity
from firmware_host.beat_validation import BeatValidation, Compared, beats_in
from firmware_host.beats import BeatRecord
from firmware_host.board import Board, ForeignAnswersError
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.flight import RESETS_IN_A_ROW
from firmware_host.link import BoardResetError
from firmware_host.measure import bench
from firmware_host.messages import ABSTAIN
from firmware_host.outcome import INCOMPLETE
from firmware_host.playing_beats import play_beats, spec_of
from firmware_host.validation import DataName, Inference, Thresholds, below
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.golden_beats import UNCLASSIFIABLE, GoldenBeats
from scl.artifacts.manifest import BundleManifest, Manifest
from scl.decision import LOST
from scl.ec57.beats import CLASSES, Series, no_spans
from scl.ec57.comparison import LEARNING_S, RecordFigures, compare, summarize
from scl.ec57.strips import strip_starts, strips, worst_of
from scl.frontend.spec import FrontEndSpec
from scl.progress import progress
from scl.text import say

S = CLASSES.index("S")


@dataclass
class Answered:
    """What the board has said so far: the beats of each stretch that was played to its end, or as far as it came, and
    how often the board was reset.
    """

    stretches: list[list[BeatRecord]] = field(default_factory=list)
    resets: int = 0
    stopped: str | None = None
    inference: Inference | None = None


def ask(board: Board, bundle: Bundle[BundleManifest], golden: GoldenBeats) -> Answered:
    """Plays all stretches. A board that is reset meanwhile is greeted again and gets the next stretch: what was left of
    the one before is lost. If it is reset three times in a row, lies, falls silent or the port breaks, the measurement
    ends there, and `stopped` says why.

    Raises ForeignAnswersError if the answers are of another session, model or calibration.
    """
    answered, in_a_row = Answered(), 0
    try:
        if board.hello.calibration_hash != NOMINAL_HASH:
            nominal(bundle).send(board.link)
        with progress(len(golden.lengths), "recordings") as done:
            for stretch in range(len(golden.lengths)):
                answered.stretches.append([])
                try:
                    for record in play_beats(board, bundle.manifest, golden.part(stretch)):
                        answered.stretches[-1].append(record)
                    in_a_row = 0
                except BoardResetError:
                    in_a_row += 1
                    answered.resets += 1
                    if in_a_row == RESETS_IN_A_ROW:
                        raise
                    _resume(board, bundle)
                done(stretch + 1)
        answered.inference = _settle(board, bundle, answered, len(golden.lengths))
    except ForeignAnswersError:
        raise
    except InputError as error:
        answered.stopped = str(error)
    return answered


def _settle(board: Board, bundle: Bundle[BundleManifest], answered: Answered, played: int) -> Inference:
    """The benchmark, and the board's word that every answer may be believed; again behind a reset."""
    for _ in range(RESETS_IN_A_ROW - 1):
        try:
            return _figures(board, played)
        except BoardResetError:
            answered.resets += 1
            _resume(board, bundle)
    return _figures(board, played)


def _figures(board: Board, played: int) -> Inference:
    inference = bench(board)
    board.check(NOMINAL_HASH, f"after {played} of {played} recordings")
    return inference


def _resume(board: Board, bundle: Bundle[BundleManifest]) -> None:
    """Greets a board that was reset. Raises InputError if it came back as another one."""
    port = board.link.name
    say(f"{port}: the board was reset; it is greeted again, and the validation goes on", error=True)
    try:
        hello = board.resume()
    except ForeignAnswersError as error:  # the answers are of the session before
        raise InputError(str(error)) from error
    if hello.calibration_hash != NOMINAL_HASH:
        nominal(bundle).send(board.link)


def parity(golden: GoldenBeats, stretches: Sequence[Sequence[BeatRecord]], rate_hz: float) -> BeatParity:
    """Every number of every beat, and every strip, of stretches that were played."""
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
    strips_compared, strips_off = strips_apart(golden, stretches, rate_hz)
    return BeatParity(
        expected=len(golden.stretch),
        answered=sum(map(len, stretches)),
        compared=compared,
        strips=strips_compared,
        strips_off=strips_off,
        **{f"{name}_off": int(count) for name, count in off.items()},
    )


def strips_apart(golden: GoldenBeats, stretches: Sequence[Sequence[BeatRecord]], rate_hz: float) -> tuple[int, int]:
    """How many strips of ten seconds, as recorded and started later, were answered to their end, and in how many of
    them the board's worst beat is of another class than the desktop's.
    """
    compared = different = 0
    for stretch, records in enumerate(stretches):
        whole = len(records) >= (golden.stretch == stretch).sum()
        samples = int(golden.lengths[stretch]) if whole else records[-1].sample if records else 0
        starts = strip_starts(samples, rate_hz)
        board, desktop = series(records, no_spans()), golden.answered(stretch)
        compared += starts.size
        different += int((worst_of(board, starts, rate_hz) != worst_of(desktop, starts, rate_hz)).sum())
    return compared, different


def series(records: Sequence[BeatRecord], spans: np.ndarray) -> Series:
    """A stretch's beats as an annotator's; those that the board abstained from are unclassifiable, and `spans`
    (k, 2) those where its lead was off.
    """
    classes = [UNCLASSIFIABLE if r.predicted == ABSTAIN else r.predicted for r in records]
    return Series(np.array([r.sample for r in records], np.int64), np.array(classes, np.int64), spans)


def against_annotations(golden: GoldenBeats, stretches: Sequence[Sequence[BeatRecord]], spec: FrontEndSpec) -> Compared:
    """The board's beats against the annotated ones; of whole records where none has a beat behind EC57's learning
    period.
    """
    rate_hz = spec.sensor.rate_hz
    pairs = [
        (
            Series(*golden.truth(s), flutter=golden.flutter(s)),
            series(records, unreadable(golden.part(s), spec)),
            int(golden.lengths[s]),
        )
        for s, records in enumerate(stretches)
    ]
    names = [str(group) for group in golden.groups]

    def without(learning_s: float) -> list[RecordFigures]:
        compared = zip(names, pairs, strict=True)
        return [compare(name, ours, theirs, rate_hz, learning_s) for name, (ours, theirs, _) in compared]

    whole, later = without(0.0), without(LEARNING_S)
    learning_s = LEARNING_S if any(map(beats_in, later)) else 0.0
    figures = later if learning_s else whole
    most = names[int(np.argmax([(ours.classes == S).sum() for ours, _, _ in pairs]))]
    several = len(set(names)) > 1
    return Compared(
        learning_s=learning_s,
        records=tuple(figures),
        all=summarize(figures),
        without=summarize(figures, (most,)) if several else None,
        without_record=most if several else "",
        whole=summarize(whole),
        strips=strips(pairs, rate_hz),
    )


def judge(
    same: BeatParity,
    answered: Answered,
    compared: Compared | None,
    thresholds: Thresholds,
    task: str,
    battery: BeatBattery | None = None,
) -> list[str]:
    """A reason for everything that was missed; what could not be measured comes first. Thresholds are of strips where
    the task is "strip", else of beats and the consistency of ten seconds.
    """
    missed = []
    if answered.resets and same.lost:
        times = "once" if answered.resets == 1 else f"{answered.resets} times"
        missed.append(f"{same.lost} beats of {same.expected} were lost: the board was reset {times}")
    if answered.stopped is not None:
        missed.append(f"the measurement ended early: {answered.stopped}")
        return missed
    off = same.different if answered.resets else same.off
    if off:
        missed.append(f"{off} numbers of {same.expected} beats differ from the desktop's")
    if battery is not None and battery.stopped is not None:
        missed.append(f"the battery ended early: {battery.stopped}")
    elif battery is not None:
        if battery.resets and battery.parity.lost:
            missed.append(f"{battery.parity.lost} beats of the battery were lost: the board was reset")
        if battery.parity.different if battery.resets else battery.parity.off:
            missed.append(f"of the battery, {battery.parity.off} numbers differ from the desktop's")
    if same.strips_off:
        missed.append(f"{same.strips_off} of {same.strips} strips have another class than the desktop's")
    figures: dict[str, tuple[float | None, float | None]] = {}
    if task == "strip":
        strips = None if compared is None else compared.strips
        for name in ("accuracy", "accuracy_transformed"):
            figures[name] = getattr(strips, name, None), thresholds.min_accuracy
    else:
        figures["accuracy"] = None if compared is None else compared.accuracy, thresholds.min_accuracy
    kept = None if compared is None else compared.strips.consistency
    figures["consistency of ten seconds"] = kept, thresholds.min_consistency
    missed += [
        below(name, value, least)
        for name, (value, least) in figures.items()
        if least is not None and (value is None or value < least)
    ]
    return missed


def validation_of(
    board: Board,
    bundle: Bundle[BundleManifest],
    golden: GoldenBeats,
    answered: Answered,
    thresholds: Thresholds,
    command: str,
    battery: BeatBattery | None = None,
) -> BeatValidation:
    """All of it with the verdict: exactness is always asked for."""
    manifest, link = bundle.manifest, board.link
    rate_hz, task = manifest.sensor.rate_hz, manifest.task if isinstance(manifest, Manifest) else "beat"
    same = parity(golden, answered.stretches, rate_hz)
    compared = None if answered.stopped else against_annotations(golden, answered.stretches, spec_of(manifest))
    accuracy = None if compared is None else compared.accuracy
    missed = judge(same, answered, compared, thresholds, task, battery)
    incomplete = answered.stopped is not None or (answered.resets > 0 and same.lost > 0)
    if battery is not None:
        incomplete |= battery.stopped is not None or (battery.resets > 0 and battery.parity.lost > 0)
    asked = thresholds != Thresholds(None, None)
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
        task=task,
        split=manifest.split if isinstance(manifest, Manifest) else None,
        data=DataName(manifest.data),
        stretches=len(golden.lengths),
        seconds=len(golden.counts) / rate_hz,
        resets=answered.resets,
        stopped=answered.stopped,
        parity=same,
        latency_s=latency,
        compared=compared,
        accuracy=accuracy,
        inference=answered.inference,
        bytes_sent=link.traffic.bytes_sent,
        bytes_received=link.traffic.bytes_received,
        export=export_facts(bundle),
        sources=sources,
        provenance=origin,
        thresholds=thresholds,
        missed=tuple(missed),
        verdict=INCOMPLETE if incomplete else "missed" if missed else "exact, thresholds met" if asked else "exact",
        passed=not missed,
        battery=battery,
    )
