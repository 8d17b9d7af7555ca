"""`python -m firmware_host.stream BUNDLE --port PORT --record FILE`: plays a recording and prints the running class.

A model without a front end takes no sensor's counts: the windows in its bundle are played (stream_windows.py). One of
heartbeats answers each beat that the board finds (stream_beats.py), of a WFDB record at its own rate (wfdb_record.py).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from firmware_host.beat_lines import annotation_path
from firmware_host.board import add_port_options, open_board
from firmware_host.calibration_file import add_calibration_option, calibration_of
from firmware_host.decisions import (
    add_decision_options,
    check_decisions,
    confidence,
    decision_name,
    set_decisions,
)
from firmware_host.decisions import in_words as decision_words
from firmware_host.messages import ABSTAIN
from firmware_host.model import answered_name, check_streams, finds_beats
from firmware_host.playing import Due, Pace, add_hop_option, hop_of, play
from firmware_host.stream_beats import check_beat_options, stream_beats
from firmware_host.stream_windows import stream_windows
from firmware_host.streamed import StreamAnswer, Streamed
from firmware_host.tally import Tally
from firmware_host.wfdb_record import WfdbRecord, read_wfdb, wfdb_path
from scl.answers import Answer
from scl.arguments import FORMATS, Parser
from scl.artifacts import InputError, command
from scl.artifacts.bundle import Bundle, read_bundle
from scl.artifacts.capture import Capture, read_capture
from scl.artifacts.manifest import BundleManifest
from scl.frontend.flags import LEAD_OFF, SATURATED, in_words
from scl.text import say


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    with Answer(options.json) as answer:
        return _stream(options, answer)


def _stream(options: argparse.Namespace, out: Answer) -> int:
    bundle = read_bundle(options.bundle)
    if bundle.manifest.frontend is None:
        return stream_windows(bundle, options, out)
    if options.record is None:
        raise InputError(f"{options.bundle}: takes a sensor's counts; give a recording of them with --record FILE")
    calibration = calibration_of(options.calibration, bundle)
    if finds_beats(bundle.manifest):
        check_beat_options(options)
        return stream_beats(bundle, *_recorded(options.record, bundle), calibration, options, out)
    check_streams(bundle)
    if options.annotations is not None:
        raise InputError(
            f"--annotations: {options.bundle} finds no heartbeats; leave it out, or give a bundle that does"
        )
    hop = hop_of(options.hop, bundle.manifest)
    check_decisions(bundle, options.bout, options.unsure, hop)
    record, recorded = _recorded(options.record, bundle)
    least = Due.of(bundle.manifest, hop).end(1)
    if len(record.counts) < least:
        raise InputError(
            f"{options.record}: holds {len(record.counts)} samples, {len(record.counts) / record.rate_hz:.2f} s; the "
            f"first class comes after {least}, {least / record.rate_hz:.2f} s: record for longer"
        )
    with open_board(bundle, options.port, options.baud, options.trace, options.wait, trust=options.trust) as board:
        if recorded is not None:
            recorded.say_lead()
        calibration.send(board.link)
        set_decisions(board.link, bundle.manifest, options.bout, options.unsure, hop)
        tally = Tally(bundle.manifest, record)
        pace, answers = Pace() if options.speed == "real" else None, []
        for answer in play(board, bundle, record, hop, pace):
            seconds = answer.end / record.rate_hz
            name, decided = answered_name(bundle.manifest, answer.predicted), decision_name(bundle.manifest, answer)
            truth = record.label[answer.end - 1] if record.label else ""
            label = f"  (label {truth})" + ", which the model does not know" * (not tally.knows(truth)) if truth else ""
            say(f"{seconds:9.2f} s  {decision_words(bundle.manifest, answer)}{label}{in_words(answer.flags)}")
            tally.add(truth, decided)
            answers.append(
                StreamAnswer(
                    seconds=seconds,
                    predicted=None if answer.predicted == ABSTAIN else name,
                    decided=decided,
                    confidence=confidence(bundle.manifest, answer),
                    label=truth or None,
                    known=bool(truth) and tally.knows(truth),
                    saturated=bool(answer.flags & SATURATED),
                    lead_off=bool(answer.flags & LEAD_OFF),
                )
            )
        board.check(calibration.hash, f"after {len(record.counts)} of {len(record.counts)} samples")
    say(*tally.lines())
    unknown = {label: dict(counts) for label, counts in tally.unknown.items()}
    out.give(Streamed(tuple(answers), tally.known, tally.right, unknown))
    return 0


def _recorded(path: Path, bundle: Bundle[BundleManifest]) -> tuple[Capture, WfdbRecord | None]:
    """What --record names, and the WFDB record that it is made of, if any. InputError if it is not for the bundle."""
    name = wfdb_path(path)
    recorded = None if name is None else read_wfdb(name, bundle.manifest)
    record = read_capture(path) if recorded is None else recorded.capture
    check_record(record, bundle, path)
    return record, recorded


def check_record(record: Capture, bundle: Bundle[BundleManifest], path: Path) -> None:
    """InputError if the recording is of another rate, sensor or set of channels than the bundle's."""
    sensor = bundle.manifest.sensor
    recorded = record.rate_hz, record.sensor, ", ".join(record.channels)
    expected = sensor.rate_hz, sensor.name, ", ".join(bundle.manifest.channels)
    for name, value, due in zip(("rate in Hz", "sensor", "channels"), recorded, expected, strict=True):
        if value != due:
            raise InputError(
                f"{path}: {name} is {value}, {bundle.path} was exported for {due}; "
                "record with that sensor, or export the model again with `python -m export.quantize --sensor FILE`"
            )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.stream",
        description=__doc__,
        figures=True,
        examples=(
            "bundles/imu --port emulator --record walk.csv --speed max",
            "bundles/beats --port native --record mitdb/100 --annotations 100.scl --speed max",
        ),
    )
    parser.add_argument("bundle", type=Path, help="bundle folder, from export.quantize")
    add_port_options(parser)
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help=f"capture file to play ({FORMATS}), or of ECG a WFDB record by its name (100, with 100.hea beside it); "
        "without a front end there is none: the bundle's windows are played",
    )
    parser.add_argument(
        "--speed",
        choices=("real", "max"),
        default="real",
        help="the sensor's own rate (default), or as fast as the board goes",
    )
    add_hop_option(parser)
    add_decision_options(parser)
    parser.add_argument(
        "--annotations",
        type=annotation_path,
        metavar="RECORD.ANNOTATOR",
        help="heartbeats: write what the board said as a WFDB annotation file, such as 100.scl, at the record's rate",
    )
    add_calibration_option(parser)
    return parser


if __name__ == "__main__":
    command(main)
