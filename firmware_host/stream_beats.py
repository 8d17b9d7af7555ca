"""`python -m firmware_host.stream` for a model of heartbeats: plays a recording and prints each beat."""

import argparse

from firmware_host.beat_lines import annotate, beat_answer, line, rhythm_answer, summary
from firmware_host.board import open_board
from firmware_host.calibration_file import calibration_of
from firmware_host.playing import Pace
from firmware_host.playing_beats import play_beats
from firmware_host.streamed import StreamedBeats
from scl.answers import Answer
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.capture import Capture
from scl.artifacts.manifest import BundleManifest
from scl.text import say


def stream_beats(bundle: Bundle[BundleManifest], record: Capture, options: argparse.Namespace, out: Answer) -> int:
    """Plays `record`, which is of the bundle's sensor. Raises InputError as `play_beats`."""
    refuse_hop(options.hop)
    manifest, calibration, records = bundle.manifest, calibration_of(options.calibration, bundle), []
    with open_board(bundle, options.port, options.baud, options.trace, options.wait, trust=options.trust) as board:
        calibration.send(board.link)
        for beat in play_beats(board, manifest, record.counts, Pace() if options.speed == "real" else None):
            say(line(beat, manifest))
            records.append(beat)
        board.check(calibration.hash, f"after {len(record.counts)} of {len(record.counts)} samples")
    say(*summary(records, manifest))
    if options.annotations is not None:
        annotate(options.annotations, records, manifest, record.counts)
    answers = tuple(beat_answer(beat, manifest) for beat in records)
    out.give(StreamedBeats(answers, rhythm_answer(records, manifest), len(record.counts)))
    return 0


def refuse_hop(hop: int | None) -> None:
    """InputError if --hop was given."""
    if hop is not None:
        raise InputError(f"--hop {hop}: the model answers heartbeats, each when it was measured; leave --hop out")
