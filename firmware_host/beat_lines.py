"""What is said of a board's heartbeats: a line for each, the rhythm, an annotation file."""

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from firmware_host.beats import BeatRecord
from firmware_host.hello import NO_DEVICE
from firmware_host.messages import ABSTAIN
from firmware_host.model import answered_name, of_strips
from firmware_host.playing_beats import spec_of
from firmware_host.polarity import downward, points_down
from firmware_host.streamed import BeatAnswer, RhythmAnswer
from firmware_host.wfdb_lead import HEADER
from firmware_host.wfdb_record import REFERENCE, SIGNALS
from scl.artifacts import InputError
from scl.artifacts.manifest import BundleManifest
from scl.frontend.beats import RATE_HZ
from scl.frontend.flags import LEAD_OFF, SATURATED, in_words, lead_off_at
from scl.frontend.rhythm import NO_CLASS
from scl.frontend.spec import FrontEndSpec

MAJORITY = 0.5
INVERTED = "R peaks point down around {:.0%} of beats: in a lead in which they point up, such as II, it is inverted"
OWN = (HEADER, REFERENCE, SIGNALS)  # what a record's own files end in
_RECORD = re.compile(r"[\w-]+", re.ASCII)  # names that WFDB's programs read
UNCLASSIFIABLE = "Q"  # WFDB's symbol of a beat of which the board abstained


def line(record: BeatRecord, manifest: BundleManifest) -> str:
    """Of the terminal."""
    answer = beat_answer(record, manifest)
    interval = "" if answer.interval_s is None else f"{answer.interval_s:.2f} s"
    rate = "" if answer.heart_rate is None else f"{answer.heart_rate:.1f}/min"
    name = answered_name(manifest, record.predicted)
    said = f"{answer.seconds:9.2f} s  {name:9}  {answer.confidence:4.0%}  {interval:>7}  {rate:>9}"
    if of_strips(manifest):
        said += f"  ten seconds {answer.ten_seconds or 'abstained'}"
    return f"{said.rstrip()}{in_words(record.flags)}"


def beat_answer(record: BeatRecord, manifest: BundleManifest) -> BeatAnswer:
    """A beat as --json has it."""
    return BeatAnswer(
        seconds=record.sample / manifest.sensor.rate_hz,
        predicted=None if record.predicted == ABSTAIN else answered_name(manifest, record.predicted),
        confidence=1 / (1 + math.exp(-record.margin * manifest.outputs.logits.scale)),
        interval_s=record.interval / RATE_HZ if record.interval else None,
        heart_rate=record.rhythm.heart_rate / 10 or None,
        ten_seconds=None if record.rhythm.worst == NO_CLASS else answered_name(manifest, record.rhythm.worst),
        saturated=bool(record.flags & SATURATED),
        lead_off=bool(record.flags & LEAD_OFF),
        points_down=points_down(record, manifest),
    )


def rhythm_answer(records: Sequence[BeatRecord], manifest: BundleManifest) -> RhythmAnswer | None:
    """The rhythm behind the last beat as --json has it."""
    if not records:
        return None
    rhythm = records[-1].rhythm
    return RhythmAnswer(
        heart_rate=rhythm.heart_rate / 10 or None,
        rmssd_ms=rhythm.rmssd or None,
        irregular=rhythm.irregular / 100,
        pauses=rhythm.pauses,
        couplets=rhythm.couplets,
        runs=rhythm.runs,
        longest_run=rhythm.longest_run,
        downward=downward(records, manifest),
    )


def summary(records: Sequence[BeatRecord], manifest: BundleManifest) -> list[str]:
    """Lines behind the last beat: how many of each class, and the rhythm."""
    rhythm = rhythm_answer(records, manifest)
    if rhythm is None:
        return ["no beat was found", NO_DEVICE]
    names = [answered_name(manifest, record.predicted) for record in records]
    counted = ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys((*manifest.labels, "abstained")))
    longest = f", the longest of {rhythm.longest_run} beats" if rhythm.runs else ""
    return [
        f"{len(records)} beats: {counted}",
        f"heart rate {_or_unknown(rhythm.heart_rate)}/min, RMSSD {_or_unknown(rhythm.rmssd_ms)} ms, "
        f"{rhythm.irregular:.0%} of the latest 64 differences irregular; {rhythm.pauses} pauses, {rhythm.couplets} "
        f"couplets, {rhythm.runs} runs of ventricular beats{longest}",
        *([INVERTED.format(rhythm.downward)] if rhythm.downward is not None and rhythm.downward > MAJORITY else []),
        NO_DEVICE,
    ]


def annotate(path: Path, records: Sequence[BeatRecord], manifest: BundleManifest, counts: np.ndarray) -> None:
    """Writes a WFDB annotation file of what the board said of a recording's counts (samples, channels).

    Args:
        path: RECORD.ANNOTATOR, such as 100.scl.

    Raises InputError for a path that no annotation file has, and for classes that WFDB has no symbol of.
    """
    spans, at = unreadable(counts, spec_of(manifest)), np.array([record.sample for record in records], np.int64)
    annotate_at(path, at, records, manifest, (manifest.sensor.rate_hz, len(counts)), spans)


def annotate_at(
    path: Path,
    at: np.ndarray,
    records: Sequence[BeatRecord],
    manifest: BundleManifest,
    recorded: tuple[float, int],
    spans: np.ndarray,
) -> None:
    """The same of beats at samples `at` (n,) of a record with a rate and length, its lead off in `spans` (k, 2)."""
    from scl.artifacts.annotations import write_annotations

    symbols = [
        UNCLASSIFIABLE if record.predicted == ABSTAIN else manifest.labels[record.predicted] for record in records
    ]
    try:
        write_annotations(path, at, symbols, *recorded, spans)
    except ValueError as error:
        raise InputError(
            f"{path}: cannot hold these annotations ({error}); export a model whose classes have WFDB's symbols"
        ) from error


def unreadable(counts: np.ndarray, spec: FrontEndSpec) -> np.ndarray:
    """First and last sample of the stretches of counts (samples, channels) in which the lead was off: int64 (k, 2)."""
    off = lead_off_at(counts, spec.lead_off_samples)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], off, [False]])))
    return np.asarray(edges.reshape(-1, 2) - [0, 1], np.int64)


def annotation_path(text: str) -> Path:
    """`--annotations`: RECORD.ANNOTATOR. argparse.ArgumentTypeError for another name, one that WFDB's programs do not
    read, or one that a record's own files have.
    """
    path = Path(text)
    if not _RECORD.fullmatch(path.stem) or not path.suffix[1:].isalpha() or path.suffix in OWN:
        raise argparse.ArgumentTypeError(
            f"is {text}; give RECORD.ANNOTATOR, such as 100.scl: a record of letters, digits, - and _, and an "
            f"annotator that is not {', '.join(OWN)}"
        )
    return path


def _or_unknown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"
