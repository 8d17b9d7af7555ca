"""Reads a folder of recordings, prints what it understood and what looks wrong. A folder with WFDB headers, with EDF
files or with a dataset.toml of kind "ecg" holds ECG, any other one IMU recordings; of these, it writes a first
dataset.toml where there is none and the files are of no known convention. One that is there stays as it is.

Exit status: 0 nothing looks wrong; 1 something does, or a file cannot be read; 2 nothing can be understood.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from scl.answers import Answer
from scl.arguments import FORMATS, Parser
from scl.artifacts import command
from train.data.dataset_file import NAME


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.data.check`."""
    options = Parser(prog="python -m train.data.check", description=__doc__, figures=True, examples=("recordings/",))
    options.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help=f"CSV files, captures ({FORMATS}), or X.npy, y.npy, groups.npy; ECG: WFDB, EDF or CSV",
    )
    options.add_argument(
        "--write", action="store_true", help=f"write a {NAME} for Edge Impulse's files too, to change what they mean"
    )
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    from train.data.checking import check_folder

    with Answer(arguments.json) as answer:
        return check_folder(arguments.folder, arguments.write, answer)


if __name__ == "__main__":
    command(main)
