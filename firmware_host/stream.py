"""`python -m firmware_host.stream BUNDLE --port PORT --record FILE`: plays a recording and prints the running class.

The board windows by itself. One SAMPLES frame is in flight at a time and holds no more than one hop, so a lost frame is
repeated without losing a class.
"""

import argparse
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_host.board import Board, add_port_options, open_board
from firmware_host.calibration_file import nominal, read_calibration
from firmware_host.capacity import chunk_samples
from firmware_host.link import resets_named
from firmware_host.messages import ABSTAIN, Hop, samples_chunk
from firmware_host.model import class_name, is_class
from firmware_host.protocol import Type
from firmware_host.tally import Tally
from scl.arguments import FORMATS, Parser, whole
from scl.artifacts import InputError, command
from scl.artifacts.bundle import Bundle, read_run_bundle
from scl.artifacts.capture import Capture, read_capture
from scl.artifacts.fields import MOST
from scl.artifacts.manifest import Manifest
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.text import say

CHUNK_S = 0.25  # most sensor time in one frame: how far a class may lag behind its sample at real speed


@dataclass(frozen=True)
class Pace:
    """The clock that samples are held back by; speed max has none."""

    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    bundle = read_run_bundle(options.bundle)
    if bundle.manifest.task == "beat":
        raise InputError(
            f"{options.bundle}: classifies the beat in the middle of a window, and nothing here finds beats; "
            "use validate, which sends it windows around annotated ones"
        )
    record = read_capture(options.record)
    check_record(record, bundle, options.record)
    calibration = read_calibration(options.calibration, bundle) if options.calibration else nominal(bundle)
    window = bundle.manifest.window.samples
    hop = options.hop or default_hop(bundle.manifest)
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
        pace = Pace() if options.speed == "real" else None
        for answer in play(board, bundle, record, hop, pace):
            seconds = answer.end / record.rate_hz
            said = class_name(bundle.manifest, LOST if answer.predicted == ABSTAIN else answer.predicted)
            truth = record.label[answer.end - 1] if record.label else ""
            flags = "  saturated" * bool(answer.flags & SATURATED) + "  lead off" * bool(answer.flags & LEAD_OFF)
            label = f"  (label {truth})" + ", which the model does not know" * (not tally.knows(truth)) if truth else ""
            say(f"{seconds:9.2f} s  {said}{label}{flags}")
            tally.add(truth, said)
        board.check(calibration.hash, f"after {len(record.counts)} of {len(record.counts)} samples")
    say(*tally.lines())
    return 0


def default_hop(manifest: Manifest) -> int:
    """The hop at which the bundle keeps columns, if it does; else a quarter of a window."""
    return manifest.streaming.hop if manifest.streaming else max(1, manifest.window.samples // 4)


def check_record(record: Capture, bundle: Bundle[Manifest], path: Path) -> None:
    """InputError if the recording is of another rate, sensor or set of channels than the bundle's."""
    sensor = bundle.manifest.frontend.sensor
    recorded = record.rate_hz, record.sensor, ", ".join(record.channels)
    expected = sensor.rate_hz, sensor.name, ", ".join(bundle.manifest.window.channels)
    for name, value, wanted in zip(("rate in Hz", "sensor", "channels"), recorded, expected, strict=True):
        if value != wanted:
            raise InputError(
                f"{path}: {name} is {value}, {bundle.path} was exported for {wanted}; "
                "record with that sensor, or export the model again with `python -m export.quantize --sensor FILE`"
            )


def play(board: Board, bundle: Bundle[Manifest], record: Capture, hop: int, pace: Pace | None = None) -> Iterator[Hop]:
    """Streams the recording; yields the board's answer whenever it has classified another hop.

    `hop` is in model-rate samples. With a pace, a sample is sent when its time has come. Raises BoardResetError if the
    board is reset meanwhile: its front end and calibration are gone, so the stream cannot go on; InputError if it
    answers what no board with this model can. A capture file is too small for sample numbers to wrap at 2^32.
    """
    link, due = board.link, Due.of(bundle.manifest, hop)
    most = min(
        chunk_samples(board.hello),
        hop * due.down // due.up,  # at most one hop in a frame
        max(1, int(CHUNK_S * record.rate_hz)),
    )
    position, hops, total = 0, 0, len(record.counts)
    with resets_named(link.name, lambda: f"after {position} of {total} samples"):
        confirmed = link.request(Type.STREAM, wanted := struct.pack("<H", hop)).payload
        if confirmed != wanted:
            raise InputError(
                f"port {link.name}: the board confirmed hop {confirmed.hex()}, {wanted.hex()} was asked for; "
                "reset the board and start again"
            )
        started = pace.now() if pace else 0.0
        while position < total:
            chunk = record.counts[position : position + most]
            if pace:
                pace.wait(max(0.0, started + (position + len(chunk)) / record.rate_hz - pace.now()))
            answer = Hop.parse(link.request(Type.SAMPLES, samples_chunk(position, chunk)).payload)
            position += len(chunk)
            _check_answer(answer, position, due, bundle.manifest, link.name)
            if answer.hops != hops:
                hops = answer.hops
                yield answer


@dataclass(frozen=True)
class Due:
    """When a stream's classes are due: the first with a whole window, then every hop.

    Attributes:
        window, hop: model-rate samples.
        up, down: the resampler's ratio.
    """

    window: int
    hop: int
    up: int
    down: int

    @classmethod
    def of(cls, manifest: Manifest, hop: int) -> "Due":
        """For the model of a bundle."""
        resampling = manifest.frontend.resampling
        return cls(manifest.window.samples, hop, resampling.up, resampling.down)

    def after(self, samples: int) -> int:
        """How many classes are due after so many samples of the sensor."""
        outputs = (samples * self.up - 1) // self.down + 1
        return max(0, (outputs - self.window) // self.hop + 1)

    def end(self, number: int) -> int:
        """How many samples of the sensor class `number` takes, counted from 1."""
        return (self.window + (number - 1) * self.hop - 1) * self.down // self.up + 1


def _check_answer(answer: Hop, position: int, due: Due, manifest: Manifest, port: str) -> None:
    """InputError for an answer that this stream cannot get: one of another program's stream, or a lie."""
    if answer.next != position:
        raise InputError(
            f"port {port}: the board wants sample {answer.next}, {position} comes next; another program speaks to it "
            "too: close that one and start again"
        )
    hops = due.after(position)
    end = due.end(hops) if hops else 0
    if (answer.hops, answer.end) != (hops, end):
        raise InputError(
            f"port {port}: the board says that after {position} samples it has classified {answer.hops} times, the "
            f"latest after {answer.end}; {hops} were due, the latest after {end}: flash the firmware of this bundle"
        )
    if hops and not is_class(manifest, answer.predicted):
        raise InputError(
            f"port {port}: the board says class {answer.predicted} after {end} samples, the model has "
            f"{len(manifest.labels)} labels; flash the firmware of this bundle"
        )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.stream", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path, help="bundle folder, from export.quantize")
    add_port_options(parser)
    parser.add_argument("--record", type=Path, required=True, metavar="FILE", help=f"capture file to play ({FORMATS})")
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
