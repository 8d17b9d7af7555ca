"""Trains an encoder on IMU recordings to keep its answer under 3-D rotation of the sensor.

WISDM is used where --data or SCL_DATA_DIR says it is, else the embedded watch set.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scl.artifacts import command
from train import config


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.imu`."""
    options = argparse.ArgumentParser(prog="python -m train.imu", description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/imu"), help="run folder to write (default runs/imu)")
    options.add_argument("--data", type=Path, help="WISDM: the official zip or its extracted folder")
    options.add_argument("--download", action="store_true", help="fetch WISDM to data/wisdm first (340 MB), and use it")
    options.add_argument("--device", choices=("watch", "phone"), default="watch", help="WISDM: whose sensors")
    options.add_argument(
        "--sensors", choices=("accel", "gyro", "accel+gyro"), default="accel+gyro", help="WISDM: which sensors"
    )
    options.add_argument("--resume", action="store_true", help="go on with the interrupted run of --out")
    config.add_options(options)
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    # Spinning OpenMP workers slow small or shared machines down; has to be set before torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    from train import data
    from train.session import train_run

    options = config.from_arguments(arguments)
    path = arguments.data
    if arguments.download:
        from train.data.download import download

        path = download(Path("data/wisdm"))
    path = data.resolve(path)
    sensors = tuple(arguments.sensors.split("+"))
    recordings = data.load(path, arguments.device, sensors)
    print(recordings.summary())
    source = {"name": "watch" if path is None else "wisdm", "device": arguments.device, "sensors": list(sensors)}
    metrics = train_run(recordings, source, "imu", options, arguments.out, arguments.resume)
    print(summary(metrics))
    print(f"run folder: {arguments.out}")
    return 0


def summary(metrics: dict[str, Any]) -> str:
    """The test figures as lines of text."""
    turned = metrics["rotation"]
    interval = turned["consistency_ci95"]
    spread = f" (95 % interval {interval[0]:.3f} to {interval[1]:.3f}, by subject)" if interval else ""
    leaky = "  LEAKY SPLIT: windows of one subject are in training and test" if metrics["split"]["leaky"] else ""
    groups = ", ".join(f"{name} {value:.3f}" for name, value in turned["similarity"].items())
    lines = [
        f"test: {metrics['windows']} windows of {metrics['subjects']} subjects, split by "
        f"{metrics['split']['name']}{leaky}",
        f"  as recorded    accuracy {metrics['accuracy']:.3f}  macro F1 {metrics['macro_f1']:.3f}",
        f"  under rotation accuracy {turned['accuracy']:.3f}  macro F1 {turned['macro_f1']:.3f}  "
        f"consistency {turned['consistency']:.3f}{spread}",
        f"  similarity     {groups}; different windows {metrics['negative_similarity']:.3f}, "
        f"effective rank {metrics['effective_rank']:.1f}",
    ]
    return "\n".join(lines + [f"warning: {text}" for text in metrics["warnings"]])


if __name__ == "__main__":
    command(main)
