"""Trains an encoder on ECG recordings to keep its answer when the window starts later.

--data takes any set of the registry by what its files are, and a folder of your own recordings (WFDB, EDF or CSV:
docs/tutorials/ecg-folder.md). Without it, SCL_DATA_DIR says where MIT-BIH is, or PTB-XL with --set ptbxl.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scl.answers import Answer
from scl.arguments import Parser
from scl.artifacts import InputError, command
from scl.text import say
from scl.threads import wait_passively
from train.run import flags, working_folder
from train.run.config import AS_RECORDED, FEATURES, FEATURES_METHOD, TrainConfig
from train.run.supported import Only, check_supported

if TYPE_CHECKING:
    from train.data.data_set import DataSet, Source

# A larger eps lets the invariant features collapse: ECG windows are alike, and where D(neg) < eps, L is D(inv) / eps. A
# larger lambda costs sensitivity to S beats: what tells windows apart best is whose they are.
STRIP = TrainConfig().changed(
    epochs=12, learning_rate=2e-3, draws=10, balance=0.5, eps=1e-3, lambda_=0.05, partition="64/32/32"
)
BEAT = TrainConfig().changed(
    input="features", epochs=5, learning_rate=1e-2, batch_size=256, balance=0.5, evenness=0.15, variation=0.3,
    smoothing=0.02, weight_decay=0.3, partition="8/8/8", method=FEATURES_METHOD,
)  # fmt: skip
RAW_BEAT = STRIP.changed(epochs=5, draws=4, pool="flatten")
# Of measured beats, whether figures are of them or of strips; and by --input, of windows.
DEFAULTS = {"strip": BEAT, "beat": BEAT}
WINDOWS = {"strip": STRIP, "beat": RAW_BEAT}
SUPPORTED = {
    "input": Only(("raw", "canonical", *FEATURES), "a rotation's invariants are an IMU's"),
    "cutmix": Only((0.0,), "spans are cut for an IMU"),
    "also": Only(("",), "an ECG is shifted only"),
    "labelled": Only((0,), "all beats and strips have labels"),
    "groups": Only(("",), "an export takes groups of an ECG's classes"),
    "split": Only(("subject",), "ECG is divided by record, as published"),
}
MEASURED = "beats are measured where they are annotated, with --input features, causal, waveform or both"
SUPPORTED_RAW = {
    "variation": Only((0.0,), "ECG windows are always varied"),
    "peaks": Only(("detected",), "windows of beats are cut around annotated R peaks, strips around none"),
    "against": Only(("",), f"windows are shifted only; {MEASURED}"),
    "polarity": Only((AS_RECORDED,), f"windows are taken as they are; {MEASURED}"),
}
SUPPORTED_MULTILABEL = {"smoothing": Only((0.0,), "labels of ptbxl may hold together, and smoothing spreads one")}


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.ecg`."""
    options = Parser(
        prog="python -m train.ecg",
        description=__doc__,
        figures=True,
        examples=("--out runs/ecg", "--data recordings/ --out runs/ecg", "--task beat --out runs/beats"),
    )
    options.add_argument(
        "--task",
        choices=tuple(DEFAULTS),
        default="strip",
        help="what is classified: 10 s strips (default), by their worst beat where beats are annotated, or single "
        "beats; the board finds and measures them. With --input raw: 10 s windows, or 4 s around annotated beats. The "
        "defaults below are those of measured beats",
    )
    options.add_argument(
        "--set", choices=("mitdb", "ptbxl", "ecg-folder"), help="data set (default: what --data holds, else mitdb)"
    )
    options.add_argument("--data", type=Path, help="recordings: a data set's official zip or folder, or your own")
    options.add_argument("--download", action="store_true", help="fetch MIT-BIH to data/mitdb first, and use it")
    options.add_argument("--synthetic", action="store_true", help="use simulated ECG (neurokit2), for trying out only")
    options.add_argument(
        "--lead",
        help="which lead is read; PTB-XL: one of its 12 (default I, a watch's); a folder of your own: a name, or a "
        "number from 0 (default: that of its dataset.toml, else the one that most records have)",
    )
    options.add_argument(
        "--records", type=int, choices=(100, 500), default=500, help="PTB-XL: those of which rate in Hz"
    )
    working_folder.add_flags(options, "runs/ecg")
    flags.add_options(options, BEAT)
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _train(argv, arguments, answer)
    return 0


