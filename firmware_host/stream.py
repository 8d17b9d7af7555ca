"""`python -m firmware_host.stream BUNDLE --port PORT --record FILE`: plays a recording and prints the running class.

A model without a front end takes no sensor's counts: the windows in its bundle are played (stream_windows.py).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from firmware_host.board import add_port_options, open_board
from firmware_host.calibration_file import nominal, read_calibration
from firmware_host.messages import ABSTAIN
from firmware_host.model import class_name
from firmware_host.playing import Due, Pace, play
from firmware_host.stream_windows import stream_windows
from firmware_host.streamed import StreamAnswer, Streamed
from firmware_host.tally import Tally
from scl.answers import Answer
from scl.arguments import FORMATS, Parser, whole
from scl.artifacts import InputError, command
from scl.artifacts.bundle import Bundle, read_bundle
from scl.artifacts.capture import Capture, read_capture
from scl.artifacts.fields import MOST
from scl.artifacts.manifest import BundleManifest, Manifest
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF, SATURATED
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
    if isinstance(bundle.manifest, Manifest) and bundle.manifest.task == "beat":
        raise InputError(
            f"{options.bundle}: classifies the beat in the middle of a window, and nothing here finds beats; "
            "use validate, which sends it windows around annotated ones"
        )
    record = read_capture(options.record)
    check_record(record, bundle, options.record)
    calibration = read_calibration(options.calibration, bundle) if options.calibration else nominal(bundle)
    window = bundle.manifest.window_samples
    hop = options.hop or bundle.manifest.default_hop
    if hop > window:
        raise InputError(
            f"--hop {hop}: longer than the window of {window} samples, so samples would be skipped; give at most "
            f"{window}"
        )
    least = Due.of(bundle.manifest, hop).end(1)
    if len(record.counts) < least:
        raise InputError(
            f"{options.record}: holds {len(record.counts)} samples, {len(record.counts) / record.rate_hz:.2f} s; the "
            f"first class comes after {least}, {least / record.rate_hz:.2f} s: record for longer"
        )
    with open_board(bundle, options.port, options.baud, options.trace, options.wait, trust=options.trust) as board:
        calibration.send(board.link)
        tally = Tally(bundle.manifest, record)
        pace, answers = Pace() if options.speed == "real" else None, []
        for answer in play(board, bundle, record, hop, pace):
            seconds = answer.end / record.rate_hz
            said = class_name(bundle.manifest, LOST if answer.predicted == ABSTAIN else answer.predicted)
            truth = record.label[answer.end - 1] if record.label else ""
            flags = "  saturated" * bool(answer.flags & SATURATED) + "  lead off" * bool(answer.flags & LEAD_OFF)
            label = f"  (label {truth})" + ", which the model does not know" * (not tally.knows(truth)) if truth else ""
            say(f"{seconds:9.2f} s  {said}{label}{flags}")
            tally.add(truth, said)
            answers.append(
                StreamAnswer(
                    seconds=seconds,
                    predicted=None if answer.predicted == ABSTAIN else said,
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


def check_record(record: Capture, bundle: Bundle[BundleManifest], path: Path) -> None:
    """InputError if the recording is of another rate, sensor or set of channels than the bundle's."""
    sensor = bundle.manifest.sensor
    recorded = record.rate_hz, record.sensor, ", ".join(record.channels)
    expected = sensor.rate_hz, sensor.name, ", ".join(bundle.manifest.channels)
    for name, value, wanted in zip(("rate in Hz", "sensor", "channels"), recorded, expected, strict=True):
        if value != wanted:
            raise InputError(
                f"{path}: {name} is {value}, {bundle.path} was exported for {wanted}; "
                "record with that sensor, or export the model again with `python -m export.quantize --sensor FILE`"
            )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.stream",
        description=__doc__,
        figures=True,
        examples=("bundles/imu --port emulator --record walk.csv --speed max",),
    )
    parser.add_argument("bundle", type=Path, help="bundle folder, from export.quantize")
    add_port_options(parser)
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help=f"capture file to play ({FORMATS}); without a front end there is none: the bundle's windows are played",
    )
    parser.add_argument(
        "--speed",
        choices=("real", "max"),
        default="real",
        help="the sensor's own rate (default), or as fast as the board goes",
    )
    parser.add_argument(
        "--hop",
        type=whole(1, MOST),
        metavar="SAMPLES",
        help="model-rate samples from class to class (default: the export's --streaming, else a quarter window)",
    )
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="the unit's calibration.json (default: the nominal sensor)"
    )
    return parser


if __name__ == "__main__":
    command(main)
