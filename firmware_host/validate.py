"""`python -m firmware_host.validate BUNDLE --port PORT`: sends evaluation windows to a board, checks every answer.

Exit status: 0 passed, 1 not exact or a threshold missed, 2 could not measure.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from firmware_host.board import add_port_options, open_board
from firmware_host.bundle import load_bundle
from firmware_host.measure import measure
from firmware_host.report import print_table, write_report
from scl.arguments import positive
from scl.artifacts import command, folder


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    bundle = load_bundle(options.bundle)
    golden = bundle.read_golden().limited(options.limit)
    out = options.out or Path("reports") / bundle.manifest["name"]
    with folder(out, "report") as target:
        with open_board(bundle, options.port, options.baud, options.trace) as board:
            validation, answers = measure(board, bundle, golden)
        judge(validation, options.min_accuracy, options.min_consistency)
        write_report(target, validation, bundle, golden, answers)
    print_table(validation, out)
    return 0 if validation["passed"] else 1


def judge(validation: dict[str, Any], min_accuracy: float | None, min_consistency: float | None) -> None:
    """Adds `thresholds`, `missed` (reasons), `verdict` and `passed`.

    Exactness is always asked for, robustness only by a threshold.
    """
    parity, missed = validation["parity"], []
    if validation["lost"]:
        missed.append(f"{validation['lost']} of {validation['sent']} windows were lost")
    if parity["max_lsb"]:
        missed.append(
            f"{parity['windows_off']} windows differ from TFLite Micro's answers, by up to {parity['max_lsb']} steps"
        )
    if parity["input_crc32_off"]:
        missed.append(f"{parity['input_crc32_off']} network inputs differ: the front end is not exact")
    if parity["predictions_off"]:
        missed.append(f"{parity['predictions_off']} classes differ from the stored ones")
    for name, least in (
        ("accuracy", min_accuracy),
        ("accuracy_transformed", min_accuracy),
        ("consistency", min_consistency),
    ):
        found = validation[name]
        if least is not None and (found is None or found < least):
            missed.append(
                f"{name} is {'not known' if found is None else f'{found:.4f}'}, at least {least:g} was asked for"
            )
    if parity["flags_off"]:
        missed.append(f"{parity['flags_off']} flags of saturation or lead-off differ from the stored ones")
    asked = min_accuracy is not None or min_consistency is not None
    validation["thresholds"] = {"min_accuracy": min_accuracy, "min_consistency": min_consistency}
    validation["missed"] = missed
    validation["verdict"] = "missed" if missed else "exact, thresholds met" if asked else "exact"
    validation["passed"] = not missed


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
    parser.add_argument("--out", type=Path, help="report folder (default reports/<name of the bundle>)")
    parser.add_argument(
        "--min-accuracy", type=_fraction, metavar="F", help="least accuracy, untouched and transformed, to pass (0..1)"
    )
    parser.add_argument("--min-consistency", type=_fraction, metavar="F", help="least consistency to pass (0..1)")
    return parser


if __name__ == "__main__":
    command(main)
