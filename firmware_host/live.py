"""`python -m firmware_host.live BUNDLE --port PORT`: the board classifies its own sensor; prints its class hop by hop.

Classes that the line lost and samples that the board lost are said where they are missing, and counted at the end. The
board answers for no window with a gap: behind one the next class comes a whole window later. A model of heartbeats
answers each beat that the board finds (live_beats.py).
"""

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

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
from firmware_host.live_beats import live_beats
from firmware_host.messages import ABSTAIN, LiveAnswer
from firmware_host.model import answered_name, check_streams, finds_beats
from firmware_host.own_sensor import ENDLESS, Live
from firmware_host.played_sensor import add_play_option, sensor_arguments
from firmware_host.playing import Due, add_hop_option, hop_of
from firmware_host.streamed import LiveClass, LiveClasses
from scl.answers import Answer
from scl.arguments import Parser, number
from scl.artifacts import InputError, command
from scl.artifacts.bundle import Bundle, read_front_end_bundle
from scl.artifacts.manifest import BundleManifest
from scl.frontend.flags import LEAD_OFF, SATURATED, in_words
from scl.text import say


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    with Answer(options.json) as answer:
        _live(options, answer)
    return 0


def _live(options: argparse.Namespace, answer: Answer) -> None:
    bundle = read_front_end_bundle(options.bundle)
    if finds_beats(bundle.manifest):
        live_beats(bundle, options, answer)
        return
    check_streams(bundle)
    hop = hop_of(options.hop, bundle.manifest)
    check_decisions(bundle, options.bout, options.unsure, hop)
    hops = _hops(options.seconds, bundle.manifest, hop)
    calibration = calibration_of(options.calibration, bundle)
    where, sensor = (options.port, options.baud, options.trace, options.wait), sensor_arguments(options, bundle)
    with open_board(bundle, *where, sensor, options.trust) as board:
        calibration.send(board.link)
        set_decisions(board.link, bundle.manifest, options.bout, options.unsure, hop)
        live = Live(board, bundle.manifest, hop, hops, blocks=False)
        try:
            classes = _print(live, bundle)
        finally:
            _sum_up(live)
        board.check(calibration.hash, f"after {live.number} hops")
    answer.give(LiveClasses(tuple(classes), live.number - live.received, live.end, live.dropped))


def _print(live: Live, bundle: Bundle[BundleManifest]) -> list[LiveClass]:
    """Each answer as it comes, behind what is missing before it; returns them."""
    expected, dropped = 0, 0
    classes = []
    with closing(live.run()) as answers:
        for answer in answers:
            if not isinstance(answer, LiveAnswer):
                continue
            _say_missing(answer.number - expected, answer.dropped - dropped)
            expected, dropped = answer.number + 1, answer.dropped
            name = answered_name(bundle.manifest, answer.predicted)
            seconds = answer.end / bundle.manifest.sensor.rate_hz
            saturated, lead_off = bool(answer.flags & SATURATED), bool(answer.flags & LEAD_OFF)
            say(f"{seconds:9.2f} s  {decision_words(bundle.manifest, answer)}{in_words(answer.flags)}")
            predicted = None if answer.predicted == ABSTAIN else name
            decided = decision_name(bundle.manifest, answer), confidence(bundle.manifest, answer)
            classes.append(LiveClass(seconds, predicted, *decided, saturated, lead_off))
    return classes


def _say_missing(classes: int, samples: int) -> None:
    """What is missing before an answer."""
    if classes:
        say(f"{'':11}  {_classes(classes)} {'were' if classes > 1 else 'was'} lost on the line")
    if samples:
        say(f"{'':11}  the board lost {samples} samples; its front end began anew behind them")


def _sum_up(live: Live) -> None:
    say(
        f"{_classes(live.received)}, {live.number - live.received} lost on the line; {live.end} samples of the sensor, "
        f"{live.dropped} lost on the board"
    )


def _classes(count: int) -> str:
    return f"{count} class{'es' * (count != 1)}"


def _hops(seconds: float | None, manifest: BundleManifest, hop: int) -> int:
    """How many answers --seconds has room for. InputError if none."""
    if seconds is None:
        return ENDLESS
    due, rate_hz = Due.of(manifest, hop), manifest.sensor.rate_hz
    hops = min(due.after(round(seconds * rate_hz)), ENDLESS)
    if hops < 1:
        raise InputError(
            f"--seconds {seconds:g}: the first class comes after {due.end(1)} samples, "
            f"{due.end(1) / rate_hz:.2f} s; give more"
        )
    return hops


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.live",
        description=__doc__,
        figures=True,
        examples=("bundles/imu --port /dev/ttyACM0 --seconds 60",),
    )
    parser.add_argument("bundle", type=Path, help="bundle on the board; names its sensor")
    add_port_options(parser)
    add_hop_option(parser)
    add_decision_options(parser)
    parser.add_argument(
        "--seconds", type=number(0.001, 1e6), help="how long, in the sensor's time (default: until Ctrl-C)"
    )
    add_calibration_option(parser)
    add_play_option(parser)
    return parser


if __name__ == "__main__":
    command(main)
