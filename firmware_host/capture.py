"""`python -m firmware_host.capture BUNDLE --port PORT --out FILE --seconds S`: records the board's own sensor.

For the six-position calibration capture six parts into one file, each with another axis up:
--position=+x, then --append --position=-x, and so on.
"""

import argparse
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from firmware_host.board import Board, add_trust_option, open_board
from firmware_host.link import BoardResetError, Link
from firmware_host.messages import BoardError, ErrorCode, capture_block
from firmware_host.progress import progress
from firmware_host.protocol import ANSWER, Type
from firmware_host.transport import DEFAULT_BAUD
from scl.arguments import positive
from scl.artifacts import InputError, command
from scl.artifacts.bundle import Bundle, read_run_bundle
from scl.artifacts.capture import POSITIONS, Capture, read_capture, write_capture
from scl.artifacts.manifest import Manifest

BLOCK_TIMEOUT_S = 5.0  # between two blocks


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    bundle = read_run_bundle(options.bundle)
    before = _before(options.out, options.append)
    rate_hz = bundle.manifest.frontend.sensor.rate_hz
    samples = round(options.seconds * rate_hz)
    if samples < 1:
        raise InputError(f"--seconds {options.seconds:g}: not one sample at {rate_hz:g} Hz; give more")
    arguments = _sensor(options, bundle)
    with open_board(bundle, options.port, options.baud, options.trace, arguments, trust=options.trust) as board:
        part = capture(board, bundle, samples, options.position, options.label)
        board.check(board.hello.calibration_hash, f"after {samples} of {samples} samples")
    write_capture(options.out, before.followed_by(part, options.out) if before else part)
    print(f"{options.out}: {len(part.counts)} samples of {part.sensor} at {part.rate_hz:g} Hz, {part.dropped} dropped")
    return 0


def capture(
    board: Board, bundle: Bundle[Manifest], samples: int, position: str | None = None, label: str | None = None
) -> Capture:
    """Records `samples` samples.

    Samples that the board dropped or the link lost are counted, not filled in. Raises InputError if the board has no
    sensor or stops sending.
    """
    sensor, channels = bundle.manifest.frontend.sensor, bundle.manifest.window.channels
    blocks = []
    end = 0  # sensor samples so far, lost ones included
    with progress(samples, "samples") as done:
        for start, counts in _blocks(board.link, samples, len(channels)):
            blocks.append(counts)
            end = start + len(counts)
            done(min(end, samples))
    counts = np.concatenate(blocks)
    return Capture(
        sensor.name,
        sensor.rate_hz,
        channels,
        counts,
        (position,) * len(counts) if position else (),
        (label,) * len(counts) if label else (),
        end - len(counts),
    )


def _blocks(link: Link, samples: int, channels: int) -> Iterator[tuple[int, np.ndarray]]:
    """First sample and counts of each block, until `samples` have passed; stops the board if the reader gives up."""
    seq, _size = link.send(Type.CAPTURE, struct.pack("<I", samples))
    end = 0
    deadline = link.now() + BLOCK_TIMEOUT_S
    try:
        while end < samples:
            frames = link.receive(max(0.0, deadline - link.now()))
            if not frames and link.now() >= deadline:
                if link.ask().session == 0:
                    raise BoardResetError(link.name, f"after {end} of {samples} samples")
                raise InputError(
                    f"port {link.name}: no sample for {BLOCK_TIMEOUT_S:g} s, {end} of {samples} came; reset the board "
                    "and try again"
                )
            for frame in frames:
                if frame.seq == seq and frame.type == Type.ERROR:
                    raise _refusal(link.name, BoardError.parse(frame.payload), samples)
                if frame.seq == seq and frame.type == Type.CAPTURE | ANSWER:
                    start, _dropped, counts = capture_block(frame.payload, channels)
                    end = start + len(counts)
                    deadline = link.now() + BLOCK_TIMEOUT_S
                    yield start, counts
    finally:
        if end < samples:
            with suppress(InputError):  # the port may be what failed
                link.send(Type.CAPTURE, struct.pack("<I", 0))


def _refusal(port: str, error: BoardError, samples: int) -> InputError:
    if error.code == ErrorCode.NO_SESSION:
        return BoardResetError(port, f"after 0 of {samples} samples")
    return InputError(f"port {port}: the board cannot capture: {error}; capture with one that has a sensor")


def _sensor(options: argparse.Namespace, bundle: Bundle[Manifest]) -> list[str]:
    """Arguments of the native firmware that make it play a file as its sensor."""
    if options.play is None:
        return []
    if options.port != "native":
        raise InputError(
            f"--play {options.play}: only --port native plays a file; other boards have a sensor of their own"
        )
    if not options.play.is_file():
        raise InputError(f"{options.play}: no such file; --play takes int16 counts, little endian, sample by sample")
    rate_hz = bundle.manifest.frontend.sensor.rate_hz
    return ["--sensor", str(options.play.resolve()), "--sensor-rate", str(rate_hz)]


def _before(path: Path, append: bool) -> Capture | None:
    """What --append adds to. InputError rather than overwriting a file, before the board is touched."""
    if not path.exists():
        return None
    if not append:
        raise InputError(f"{path}: exists already; add to it with --append, or name another file")
    return read_capture(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m firmware_host.capture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, help="bundle on the board; names the sensor, its rate and its channels")
    parser.add_argument("--port", help="device, pyserial URL or native; default: the only USB serial port")
    parser.add_argument(
        "--baud", type=positive, default=DEFAULT_BAUD, help="line rate of a real port (default %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="capture file to write")
    parser.add_argument("--append", action="store_true", help="add to the file, if it is there")
    parser.add_argument("--seconds", type=float, required=True, help="how long to record")
    parser.add_argument("--position", choices=POSITIONS, help="the axis that points up, for the calibration")
    parser.add_argument("--label", help="what is recorded, for firmware_host.stream to print beside the class")
    parser.add_argument(
        "--play",
        type=Path,
        metavar="FILE",
        help="with --port native: int16 counts, little endian, that stand in for the sensor",
    )
    add_trust_option(parser)
    parser.add_argument("--trace", action="store_true", help="hex dump of every byte on the line, to stderr")
    return parser


if __name__ == "__main__":
    command(main)
