"""Trains an encoder on IMU recordings to keep its answer under 3-D rotation of the sensor.

--data takes any set of the registry by what its files are: WISDM, or a folder of your own CSV files, captures or
arrays, which python -m train.data.check FOLDER reads first. Without it, WISDM is used where SCL_DATA_DIR has it, else
the embedded watch set.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from scl.answers import Answer
from scl.arguments import Parser
from scl.artifacts import InputError, command
from scl.text import say
from scl.threads import wait_passively
from train.run import flags, working_folder
from train.run.config import AS_RECORDED, TrainConfig
from train.run.supported import Only, check_supported

# docs/results/rotation.md has what each of these is worth.
WRIST = TrainConfig().changed(input="invariant", variation=1.0, smoothing=0.1, cutmix=1.0, epochs=20)
SUPPORTED = {
    "input": Only(("raw", "invariant"), "rolled windows are for time shift, in train.ecg"),
    "peaks": Only(("detected",), "motion has no R peaks"),
    "polarity": Only((AS_RECORDED,), "it is that of an ECG's lead"),
}


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.imu`."""
    options = Parser(
        prog="python -m train.imu",
        description=__doc__,
        figures=True,
        examples=(
            "--out runs/imu",
            "--data recordings/ --out runs/imu",
            "--epochs 20 --seed 1 --out runs/imu --resume",
        ),
    )
    options.add_argument("--data", type=Path, help="recordings: WISDM's zip or folder, or a folder of your own")
    options.add_argument("--download", action="store_true", help="fetch WISDM to data/wisdm first (340 MB), and use it")
    options.add_argument("--device", choices=("watch", "phone"), default="watch", help="WISDM: whose sensors")
    options.add_argument("--sensors", choices=("accel", "gyro", "accel+gyro"), help="which sensors (default: all)")
    options.add_argument("--activities", metavar="A,B,...", help="these classes alone, e.g. walking,jogging,sitting")
    working_folder.add_flags(options, "runs/imu")
    flags.add_options(options, WRIST)
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _train(argv, arguments, answer)
    return 0


def _train(argv: Sequence[str], arguments: argparse.Namespace, answer: Answer) -> None:
    options = flags.from_arguments(arguments, WRIST)
    check_supported("an IMU", SUPPORTED, options)
    if options.run.labelled and options.optimization.evenness:
        raise InputError(
            f"--labelled {options.run.labelled}: draws windows by whether they have a label, --evenness "
            f"{options.optimization.evenness:g} by which; leave one of them out"
        )
    folder = working_folder.WorkingFolder.of_command("train.imu", argv, arguments)
    wait_passively()
    from train.data.data_set import Source
    from train.data.registry import data_set, data_set_at
    from train.data.stored import resolve
    from train.run.metrics_json import read_metrics
    from train.run.session import train_run
    from train.run.summary import summary
    from train.run.task import check_imu, imu_task

    path = arguments.data
    if arguments.download:
        from train.data.download import download

        path = download(Path("data/wisdm"))
    chosen = data_set("wisdm") if path is None else data_set_at(path, "imu")
    path = resolve(path, chosen)
    loading: dict[str, object] = {}
    if chosen.name == "wisdm":
        loading = {"device": arguments.device, "sensors": ["accel", "gyro"]}
    if arguments.sensors is not None:
        loading["sensors"] = arguments.sensors.split("+")
    if arguments.activities is not None:
        loading["activities"] = arguments.activities.split(",")
    loading |= options.window.loading
    source = Source("watch" if path is None else chosen.name, loading)
    check_imu(options, data_set(source.data_set))
    recordings = data_set(source.data_set).load(path, loading)
    with folder.resumable():
        metrics = train_run(imu_task(recordings, source, options), options, folder)
    if metrics is None:
        return  # a rank that another one writes for
    answer.give(read_metrics(arguments.out))
    say(*summary(metrics).split("\n"))
    say(f"run folder: {arguments.out}")


if __name__ == "__main__":
    command(main)
