"""`python -m firmware_host.stream` for a model of heartbeats: plays a recording and prints each beat."""

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from firmware_host.beat_comparison import against, compared_lines, in_own_samples
from firmware_host.beat_lines import OWN, annotate, annotate_at, beat_answer, line, rhythm_answer, summary
from firmware_host.beats import BeatRecord
from firmware_host.board import open_board
from firmware_host.calibration_file import Calibration
from firmware_host.decisions import refuse_decisions
from firmware_host.playing import Pace
from firmware_host.playing_beats import play_beats
from firmware_host.streamed import StreamedBeats
from firmware_host.wfdb_record import WfdbRecord
from scl.answers import Answer
from scl.artifacts import InputError
from scl.artifacts.annotations import NO_ANNOTATION
from scl.artifacts.bundle import Bundle
from scl.artifacts.capture import Capture
from scl.artifacts.manifest import BundleManifest
from scl.text import say


def stream_beats(
    bundle: Bundle[BundleManifest],
    record: Capture,
    recorded: WfdbRecord | None,
    calibration: Calibration,
    options: argparse.Namespace,
    out: Answer,
) -> int:
    """Plays `record`, which is of the bundle's sensor, made of the WFDB record `recorded` if there is one.

    What ends it early, Ctrl-C as well, leaves what the board has answered until then in --annotations. Raises
    InputError as `play_beats`.
    """
    reference = None if recorded is None else recorded.reference()
    manifest, total = bundle.manifest, len(record.counts)
    cause: InputError | KeyboardInterrupt | None = None
    records: list[BeatRecord] = []
    with open_board(bundle, options.port, options.baud, options.trace, options.wait, trust=options.trust) as board:
        if recorded is not None:
            recorded.say_lead()
        calibration.send(board.link)
        try:
            for beat in play_beats(board, manifest, record.counts, Pace() if options.speed == "real" else None):
                records.append(beat)
                say(line(beat, manifest))
        except (InputError, KeyboardInterrupt) as error:
            cause = error
        with _uninterrupted():
            played = total if cause is None else records[-1].end if records else 0
            doubt = board.doubt(calibration.hash, f"after {played} of {total} samples")
            cause = cause or doubt
            say(*summary(records, manifest))
            if options.annotations is not None and (records or cause is None):
                _annotate(options.annotations, records, manifest, record.counts[:played], recorded)
            if cause is not None and options.annotations is not None:
                say(_partial(options.annotations, records, played, record))
        if cause is not None:
            raise cause
    whole = later = None
    if recorded is not None and reference is not None:
        whole, later = against(in_own_samples(records, recorded, record.counts, manifest), reference, recorded)
        say(*compared_lines(whole, later))
    answers = tuple(beat_answer(beat, manifest) for beat in records)
    out.give(StreamedBeats(answers, rhythm_answer(records, manifest), total, whole, later))
    return 0


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """One more Ctrl-C does not cost what was answered until the first: it is passed over here."""
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual) or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _annotate(
    path: Path,
    records: list[BeatRecord],
    manifest: BundleManifest,
    played: np.ndarray,
    recorded: WfdbRecord | None,
) -> None:
    """Writes --annotations of what the board said of the counts `played` (samples, 1), at the record's own rate."""
    if recorded is None:
        annotate(path, records, manifest, played)
        return
    said = in_own_samples(records, recorded, played, manifest)
    annotate_at(path, said.at, records, manifest, (recorded.rate_hz, recorded.samples), said.unreadable)


def _partial(path: Path, records: list[BeatRecord], played: int, record: Capture) -> str:
    """What annotations hold that ended early."""
    if not records:
        return f"{path}: ended before the first beat was answered, so nothing was written"
    end, whole = played / record.rate_hz, len(record.counts) / record.rate_hz
    return f"{path}: ended after {end:.1f} of {whole:.1f} s: holds the {len(records)} beats that were answered"


def check_beat_options(options: argparse.Namespace) -> None:
    """InputError for options that a model of heartbeats has no use for, and --annotations that would replace a file of
    another kind.
    """
    refuse_hop(options.hop)
    refuse_decisions(options.bout, options.unsure)
    if options.annotations is not None:
        refuse_others(options.annotations)


def refuse_others(path: Path) -> None:
    """InputError, before anything is played, if annotations were to replace a file of another kind, or could not be
    written for want of a folder.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise InputError(f"--annotations {path}: {folder} is a file, expected a folder; give another one")
    if not path.exists():
        return
    if not path.is_file() or path.resolve().suffix in OWN or not path.read_bytes().endswith(NO_ANNOTATION):
        raise InputError(f"--annotations {path}: is there and no file of annotations; give another annotator or folder")


def refuse_hop(hop: int | None) -> None:
    """InputError if --hop was given."""
    if hop is not None:
        raise InputError(f"--hop {hop}: the model answers heartbeats, each when it was measured; leave --hop out")
