"""`python -m firmware_host.validate BUNDLE --port PORT`: sends evaluation windows to a board, checks every answer.

Exit status: 0 passed, 1 not exact or a threshold missed, 2 could not measure.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from firmware_host.board import add_port_options, open_board
from firmware_host.measure import measure
from firmware_host.report import print_table, write_report
from firmware_host.validation import Measured, Thresholds, Validation
from scl.arguments import positive
from scl.artifacts import command, folder
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    bundle = read_run_bundle(options.bundle)
    golden = read_golden(bundle).limited(options.limit)
    out = options.out or Path("reports") / options.bundle.resolve().name
    with folder(out, "report") as target:
        with open_board(bundle, options.port, options.baud, options.trace, trust=options.trust) as board:
            measured, answers = measure(board, bundle, golden)
        validation = judge(measured, options.min_accuracy, options.min_consistency)
        write_report(target, validation, bundle.manifest, golden, answers)
    print_table(validation, out)
    return 0 if validation.passed else 1


def judge(measured: Measured, min_accuracy: float | None, min_consistency: float | None) -> Validation:
    """The verdict, with a reason for everything that was missed.

    Exactness is always asked for, robustness only by a threshold.
    """
    parity, missed = measured.parity, []
    if measured.lost:
        missed.append(f"{measured.lost} of {measured.sent} windows were lost")
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
            missed.append(
                f"{name} is {'not known' if value is None else f'{value:.4f}'}, at least {least:g} was asked for"
            )
    if parity.flags_off:
        missed.append(f"{parity.flags_off} flags of saturation or lead-off differ from the stored ones")
    asked = min_accuracy is not None or min_consistency is not None
    return Validation(
        **vars(measured),
        thresholds=Thresholds(min_accuracy, min_consistency),
        missed=tuple(missed),
        verdict="missed" if missed else "exact, thresholds met" if asked else "exact",
        passed=not missed,
    )


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not within 0..1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m firmware_host.validate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, help="bundle folder, from export.quantize")
    add_port_options(parser)
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="send N originals only, with their copies, spread over the set"
    )
    parser.add_argument("--out", type=Path, help="report folder (default reports/<name of the bundle's folder>)")
    parser.add_argument(
        "--min-accuracy", type=_fraction, metavar="F", help="least accuracy, untouched and transformed, to pass (0..1)"
    )
    parser.add_argument("--min-consistency", type=_fraction, metavar="F", help="least consistency to pass (0..1)")
    return parser


if __name__ == "__main__":
    command(main)
