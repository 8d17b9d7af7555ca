"""Exports a calibrated run: quantizes it once to int8, writes TFLite, ONNX and C, and proves that they agree. Or takes
an int8 .tflite file that was made elsewhere, and writes it as C."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from export.cost.budget import Budget
from export.proof.gates import MAX_LOSS, ExportError
from scl.arguments import FORMATS, SEED, Parser, number, whole
from scl.artifacts import command, complain
from scl.artifacts.fields import MOST
from scl.text import say
from scl.threads import wait_passively

RUN_ONLY = ("sensor", "data", "windows", "draws", "max_loss", "streaming")


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m export.quantize`."""
    options = Parser(prog="python -m export.quantize", description=__doc__)
    options.add_argument(
        "run",
        type=Path,
        metavar="RUN",
        nargs="?",
        help="run folder with ranges.json (python -m calibration.ranges)",
    )
    options.add_argument(
        "--from", dest="tflite", type=Path, metavar="FILE",
        help="instead of a run: an int8 .tflite made elsewhere; the bundle has no front end and no recordings",
    )  # fmt: skip
    options.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="bundle folder to write")
    options.add_argument(
        "--sensor",
        metavar="FILE",
        help=f"sensor file ({FORMATS}), or a shipped one's name (default: the data set's; an IMU's is replayed)",
    )
    options.add_argument("--data", type=Path, help="the recordings, if not where training found them")
    options.add_argument("--windows", type=int, default=600, help="test windows that validation sends (default 600)")
    options.add_argument("--draws", type=int, default=4, help="transformed copies of each window (default 4)")
    options.add_argument(
        "--max-loss", type=number(-100, 100), default=MAX_LOSS, metavar="POINTS",
        help=f"points of consistency and accuracy (ECG: macro F1) that int8 may lose (default {MAX_LOSS})",
    )  # fmt: skip
    options.add_argument(
        "--budget", metavar="LIMITS",
        help="what the device has room for, such as flash=64k,ram=16k,instructions=2M: fails if it does not fit",
    )  # fmt: skip
    options.add_argument(
        "--streaming", type=whole(1, MOST), metavar="HOP",
        help="keep the network's columns from hop to hop of a stream: model-rate samples, a multiple of the strides' "
        "product; for encoders trained with --padding valid",
    )  # fmt: skip
    options.add_argument("--seed", type=SEED, default=0, help="of the rotations and the choice of windows (default 0)")
    return options


def main(argv: Sequence[str]) -> int:
    options = parser()
    arguments = vars(options.parse_args(argv))
    tflite = arguments.pop("tflite")
    if (arguments["run"] is None) == (tflite is None):
        options.error("expected either a run folder or --from FILE")
    other = [name for name in RUN_ONLY if arguments[name] != options.get_default(name)]
    if tflite is not None and other:
        options.error(
            f"--{other[0].replace('_', '-')} belongs to a run's recordings, of which a file has none; leave it out"
        )
    if arguments["budget"] is not None:
        arguments["budget"] = Budget.parse(arguments["budget"])
    wait_passively()
    # Read before tensorflow is imported: its logs hide the report.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run, out = arguments.pop("run"), arguments.pop("out")
    try:
        if tflite is not None:
            from export.from_tflite import export_tflite
            from export.report import print_foreign

            print_foreign(export_tflite(tflite, out, arguments["budget"], arguments["seed"]))
            say(f"bundle: {out}")
            return 0
        from export.pipeline import Options, export
        from export.report import print_report

        report = export(run, out, Options(**arguments))
    except ExportError as error:
        complain("export failed, nothing was written", str(error))
        return 1
    print_report(report)
    say(f"bundle: {out}")
    return 0


if __name__ == "__main__":
    command(main)
