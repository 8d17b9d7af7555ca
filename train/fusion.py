"""Two modalities: a wrist IMU's encoder under rotation and an ECG's under time shift, fused by one head.

The head reads the invariant and free features of both; variant ones stay out, as ever. No recordings of one person with
both sensors are at hand, so pairs are generated: each is an IMU window of one person and an ECG strip of another, drawn
so that every pair of classes is as frequent. The label is the pair of what the person does (moving or still; of the
embedded watch set: the exercise) and whether the strip has an ectopic beat. Such pairs show that the method carries
over, not how well anything works on a person: no activity changes the heart rate here.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from scl.artifacts import InputError, command
from train.run import config

FUSED = config.TrainConfig(epochs=8, learning_rate=2e-3, eps=1e-3, lambda_=0.1)
PAIRS = {"train": 6000, "validation": 1000, "test": 2000}
PLAIN = (("input", "raw"), ("cutmix", 0.0), ("also", ""), ("allocation", "fixed"), ("split", "subject"))


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.fusion`."""
    options = argparse.ArgumentParser(prog="python -m train.fusion", description=__doc__.split("\n\n")[0])
    options.add_argument("--out", type=Path, default=Path("runs/fusion"), help="folder to write (default runs/fusion)")
    options.add_argument("--imu-data", type=Path, help="WISDM; else below SCL_DATA_DIR, else the embedded watch set")
    options.add_argument("--ecg-data", type=Path, help="MIT-BIH; else below SCL_DATA_DIR, else simulated ECG")
    options.add_argument("--pairs", type=int, default=PAIRS["train"], help="that are trained on (default 6000)")
    config.add_options(options, FUSED)
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    options = config.from_arguments(arguments, FUSED)
    for name, plain in PLAIN:
        if getattr(options, name) != plain:
            raise InputError(f"--{name} {getattr(options, name)} is not for pairs; leave it out")
    if arguments.pairs < options.batch_size:
        raise InputError(f"--pairs is {arguments.pairs}, less than one batch of {options.batch_size}")
    from train.experimental.fused import KINDS, tasks, train_fused

    imu, ecg = tasks(arguments.imu_data, arguments.ecg_data, options)
    metrics = train_fused(imu, ecg, options, arguments.out, {**PAIRS, "train": arguments.pairs})
    print(f"test: {metrics['pairs']['test']} generated pairs; {metrics['note']}")
    for name in KINDS:
        found = metrics[name]
        print(
            f"  under {name:8} accuracy {found['accuracy']:.3f} (as recorded {metrics['accuracy']:.3f}), consistency "
            f"{found['consistency']:.3f}, invariant similarity {found['similarity']['invariant']:.3f}"
        )
    print(f"  different pairs {metrics['negative_similarity']:.3f}, effective rank {metrics['effective_rank']:.1f}")
    print(f"run folder: {arguments.out}")
    return 0


if __name__ == "__main__":
    command(main)
