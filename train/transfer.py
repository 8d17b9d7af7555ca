"""A run's figures on recordings of other devices or people, without any training: recall of each class where classes
have the run's names, beside its own test figures; consistency and similarity in any case.

People (or records) that trained are named and kept apart; the figures are of the others. Recordings that are sampled
faster than the run's windows are resampled. Writes transfer.json into the run folder.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scl import artifacts
from scl.answers import Answer
from scl.arguments import COPIES, SEED, Parser
from scl.artifacts import InputError, command
from scl.artifacts.run import read_run_info
from scl.text import say
from scl.threads import wait_passively

if TYPE_CHECKING:
    from scl.artifacts.run import RunInfo
    from train.data.data_set import DataSet
    from train.data.recordings import Recordings

WATCH_SET = "watch-set"


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.transfer`."""
    options = Parser(
        prog="python -m train.transfer",
        description=__doc__,
        figures=True,
        examples=("runs/imu --eval-data recordings/", "runs/imu --eval-data recordings/wisdm --eval-device phone"),
    )
    options.add_argument("run", type=Path, metavar="RUN", help="run folder of train.imu or train.ecg")
    options.add_argument(
        "--eval-data",
        required=True,
        metavar="PATH",
        help=f"any zip or folder that train.imu or train.ecg reads, or {WATCH_SET}: the embedded one",
    )
    options.add_argument("--eval-device", choices=("watch", "phone"), default="watch", help="WISDM: whose sensors")
    options.add_argument("--data", type=Path, help="the run's own recordings, to notice equal samples")
    options.add_argument("--draws", type=COPIES, help="transformed copies of each window (default: the run's)")
    options.add_argument("--seed", type=SEED, default=0, help="of the rotations (default 0)")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _transfer(arguments, answer)
    return 0


def _transfer(arguments: argparse.Namespace, answer: Answer) -> None:
    read_run_info(arguments.run)  # before seconds of imports
    wait_passively()
    from train.run.by_person import transferred
    from train.run.folder import load_run
    from train.run.transfer_file import TRANSFER
    from train.run.transfer_text import lines

    run = load_run(arguments.run)
    artifacts.check_writable(run.path / TRANSFER)
    source, recordings = loaded(run.info, arguments.eval_data, arguments.eval_device)
    own = None if recordings.sha256 == run.info.data.sha256 else own_recordings(run.info, arguments.data)
    draws = arguments.draws or _draws(run.info)
    found = transferred(run, source, recordings, own, draws, arguments.seed)
    artifacts.write_artifact(run.path / TRANSFER, found)
    answer.give(found)
    say(recordings.summary(), *lines(found))


def loaded(info: "RunInfo", eval_data: str, device: str) -> tuple["DataSet", "Recordings"]:
    """The data set that --eval-data names, and its recordings, loaded as the run's were where it is of the same set:
    all its classes.
    """
    from train.data.registry import data_set, data_set_at

    signal = data_set(info.data.name).signal
    if eval_data == WATCH_SET:
        source, path = data_set("watch"), None
        if signal != source.signal:
            raise InputError(f"{WATCH_SET} has an IMU's recordings, the run {info.name} is of {signal}; give a path")
    else:
        path = Path(eval_data)
        source = data_set_at(path, signal)
    options: dict[str, object] = dict(info.data.options) if source.name == info.data.name else {}
    options.pop("activities", None)
    if signal == "imu":
        sensors = info.data.options.get("sensors")
        options |= {"device": device, "rate_hz": info.window.rate_hz} | ({"sensors": sensors} if sensors else {})
    return source, source.load(path, options)


def own_recordings(info: "RunInfo", data: Path | None) -> "Recordings | None":
    """The run's own recordings: of `data`, or where training found them; None if they are not there any more.

    Raises InputError if `data` holds others.
    """
    from train.data.stored import recordings_for_run

    try:
        return recordings_for_run(info, data)
    except InputError:
        if data is not None:
            raise
        return None


def _draws(info: "RunInfo") -> int:
    """As many copies as the run's own figures are of."""
    draws = info.config.get("draws")
    return draws if isinstance(draws, int) and draws > 0 else 4


if __name__ == "__main__":
    command(main)
