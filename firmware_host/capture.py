"""`python -m firmware_host.capture BUNDLE --port PORT --out FILE --seconds S`: records the board's own sensor.

To calibrate the sensor, put the device down in one pose after another while it records, 12 or more, each for three
seconds, and give no --position. Ctrl-C ends early and keeps what came; --append adds more poses to the file. For the
six-position calibration capture six parts into one file, each with another axis up: --position=+x, then --append
--position=-x, and so on.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from firmware_host.blocks import Blocks
from firmware_host.board import Board, add_trust_option, add_wait_and_trace, open_board
from firmware_host.link import BoardResetError
from firmware_host.played_sensor import add_play_option, sensor_arguments
from firmware_host.recording import Recording
from firmware_host.trace import check_apart
from firmware_host.transport import DEFAULT_BAUD
from scl.answers import Answer
from scl.arguments import BAUD, FORMATS, Parser, line, number
from scl.artifacts import InputError, check_writable, command
from scl.artifacts.bundle import Bundle, read_front_end_bundle
from scl.artifacts.capture import MOST_BYTES, POSITIONS, Capture, read_capture, write_capture
from scl.artifacts.captured import captured
from scl.artifacts.manifest import BundleManifest
from scl.progress import progress
from scl.text import say

MOST_SAMPLES = 1 << 22  # 11 hours at 100 Hz; writing them takes 2 GB of memory
LONGEST_COUNT = len("-32768,")
LONGEST_REST = len('+x,"",')  # of a row: the position and what a label is quoted with
HEADER_BYTES = 2000


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    with Answer(options.json) as answer:
        _capture(options, answer)
    return 0


def _capture(options: argparse.Namespace, answer: Answer) -> None:
    bundle = read_front_end_bundle(options.bundle)
    samples = _samples(options, bundle.manifest)
    before = _before(options, bundle.manifest)
    where, sensor = (options.port, options.baud, options.trace, options.wait), sensor_arguments(options, bundle)
    with open_board(bundle, *where, sensor, options.trust) as board:
        blocks, cause = capture(board, bundle, samples)
        doubt = board.doubt(board.hello.calibration_hash, f"after {blocks.end} of {samples} samples")
        if len(blocks.counts):
            part = _part(options, bundle.manifest, blocks.counts, blocks.lost)
            whole = before.followed_by(part, options.out) if before else part
            write_capture(options.out, whole)
            answer.give(captured(options.out, whole))
            say(_written(options.out, part, samples))
        if isinstance(doubt, BoardResetError):
            raise doubt
        if (error := cause or doubt) is not None:
            raise error


def _written(path: Path, part: Capture, samples: int) -> str:
    """What a file holds; what is missing of it comes first."""
    end = len(part.counts) + part.dropped
    lost = f"{part.dropped} of {end} samples are lost: " if part.dropped else ""
    short = f"ended after {end} of {samples} samples: " if end < samples else ""
    text = f"{path}: {len(part.counts)} samples of {part.sensor} at {part.rate_hz:g} Hz, {part.dropped} dropped"
    return lost + short + text


def capture(
    board: Board, bundle: Bundle[BundleManifest], samples: int
) -> tuple[Blocks, InputError | KeyboardInterrupt | None]:
    """Records `samples` samples; returns what came, and why it ended before all had passed, None if they have.

    Samples that the board dropped or the link lost are counted, not filled in.
    """
    channels, sensor = len(bundle.manifest.channels), bundle.manifest.sensor
    with progress(samples, "samples") as done:
        recording = Recording(board.link, samples, channels, sensor.rate_hz, done)
        cause = recording.run()
    if cause is None and not len(recording.blocks.counts):
        cause = InputError(
            f"port {board.link.name}: not one of {samples} samples came; check the cable and the baud rate, or see "
            "--trace"
        )
    return recording.blocks, cause


def _samples(options: argparse.Namespace, manifest: BundleManifest) -> int:
    """How many samples --seconds are. InputError if none, or more than memory or a capture file has room for."""
    rate_hz = manifest.sensor.rate_hz
    samples: int = round(options.seconds * rate_hz)
    row = LONGEST_COUNT * len(manifest.channels) + 2 * len((options.label or "").encode()) + LONGEST_REST
    room = MOST_BYTES - HEADER_BYTES - (options.out.stat().st_size if options.append and options.out.exists() else 0)
    most = min(MOST_SAMPLES, max(0, room // row))
    if samples < 1:
        raise InputError(f"--seconds {options.seconds:g}: not one sample at {rate_hz:g} Hz; give more")
    if samples > most:
        raise InputError(
            f"--seconds {options.seconds:g}: {samples} samples at {rate_hz:g} Hz, {options.out} has room for {most} "
            f"({most / rate_hz:.0f} s); give less, or record into several files"
        )
    return samples


def _part(options: argparse.Namespace, manifest: BundleManifest, counts: np.ndarray, dropped: int) -> Capture:
    """What was recorded, with the position and the label that were given."""
    sensor = manifest.sensor
    position, label = ((text,) * len(counts) if text else () for text in (options.position, options.label))
    known = (options.subject or "").strip()
    return Capture(sensor.name, sensor.rate_hz, manifest.channels, counts, position, label, dropped, known)


def _before(options: argparse.Namespace, manifest: BundleManifest) -> Capture | None:
    """What --append adds to. InputError rather than overwriting a file, or recording what would not fit to it."""
    path: Path = options.out
    check_apart(options.trace, path)
    check_writable(path)
    if not path.exists():
        return None
    if not options.append:
        raise InputError(f"{path}: exists already; add to it with --append, or name another file")
    before = read_capture(path)
    before.followed_by(_part(options, manifest, np.zeros((1, len(manifest.channels)), np.int16), 0), path)
    return before


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.capture",
        description=__doc__,
        figures=True,
        examples=("bundles/imu --port /dev/ttyACM0 --out poses.csv --seconds 120",),
    )
    parser.add_argument("bundle", type=Path, help="bundle on the board; names the sensor, its rate and its channels")
    parser.add_argument("--port", help="device, pyserial URL or native; default: the only USB serial port")
    parser.add_argument(
        "--baud", type=BAUD, default=DEFAULT_BAUD, help="line rate of a real port (default %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=f"capture file to write ({FORMATS})")
    parser.add_argument("--append", action="store_true", help="add to the file, if it is there")
    parser.add_argument("--seconds", type=number(0.001, 1e6), required=True, help="how long to record")
    parser.add_argument("--position", choices=POSITIONS, help="the axis that points up, for six-position")
    parser.add_argument("--label", type=line, help="what is recorded; firmware_host.stream prints it beside the class")
    parser.add_argument("--subject", type=line, help="who is recorded: train.imu divides captures by it")
    add_play_option(parser)
    add_trust_option(parser)
    add_wait_and_trace(parser)
    return parser


if __name__ == "__main__":
    command(main)
