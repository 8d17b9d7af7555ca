"""Two modalities: a wrist IMU's encoder under rotation and an ECG's under time shift, fused by one head.

The head reads the invariant and free features of both; variant ones stay out, as ever. No recordings of one person with
both sensors are at hand, so pairs are generated: each is an IMU window of one person and an ECG strip of another, drawn
so that every pair of classes is as frequent. The label is the pair of what the person does (moving or still; of the
embedded watch set: the exercise) and whether the strip has an ectopic beat. Such pairs show that the method carries
over, not how well anything works on a person: no activity changes the heart rate here.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from scl.answers import Answer
from scl.arguments import Parser, whole
from scl.artifacts import InputError, command
from scl.text import say
from scl.threads import wait_passively
from train.run import flags, working_folder
from train.run.config import AS_RECORDED, TrainConfig
from train.run.supported import Only, check_supported

FUSED = TrainConfig().changed(epochs=8, learning_rate=2e-3, eps=1e-3, lambda_=0.1)
PAIRS = {"train": 6000, "validation": 1000, "test": 2000}
SUPPORTED = {
    "window": Only((0.0,), "pairs are of windows as their data sets have them"),
    "rate": Only((0.0,), "pairs are of windows as their data sets have them"),
    "peaks": Only(("detected",), "pairs are of windows, not of beats"),
    "input": Only(("raw",), "each sensor's encoder sees its channels"),
    "polarity": Only((AS_RECORDED,), "no beats are measured"),
    **dict.fromkeys(("widths", "strides", "kernels"), Only(("",), "each sensor's encoder has its own")),
    "cutmix": Only((0.0,), "two windows of a pair have no span in common"),
    "also": Only(("",), "a pair is rotated and shifted"),
    "allocation": Only(("fixed",), "each encoder has the groups of its partition"),
    "labelled": Only((0,), "all pairs have labels"),
    "groups": Only(("",), "figures of pairs are of their classes"),
    "split": Only(("subject",), "ECG is divided by record, as published"),
}

MOST_PAIRS = 1_000_000  # which are in memory together


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.fusion`."""
    options = Parser(prog="python -m train.fusion", description=__doc__, figures=True, examples=("--out runs/fusion",))
    options.add_argument("--imu-data", type=Path, help="WISDM; else below SCL_DATA_DIR, else the embedded watch set")
    options.add_argument("--ecg-data", type=Path, help="MIT-BIH; else below SCL_DATA_DIR, else simulated ECG")
    options.add_argument(
        "--pairs", type=whole(1, MOST_PAIRS), default=PAIRS["train"], help="that are trained on (default 6000)"
    )
    working_folder.add_flags(options, "runs/fusion", resumable=False)
    flags.add_options(options, FUSED)
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _train(argv, arguments, answer)
    return 0


def _train(argv: Sequence[str], arguments: argparse.Namespace, answer: Answer) -> None:
    wait_passively()
    options = flags.from_arguments(arguments, FUSED)
    check_supported("pairs", SUPPORTED, options)
    if arguments.pairs < options.optimization.batch_size:
        raise InputError(
            f"--pairs is {arguments.pairs}, less than one batch of {options.optimization.batch_size}; give more"
        )
    folder = working_folder.WorkingFolder.of_command("train.fusion", argv, arguments)
    from train.experimental.fused import KINDS, tasks, train_fused

    imu, ecg = tasks(arguments.imu_data, arguments.ecg_data, options)
    metrics = train_fused(imu, ecg, options, folder.out, {**PAIRS, "train": arguments.pairs})
    answer.give(metrics)
    say(f"test: {metrics['pairs']['test']} generated pairs; {metrics['note']}")
    for name in KINDS:
        found = metrics[name]
        say(
            f"  under {name:8} accuracy {found['accuracy']:.3f} (as recorded {metrics['accuracy']:.3f}), consistency "
            f"{found['consistency']:.3f}, invariant similarity {found['similarity']['invariant']:.3f}"
        )
    say(f"  different pairs {metrics['negative_similarity']:.3f}, effective rank {metrics['effective_rank']:.1f}")
    say(f"run folder: {arguments.out}")


if __name__ == "__main__":
    command(main)
