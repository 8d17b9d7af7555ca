"""`python -m firmware_host.validate BUNDLE --port PORT`: sends evaluation windows to a board, checks every answer.

Exit status: 0 passed, 1 not exact or a threshold missed, 2 could not measure. Where it could not measure all, the
report says first what is missing, and its verdict is "incomplete".
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_host.board import add_port_options, open_board
from firmware_host.outcome import INCOMPLETE
from scl.answers import Answer
from scl.arguments import COUNT, FRACTION, Parser, command_line
from scl.artifacts import command, folder
from scl.artifacts.battery import read_battery, read_beat_battery
from scl.artifacts.bundle import Bundle, read_bundle
from scl.artifacts.golden import read_golden
from scl.text import say

if TYPE_CHECKING:  # types of a hundred fields, which --help does without
    from firmware_host.battery_types import BatteryReport
    from firmware_host.beat_validation import BeatValidation
    from firmware_host.validation import Measured, Verdict
    from scl.artifacts.manifest import BundleManifest


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    with Answer(options.json) as answer:
        return _validate(argv, options, answer)


def _validate(argv: Sequence[str], options: argparse.Namespace, answer: Answer) -> int:
    from firmware_host.background import background, export_facts
    from firmware_host.battery import measure_battery
    from firmware_host.beat_validation import BeatValidation
    from firmware_host.boards import side_by_side
    from firmware_host.label_groups import label_group_figures
    from firmware_host.measure import measure
    from firmware_host.model import finds_beats
    from firmware_host.validation import Validation
    from firmware_host.validation_files import write_battery, write_report
    from firmware_host.validation_table import print_table

    bundle = read_bundle(options.bundle)
    out = options.out or Path("reports") / options.bundle.resolve().name
    if options.port and len(options.port) > 1:
        report = BeatValidation if finds_beats(bundle.manifest) else Validation
        return side_by_side(argv, options.port, out, options.trace, report, answer)
    if finds_beats(bundle.manifest):
        return _validate_beats(argv, options, bundle, out, answer)
    port = options.port[0] if options.port else None
    if options.battery:
        read_battery(bundle)  # one without a battery is refused before minutes of measuring
    golden, export = read_golden(bundle).limited(options.limit), export_facts(bundle)
    with folder(out, "report") as target:
        with open_board(bundle, port, options.baud, options.trace, options.wait, trust=options.trust) as board:
            measured, answers = measure(board, bundle, golden)
            played = measure_battery(board, bundle) if options.battery and measured.stopped is None else None
        battery = None if played is None else played.report
        typed = command_line("firmware_host.validate", argv)
        validation = Validation(
            **vars(measured),
            **vars(background(bundle, golden, answers, board, export, typed)),
            **vars(judge(measured, options.min_accuracy, options.min_consistency, battery)),
            battery=battery,
            label_groups=label_group_figures(bundle.manifest, golden, answers),
        )
        write_report(target, validation, bundle.manifest, golden, answers)
        if played is not None:
            write_battery(target, bundle.manifest, played.golden, played.answers)
    answer.give(validation)
    print_table(validation, validation, battery, validation.label_groups)
    say(f"report: {out / 'validation.html'}")
    return exit_status(validation)


def _validate_beats(
    argv: Sequence[str], options: argparse.Namespace, bundle: "Bundle[BundleManifest]", out: Path, answer: Answer
) -> int:
    """The same for a bundle that finds heartbeats: whole recordings, as a stream."""
    from firmware_host.beat_battery import measure_beat_battery
    from firmware_host.beat_measure import ask, validation_of
    from firmware_host.beat_page import print_table, write_report
    from firmware_host.validation import Thresholds
    from scl.artifacts.golden_beats import read_golden_beats

    golden = read_golden_beats(bundle).limited(options.limit)
    if options.battery:
        read_beat_battery(bundle)  # one without a battery is refused before minutes of measuring
    with folder(out, "report") as target:
        port = options.port[0] if options.port else None
        with open_board(bundle, port, options.baud, options.trace, options.wait, trust=options.trust) as board:
            answered = ask(board, bundle, golden)
            played = measure_beat_battery(board, bundle) if options.battery and answered.stopped is None else None
            typed = command_line("firmware_host.validate", argv)
            asked = Thresholds(options.min_accuracy, options.min_consistency)
            validation = validation_of(board, bundle, golden, answered, asked, typed, played)
        write_report(target, validation, bundle.manifest, golden, answered)
    answer.give(validation)
    print_table(validation)
    say(f"report: {out / 'validation.html'}")
    return exit_status(validation)


def exit_status(judged: "Verdict | BeatValidation") -> int:
    """0 passed, 1 not exact or a threshold missed, 2 incomplete."""
    return 0 if judged.passed else 2 if judged.verdict == INCOMPLETE else 1


def judge(
    measured: "Measured",
    min_accuracy: float | None,
    min_consistency: float | None,
    battery: "BatteryReport | None" = None,
) -> "Verdict":
    """The verdict, with a reason for everything that was missed.

    Exactness is always asked for, robustness only by a threshold. What is missing comes first.
    """
    from firmware_host.validation import Thresholds, Verdict, below

    parity, missed = measured.parity, []
    if measured.lost:
        missed.append(f"{measured.lost} of {measured.sent} windows were lost, which count as wrong")
    if measured.stopped is not None:
        missed.append(f"the measurement ended early: {measured.stopped}")
    if battery is not None and battery.lost:
        missed.append(f"{battery.lost} of {battery.sent} windows of the battery were lost, which count as wrong")
    if battery is not None and battery.stopped is not None:
        missed.append(f"the battery ended early: {battery.stopped}")
    incomplete = bool(missed)
    if parity.max_lsb:
        missed.append(
            f"{parity.windows_off} windows differ from TFLite Micro's answers, by up to {parity.max_lsb} steps"
        )
    if parity.input_crc32_off:
        missed.append(f"{parity.input_crc32_off} network inputs differ: the front end is not exact")
    if parity.predictions_off:
        missed.append(f"{parity.predictions_off} classes differ from the stored ones")
    for name, value, least in (
        ("accuracy", measured.accuracy, min_accuracy),
        ("accuracy_transformed", measured.accuracy_transformed, min_accuracy),
        ("consistency", measured.consistency, min_consistency),
    ):
        if least is not None and (value is None or value < least):
            missed.append(below(name, value, least))
    if parity.flags_off:
        missed.append(f"{parity.flags_off} flags of saturation or no signal differ from the stored ones")
    if parity.decisions_off:
        missed.append(f"{parity.decisions_off} decisions or confidences differ from the desktop's")
    if battery is not None:
        missed += _battery_missed(battery)
    asked = min_accuracy is not None or min_consistency is not None
    return Verdict(
        thresholds=Thresholds(min_accuracy, min_consistency),
        missed=tuple(missed),
        verdict=INCOMPLETE if incomplete else "missed" if missed else "exact, thresholds met" if asked else "exact",
        passed=not missed,
    )


def _battery_missed(battery: "BatteryReport") -> list[str]:
    """What of the battery is not exact."""
    parity = battery.parity
    off = (
        (parity.windows_off, "answers"),
        (parity.input_crc32_off, "network inputs"),
        (parity.predictions_off, "classes"),
        (parity.flags_off, "flags"),
        (parity.decisions_off, "decisions"),
    )
    different = ", ".join(f"{count} {name}" for count, name in off if count)
    return [f"of the battery, {different} differ from the stored ones"] if different else []


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.validate",
        description=__doc__,
        figures=True,
        examples=(
            "bundles/imu --port emulator",
            "bundles/imu --port /dev/ttyACM0 --min-consistency 0.95",
            "bundles/imu --port /dev/ttyACM0 --port emulator --limit 20",
            "bundles/imu --port emulator --battery",
        ),
    )
    parser.add_argument("bundle", type=Path, help="bundle folder, from export.quantize")
    add_port_options(parser, several=True)
    parser.add_argument(
        "--limit",
        type=COUNT,
        metavar="N",
        help="send N originals only, with their copies, spread over the set and its classes; of heartbeats: the "
        "begin of each recording, so that about N beats are asked for",
    )
    parser.add_argument(
        "--battery",
        action="store_true",
        help="play the bundle's battery too: the figures under each nuisance (export.quantize --battery)",
    )
    parser.add_argument("--out", type=Path, help="report folder (default reports/<name of the bundle's folder>)")
    parser.add_argument(
        "--min-accuracy",
        type=FRACTION,
        metavar="F",
        help="least accuracy, untouched and transformed, to pass (0..1); of heartbeats: share of N, S and V, and of "
        "beats that are none, that were named right",
    )
    parser.add_argument(
        "--min-consistency",
        type=FRACTION,
        metavar="F",
        help="least consistency to pass (0..1); of heartbeats: of ten seconds that start later",
    )
    return parser


if __name__ == "__main__":
    command(main)
