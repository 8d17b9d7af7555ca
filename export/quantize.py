"""Exports a calibrated run: quantizes it once to int8, writes TFLite, ONNX and C, and proves that they agree. Or takes
a .tflite or .onnx file that was made elsewhere, and writes it as C that a board is validated with."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export.cost.budget import Budget
from export.cost.instructions import BOARD, BOARDS
from export.golden.window_copies import KINDS
from export.proof.gates import MAX_LOSS, ExportError
from scl.answers import Answer
from scl.arguments import COPIES, COUNT, FORMATS, FRACTION, SEED, Parser, command_line, number, whole
from scl.artifacts import InputError, command, complain
from scl.artifacts.fields import MOST
from scl.artifacts.folders import check_replaceable, kinds_in
from scl.artifacts.label_groups import FORM, LabelGroups
from scl.partition import Partition
from scl.text import say
from scl.threads import wait_passively

RUN_ONLY = {
    "sensor": "a file has no front end but that of --front-end, which names its sensor",
    "data": "a file has no recordings but the windows of --representative",
    "bout": "the temperature of its decisions is fitted on a run's validation windows",
    "unsure": "the temperature of its decisions is fitted on a run's validation windows",
    "groups": "they are of the labels that a run was trained with",
    "battery": "nuisances are made from recordings, which a file has not",
}
EXAMPLES = (
    "runs/imu --out bundles/imu",
    "runs/imu --out bundles/imu --sensor bmi270 --budget flash=256k,ram=32k",
    "--from model.tflite --out bundles/mine",
    "--from model.onnx --representative windows.npz --transformation rotation --out bundles/mine",
)
FILE_ONLY = ("representative", "transformation", "partition", "front_end", "board")


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m export.quantize`."""
    options = Parser(prog="python -m export.quantize", description=__doc__, figures=True, examples=EXAMPLES)
    options.add_argument(
        "run",
        type=Path,
        metavar="RUN",
        nargs="?",
        help="run folder with ranges.json (python -m calibration.ranges)",
    )
    _add_file_options(options)
    options.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="bundle folder to write")
    options.add_argument(
        "--sensor",
        metavar="FILE",
        help=f"sensor file ({FORMATS}), or a shipped one's name (default: the data set's; an IMU's is replayed)",
    )
    options.add_argument("--data", type=Path, help="the recordings, if not where training found them")
    options.add_argument("--windows", type=COUNT, default=600, help="test windows that validation sends (default 600)")
    options.add_argument("--draws", type=COPIES, default=4, help="transformed copies of each window (default 4)")
    options.add_argument(
        "--max-loss", type=number(-100, 100), metavar="POINTS",
        help=f"points of consistency and accuracy (ECG: macro F1) that int8 may lose (default: of a run {MAX_LOSS}, of "
        "a float model with --from any)",
    )  # fmt: skip
    options.add_argument(
        "--budget", metavar="LIMITS",
        help="what the device has room for, such as flash=64k,ram=16k,instructions=2M: fails if it does not fit",
    )  # fmt: skip
    options.add_argument(
        "--streaming", type=whole(1, MOST), metavar="HOP",
        help="keep the network's columns from hop to hop of a stream: samples of its input, best a multiple of the "
        "strides' product; those that zero padding reaches are computed anew, so train.imu --padding valid makes hops "
        "cheaper",
    )  # fmt: skip
    options.add_argument(
        "--bout", type=number(0.001, 1e6), metavar="SECONDS",
        help="how long a class lasts on average: the board's decisions follow a belief over time (default: each window "
        "is decided by itself)",
    )  # fmt: skip
    options.add_argument(
        "--unsure", type=FRACTION, default=0.0, metavar="MARGIN",
        help="the board is unsure where the shares of the two likeliest classes are closer than this, 0 to 1 (default "
        "0: never)",
    )  # fmt: skip
    options.add_argument(
        "--battery", metavar="small|whole|NAME+NAME",
        help="store windows under nuisances too (mirror, noise, a sensor that stops: docs/BATTERY.md), which "
        "firmware_host.validate --battery plays to a board",
    )  # fmt: skip
    options.add_argument(
        "--groups", type=_groups, metavar=FORM,
        help="classes that count as one in figures of a second level, which validation states beside those of the "
        "classes (default: those that the run was trained with, if any)",
    )  # fmt: skip
    options.add_argument("--seed", type=SEED, default=0, help="of the rotations and the choice of windows (default 0)")
    return options