def _train(argv: Sequence[str], arguments: argparse.Namespace, answer: Answer) -> None:
    if arguments.download and (arguments.set not in (None, "mitdb") or arguments.data or arguments.synthetic):
        raise InputError("--download fetches MIT-BIH: leave out --set, --data and --synthetic")
    if arguments.synthetic and (arguments.set not in (None, "mitdb") or arguments.data):
        raise InputError("--synthetic needs no data: leave out --set and --data")
    wait_passively()
    options = _options(arguments, measured=arguments.set != "ptbxl")
    folder = working_folder.WorkingFolder.of_command("train.ecg", argv, arguments)
    from train.data.registry import data_set
    from train.data.strips import not_measurable
    from train.run.ecg_task import check_ecg, ecg_task
    from train.run.metrics_json import read_metrics
    from train.run.session import train_run
    from train.run.summary import summary

    source, path = _source(arguments, options)
    registered, recordings = data_set(source.data_set), None
    if arguments.task == "strip" and "input" not in flags.given(arguments):
        reason = "no beats are annotated" if source.data_set == "ptbxl" else None
        if source.data_set == "ecg-folder":  # only its recordings tell whether beats are annotated
            recordings = registered.load(path, source.options)
            reason = not_measurable(recordings)
        if reason is not None:
            options = _options(arguments, measured=False)
            say(f"{source.data_set}: {reason}; so strips are classified as windows, as with --input raw")
    if source.data_set == "ptbxl":
        check_supported("ptbxl", SUPPORTED_MULTILABEL, options)
    check_ecg(arguments.task, options, registered)
    recordings = recordings or registered.load(path, source.options)
    task = ecg_task(arguments.task, recordings, source, options)
    with folder.resumable():
        metrics = train_run(task, options, folder)
    if metrics is None:
        return  # a rank that another one writes for
    answer.give(read_metrics(arguments.out))
    say(*summary(metrics).split("\n"))
    say(f"run folder: {arguments.out}")


def _options(arguments: argparse.Namespace, measured: bool = True) -> TrainConfig:
    """The options of a task, with the defaults of its input. Raises InputError for what ECG has no use for.

    Args:
        measured: beats are measured, unless --input says otherwise.
    """
    measured &= flags.given(arguments).get("input", "features") in FEATURES
    options = flags.from_arguments(arguments, (DEFAULTS if measured else WINDOWS)[arguments.task])
    check_supported("ECG", SUPPORTED, options)
    if options.encoder.input not in FEATURES:
        check_supported("ECG", SUPPORTED_RAW, options)
    return options


def _source(arguments: argparse.Namespace, options: TrainConfig) -> tuple["Source", Path | None]:
    """The data set and how to load it, and where it is."""
    from train.data.data_set import Source
    from train.data.registry import data_set, data_set_at
    from train.data.stored import resolve

    if arguments.synthetic or arguments.set or arguments.data is None:
        chosen = data_set("synthetic" if arguments.synthetic else arguments.set or "mitdb")
    else:
        chosen = data_set_at(arguments.data, "ecg")
    path = arguments.data
    if arguments.download:
        from train.data.download import download_mitdb

        path = download_mitdb(Path("data/mitdb"))
    path = resolve(path, chosen)
    if path is None and chosen.places:
        raise InputError(
            f"no {chosen.name} recordings: give --data PATH (the official zip or folder), set SCL_DATA_DIR, fetch "
            "MIT-BIH with --download, or try the path out with --synthetic"
        )
    return Source(chosen.name, _loading(chosen, arguments, options)), path


def _loading(chosen: "DataSet", arguments: argparse.Namespace, options: TrainConfig) -> Mapping[str, object]:
    """The options of loading that a set has. Raises InputError for a lead of a set that has none to choose."""
    from train.data.data_set import BOTH_LEADS

    name = chosen.name
    if "lead" in options.method.against.split("+"):
        if chosen.two_leads and arguments.lead is None:
            return BOTH_LEADS
        if not chosen.two_leads:
            raise InputError(
                f"--against {options.method.against}: {name} is read in one lead of each record, expected a set with "
                "two, which mitdb is; leave lead out of --against, or give --set mitdb"
            )
    if name == "ptbxl":
        return {"lead": arguments.lead or "I", "rate_hz": arguments.records}
    if arguments.lead is None:
        return {}
    if name != "ecg-folder":
        raise InputError(f"--lead {arguments.lead}: the lead of {name} is not chosen; leave out --lead")
    return {"lead": arguments.lead}


if __name__ == "__main__":
    command(main)
