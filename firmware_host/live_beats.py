"""`python -m firmware_host.live` for a model of heartbeats: prints each beat that the board finds in its own signal."""

import argparse
from contextlib import closing

from firmware_host.beat_lines import beat_answer, line, rhythm_answer, summary
from firmware_host.board import open_board
from firmware_host.calibration_file import calibration_of
from firmware_host.decisions import refuse_decisions
from firmware_host.own_beats import LiveBeats
from firmware_host.own_sensor import ENDLESS
from firmware_host.played_sensor import sensor_arguments
from firmware_host.stream_beats import refuse_hop
from firmware_host.streamed import LiveBeats as Document
from scl.answers import Answer
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest
from scl.text import say


def live_beats(bundle: Bundle[BundleManifest], options: argparse.Namespace, out: Answer) -> None:
    """Until --seconds of the sensor have passed, or Ctrl-C. Raises InputError as `live`."""
    refuse_hop(options.hop)
    refuse_decisions(options.bout, options.unsure)
    manifest, calibration = bundle.manifest, calibration_of(options.calibration, bundle)
    last = None if options.seconds is None else options.seconds * manifest.sensor.rate_hz
    where, sensor = (options.port, options.baud, options.trace, options.wait), sensor_arguments(options, bundle)
    with open_board(bundle, *where, sensor, options.trust) as board:
        calibration.send(board.link)
        live, records = LiveBeats(board, manifest, ENDLESS), []
        try:
            with closing(live.beats()) as beats:
                for beat in beats:
                    if last is not None and beat.end > last:
                        break
                    say(line(beat, manifest))
                    records.append(beat)
        finally:
            say(*summary(records, manifest))
            say(
                f"{live.lost} beats lost on the line; {live.end} samples of the sensor, {live.dropped} lost on the "
                "board"
            )
        board.check(calibration.hash, f"after {len(records)} beats")
    answers = tuple(beat_answer(beat, manifest) for beat in records)
    out.give(Document(answers, rhythm_answer(records, manifest), live.lost, live.end, live.dropped))