def _add_file_options(options: argparse.ArgumentParser) -> None:
    """Of models from elsewhere."""
    options.add_argument(
        "--from", dest="file", type=Path, metavar="FILE",
        help="instead of a run: an int8 .tflite made elsewhere, or an .onnx (float, with --representative, or QDQ); a "
        "board gets its int8 input",
    )  # fmt: skip
    options.add_argument(
        "--representative", type=Path, metavar="NPZ",
        help="with --from: windows in the model's units, with labels and groups if they are known, that validation "
        "sends (default: random inputs)",
    )  # fmt: skip
    options.add_argument(
        "--transformation", choices=tuple(KINDS),
        help="with --representative: what the copies of the windows are under, for consistency on the device",
    )  # fmt: skip
    options.add_argument(
        "--partition", type=_partition, metavar="INVARIANT/VARIANT/FREE",
        help="with --from: of the output that is the latent, of an ONNX file the first of two, of a .tflite one named "
        "features; of a float file the variant rows are left out, an int8 one holds the kept ones alone",
    )  # fmt: skip
    options.add_argument(
        "--front-end", type=Path, metavar="TOML",
        help="with --from: sensor, rate_hz, mean and std, so that the board takes a sensor's counts "
        "(docs/tutorials/tflite.md); windows are in SI units then",
    )  # fmt: skip
    options.add_argument(
        "--board", choices=BOARDS, default=BOARD,
        help=f"with --from: whose memory it has to fit, and on which instructions are counted (default {BOARD})",
    )  # fmt: skip


def _groups(text: str) -> LabelGroups:
    try:
        return LabelGroups.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; give labels of the run") from error


def _partition(text: str) -> Partition:
    try:
        return Partition.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; give the sizes that training had") from error


def refuse_another_kind(run: Path | None, file: Path | None) -> None:
    """Raises InputError for a file in place of a run, and for a folder in place of a file."""
    if run is not None and run.is_file():
        raise InputError(f"{run}: is a file, expected a run folder; give a model from elsewhere with --from {run}")
    if run is not None and run.is_dir() and kinds_in(run) == ["bundle"]:
        raise InputError(
            f"{run}: is a bundle, exported already, expected a run folder; python -m firmware_host.validate {run} puts "
            f"it on a board, and --from {run / 'model.tflite'} exports it again"
        )
    if file is not None and file.is_dir():
        kinds = kinds_in(file)
        if "run" in kinds:
            raise InputError(f"{file}: is a run, expected a .tflite or .onnx file; give the run without --from")
        inside = file / "model.tflite"
        advice = f"give --from {inside}" if inside.is_file() else "give the file in it with --from"
        raise InputError(f"{file}: is a folder, expected a .tflite or .onnx file; {advice}")


def main(argv: Sequence[str]) -> int:
    options = parser()
    arguments = vars(options.parse_args(argv))
    file = arguments.pop("file")
    if (arguments["run"] is None) == (file is None):
        options.error("expected either a run folder or --from FILE")
    refuse_another_kind(arguments["run"], file)
    other = [name for name in (RUN_ONLY if file else FILE_ONLY) if arguments[name] != options.get_default(name)]
    if other:
        flag = other[0].replace("_", "-")
        options.error(
            f"--{flag} belongs to a run: {RUN_ONLY[other[0]]}; leave it out"
            if file
            else f"--{flag} belongs to --from FILE; a run has recordings and a transformation of its own, leave it out"
        )
    for name in FILE_ONLY if file is None else RUN_ONLY:
        del arguments[name]
    if arguments["budget"] is not None:
        arguments["budget"] = Budget.parse(arguments["budget"])
    arguments["command"] = command_line("export.quantize", argv)
    check_replaceable(arguments["out"], "bundle")  # before minutes of work
    with Answer(arguments.pop("json")) as answer:
        return _export(file, arguments, answer)


def _export(file: Path | None, arguments: dict[str, Any], answer: Answer) -> int:
    wait_passively()
    # Read before tensorflow is imported: its logs hide the report.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run, out = arguments.pop("run"), arguments.pop("out")
    try:
        if file is not None:
            from export.from_onnx import export_onnx
            from export.from_tflite import export_tflite
            from export.given import Options as GivenOptions
            from export.given_file import is_onnx
            from export.given_model import MOST_FILE_BYTES
            from export.report import print_foreign
            from export.representative import read_windows

            windows = arguments.pop("representative")
            if windows is not None:
                arguments |= {"representative": read_windows(windows), "data": windows.name}
            export_file = export_onnx if is_onnx(file, MOST_FILE_BYTES) else export_tflite
            given = export_file(file, out, GivenOptions(**arguments))
            answer.give(given)
            print_foreign(given)
            say(f"bundle: {out}")
            return 0
        from export.pipeline import Options, export
        from export.report import print_report

        if arguments["max_loss"] is None:
            arguments["max_loss"] = MAX_LOSS
        report = export(run, out, Options(**arguments))
    except ExportError as error:
        complain("export failed, nothing was written", str(error))
        return 1
    answer.give(report)
    print_report(report)
    say(f"bundle: {out}")
    return 0


if __name__ == "__main__":
    command(main)
