"""`python -m firmware_host.stream` for a model of heartbeats: plays a recording and prints each beat."""

import argparse
from pathlib import Path

from firmware_host.beat_comparison import against, compared_lines, in_own_samples
from firmware_host.beat_lines import OWN, annotate, annotate_at, beat_answer, line, rhythm_answer, summary
from firmware_host.board import open_board
from firmware_host.calibration_file import calibration_of
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
    options: argparse.Namespace,
    out: Answer,
) -> int:
    """Plays `record`, which is of the bundle's sensor, made of the WFDB record `recorded` if there is one.

    Raises InputError as `play_beats`, and for --annotations that would replace the record's own.
    """
    refuse_hop(options.hop)
    refuse_decisions(options.bout, options.unsure)
    if options.annotations is not None:
        refuse_others(options.annotations)
    reference = None if recorded is None else recorded.reference()
    manifest, calibration, records = bundle.manifest, calibration_of(options.calibration, bundle), []
    with open_board(bundle, options.port, options.baud, options.trace, options.wait, trust=options.trust) as board:
        calibration.send(board.link)
        for beat in play_beats(board, manifest, record.counts, Pace() if options.speed == "real" else None):
            say(line(beat, manifest))
            records.append(beat)
        board.check(calibration.hash, f"after {len(record.counts)} of {len(record.counts)} samples")
    say(*summary(records, manifest))
    whole = later = None
    if recorded is None:
        if options.annotations is not None:
            annotate(options.annotations, records, manifest, record.counts)
    else:
        said = in_own_samples(records, recorded, manifest)
        if options.annotations is not None:
            size = recorded.rate_hz, recorded.samples
            annotate_at(options.annotations, said.at, records, manifest, size, said.unreadable)
        if reference is not None:
            whole, later = against(said, reference, recorded)
            say(*compared_lines(whole, later))
    answers = tuple(beat_answer(beat, manifest) for beat in records)
    out.give(StreamedBeats(answers, rhythm_answer(records, manifest), len(record.counts), whole, later))
    return 0


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
