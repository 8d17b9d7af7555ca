"""A run's figures on recordings of other devices or people, without any training: accuracy where classes have the
run's names, consistency and similarity in any case.

The recordings are WISDM's, of another --eval-device or from another archive, or the embedded watch set; their sensors
have to be the run's. Writes transfer.json into the run folder.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scl import artifacts
from scl.arguments import COPIES, SEED, Parser
from scl.artifacts import InputError, command
from scl.text import say
from scl.threads import wait_passively

if TYPE_CHECKING:
    from train.data.recordings import Recordings
    from train.run.evaluate import Evaluation
    from train.run.folder import Run

WATCH_SET = "watch-set"
UNLABELLED = ("windows", "subjects", "negative_similarity", "effective_rank")
LABELLED = ("accuracy", "macro_f1")


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.transfer`."""
    options = Parser(prog="python -m train.transfer", description=__doc__)
    options.add_argument("run", type=Path, metavar="RUN", help="run folder of train.imu")
    options.add_argument(
        "--eval-data", required=True, metavar="PATH", help=f"WISDM's zip or folder, or {WATCH_SET}: the embedded one"
    )
    options.add_argument("--eval-device", choices=("watch", "phone"), default="watch", help="WISDM: whose sensors")
    options.add_argument("--draws", type=COPIES, default=4, help="rotated copies of each window (default 4)")
    options.add_argument("--seed", type=SEED, default=0, help="of the rotations (default 0)")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    wait_passively()
    from train.data.registry import data_set
    from train.run.folder import load_run

    run = load_run(arguments.run)
    if run.info.task != "imu":
        raise InputError(
            f"{arguments.run}: is a run of task {run.info.task}, expected one of train.imu; give such a run"
        )
    artifacts.check_writable(run.path / "transfer.json")
    path = None if arguments.eval_data == WATCH_SET else Path(arguments.eval_data)
    loading = {"device": arguments.eval_device, "sensors": run.info.data.options.get("sensors")}
    loading["rate_hz"] = run.info.window.rate_hz
    recordings = data_set("watch" if path is None else "wisdm").load(path, loading)
    say(recordings.summary())
    found = transferred(run, recordings, arguments.draws, arguments.seed)
    source = {"name": recordings.name, "sha256": recordings.sha256}
    artifacts.write_json(
        run.path / "transfer.json", {"kind": "transfer", "schema": 1, "data": source} | found.as_dict()
    )
    print_figures(found)
    return 0


@dataclass(frozen=True)
class Transfer:
    """Figures of the classes that run and recordings share by name; of all windows where they share none, which then
    count as what the model says of them untouched.
    """

    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    figures: "Evaluation"

    def as_dict(self) -> dict[str, object]:
        """For transfer.json: without a shared class, without what needs true labels."""
        described: dict[str, object] = {"classes": list(self.classes), "left_out": list(self.left_out)}
        found = self.figures.as_dict()
        if self.classes:
            return described | found
        transformed = {k: v for k, v in asdict(self.figures.transformed).items() if k not in LABELLED}
        return described | {name: found[name] for name in UNLABELLED} | {self.figures.name: transformed}


def transferred(run: "Run", recordings: "Recordings", draws: int, seed: int) -> Transfer:
    """Figures of windows of `recordings`, of the classes that the run knows by name; of all windows, without accuracy,
    where it knows none.

    Raises InputError if channels, units or rate are not the run's.
    """
    from train.data.recordings import windows
    from train.run.evaluate import evaluate, predict
    from train.transformations import from_info

    window = run.info.window
    expected = (window.channels, window.units, window.rate_hz)
    have = (recordings.channels, recordings.units, recordings.rate_hz)
    if have != expected:
        raise InputError(
            f"{recordings.name}: has channels {', '.join(have[0])} in {', '.join(have[1])} at {have[2]:g} Hz; "
            f"{run.path} needs {', '.join(expected[0])} in {', '.join(expected[1])} at {expected[2]:g} Hz; "
            "give recordings that have them"
        )
    labels = run.info.labels
    present = [recordings.labels[block.label] for block in recordings.blocks]
    shared = tuple(label for label in labels if label in present)
    chosen = recordings.only(shared) if shared else recordings
    cut = windows(chosen, chosen.groups, window.samples / window.rate_hz, 0.0)
    transformation = from_info(run.info.transformation)
    if shared:
        known = np.array([labels.index(label) for label in shared])[cut.labels]
    else:
        import torch

        known = predict(run.model, torch.from_numpy(cut.x))[1].argmax(axis=1)  # consistency needs no more
    figures = evaluate(run.model, replace(cut, labels=known), transformation, draws, seed)
    return Transfer(shared, tuple(sorted(set(present) - set(shared))), figures)


def print_figures(found: Transfer) -> None:
    """The figures in short."""
    figures, copies = found.figures, found.figures.transformed.headline
    say(f"{figures.windows} windows of {figures.subjects} subjects; nothing was trained")
    if found.classes:
        say(
            f"  classes {', '.join(found.classes)}: accuracy {figures.accuracy:.3f}, macro F1 "
            f"{figures.macro_f1:.3f}; rotated {copies.accuracy:.3f}, {copies.macro_f1:.3f}"
        )
    else:
        say("  no class has the name of one of the run's: accuracy cannot be told")
    interval = copies.consistency_ci95
    spread = f" (95 % interval {interval[0]:.3f} to {interval[1]:.3f}, by subject)" if interval else ""
    say(
        f"  consistency {copies.consistency:.3f}{spread}, invariant similarity "
        f"{copies.similarity['invariant']:.3f}, of different windows {figures.negative_similarity:.3f}, effective "
        f"rank {figures.effective_rank:.1f}"
    )


if __name__ == "__main__":
    command(main)
