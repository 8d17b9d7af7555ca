"""Trains a whole grid, or random draws, of options and seeds, and writes one tidy table of what came out.

A TOML file says what: `command` (train.imu or train.ecg), `out` (a folder), `[base]` options of every run, `[grid]`
lists of values of which every combination is run, and `[random]` with `trials`, `seed` and ranges {low, high, log} or
lists to draw from, once for each trial. Options have the names of the command's flags. A run that is there is not run
again, one that was interrupted goes on. sweep.csv has a row for each run; choose by the val_ columns: the others are
the test's.
"""

import argparse
import csv
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl import artifacts
from scl.answers import Answer, Document
from scl.arguments import Parser, whole
from scl.artifacts import InputError, command, shortened
from scl.text import cell, say
from train.run.log import read_log
from train.run.metrics_json import read_metrics
from train.run.sweep_file import Options, Sweep, Value, read
from train.run.working_folder import WorkingFolder

MOST_JOBS = 1024
FIGURES = ("accuracy", "macro_f1", "negative_similarity", "effective_rank")
TRANSFORMED = ("accuracy", "macro_f1", "consistency")  # of each, one number over all transformed copies
Row = dict[str, Value | None]


@dataclass(frozen=True)
class Failed:
    """A run that failed: its folder, and the last line that it printed."""

    run: str
    reason: str


@dataclass(frozen=True)
class Swept(Document):
    """A sweep: the rows of sweep.csv, their means over seeds, the best validation macro F1 first, and what failed. With
    --dry-run the commands alone.
    """

    commands: tuple[str, ...]
    runs: tuple[Row, ...] = ()
    means: tuple[Row, ...] = ()
    failed: tuple[Failed, ...] = ()

    kind = "sweep"
    schema = 1


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.sweep`."""
    options = Parser(
        prog="python -m train.sweep",
        description=__doc__,
        figures=True,
        examples=("grid.toml --dry-run", "grid.toml --jobs 2"),
    )
    options.add_argument("file", type=Path, metavar="FILE.toml", help="what to train")
    options.add_argument(
        "--jobs", type=whole(1, MOST_JOBS), default=1, help="runs at a time, as processes that share the cores"
    )
    options.add_argument(
        "--cluster", metavar="ADDRESS",
        help="run on a Ray cluster instead (auto, local, or its address); its nodes see the same files",
    )  # fmt: skip
    options.add_argument("--dry-run", action="store_true", help="print the commands and train nothing")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        return _sweep(arguments, answer)


def _sweep(arguments: argparse.Namespace, answer: Answer) -> int:
    sweep = read(arguments.file)
    commands = tuple("python -m " + " ".join(command_of(sweep, options)) for options in sweep.runs)
    if arguments.dry_run:
        answer.give(Swept(commands))
        say(*commands)
        return 0
    threads = max((os.cpu_count() or 1) // arguments.jobs, 1)
    failed = train(sweep, arguments.jobs, threads, arguments.cluster)
    rows = collect(sweep)
    if rows:
        write(sweep, rows)
    means = summary(sweep, rows) if rows else []
    answer.give(Swept(commands, tuple(rows), tuple(means), tuple(Failed(str(run), why) for run, why in failed)))
    for folder, reason in failed:
        say(f"failed: {folder}: {reason}", error=True)
    say(f"{len(rows)} of {len(sweep.runs)} runs: {sweep.out / 'sweep.csv'}")
    return int(bool(failed))


def command_of(sweep: Sweep, options: Options) -> list[str]:
    """The training command of a run, behind `python -m`."""
    flags = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    return [sweep.module, *flags, "--out", str(sweep.folder(options))]


def train(sweep: Sweep, jobs: int, threads: int, cluster: str | None) -> list[tuple[Path, str]]:
    """Trains what is missing; returns the folders of runs that failed, each with the last line that it printed."""
    from joblib import Parallel, delayed, parallel_config

    missing = [o for o in sweep.runs if not (sweep.folder(o) / "metrics.json").is_file()]
    artifacts.check_writable(sweep.out / "sweep.csv")
    sweep.out.mkdir(parents=True, exist_ok=True)
    calls = [delayed(run)(command_of(sweep, options), threads) for options in missing]
    backend = {"n_jobs": jobs} if cluster is None else {"backend": _ray(cluster)}
    with parallel_config(**backend):
        reasons = Parallel()(calls)
    folders = map(sweep.folder, missing)
    return [(folder, reason) for folder, reason in zip(folders, reasons, strict=True) if reason]


def _ray(address: str) -> str:
    """Connects to a Ray cluster and makes it a backend of joblib; returns its name."""
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise InputError("--cluster needs Ray; run: pip install 'scl-wearable[cluster]'") from error
    try:
        ray.init(address=address, ignore_reinit_error=True, log_to_driver=False)
    except (ValueError, ConnectionError, RuntimeError) as error:
        raise InputError(
            f"--cluster {shortened(address)}: cannot be reached ({error}); start Ray there, or give local"
        ) from error
    register_ray()
    return "ray"


def run(arguments: list[str], threads: int) -> str:
    """Trains one run, or goes on with it, its output in a file beside its folder; returns the last line that it printed
    if it failed, else nothing.
    """
    folder = Path(arguments[-1])
    resume = ["--resume"] if WorkingFolder(folder).interrupted else []
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    with open(folder.with_suffix(".log"), "w", encoding="utf-8") as log:
        done = subprocess.run(
            [sys.executable, "-m", *arguments, *resume], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=environment, check=False,
        )  # fmt: skip
    if done.returncode == 0 and (folder / "metrics.json").is_file():
        return ""
    lines = folder.with_suffix(".log").read_text(encoding="utf-8").strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


def collect(sweep: Sweep) -> list[Row]:
    """A row for each finished run: varied options, the last epoch's validation figures, the test's figures. Each is one
    number, or None where nothing could be counted.
    """
    from train.transformations import headline

    rows: list[Row] = []
    for options in sweep.runs:
        folder = sweep.folder(options)
        if not (folder / "metrics.json").is_file():
            continue
        metrics = read_metrics(folder)
        last = [{}, *read_log(folder / "metrics.jsonl")][-1]
        figures: Row = {name: value for name, value in last.items() if name.startswith("val_")}
        try:
            transformed = headline(metrics)
            figures |= {name: metrics[name] for name in FIGURES}
            figures |= {f"transformed_{name}": getattr(transformed, name) for name in TRANSFORMED}
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{folder}: metrics.json is not what a run leaves ({error!r}); train it again") from error
        odd = [name for name, value in figures.items() if value is not None and type(value) not in (int, float)]
        if odd:
            raise InputError(f"{folder}: metrics.json has {', '.join(odd)} that are no numbers; train it again")
        rows.append({"run": folder.name, **{name: options[name] for name in sweep.varied}, **figures})
    return rows


def write(sweep: Sweep, rows: list[Row]) -> None:
    """sweep.csv, sweep.png and the table on the terminal."""
    text = io.StringIO()
    table = csv.DictWriter(text, rows[0])
    table.writeheader()
    table.writerows(
        {name: cell(value) if isinstance(value, str) else value for name, value in row.items()} for row in rows
    )
    artifacts.write_bytes(sweep.out / "sweep.csv", text.getvalue().encode())
    groups = summary(sweep, rows)
    plot(sweep, groups)
    print_summary(groups)


def summary(sweep: Sweep, rows: list[Row]) -> list[Row]:
    """Rows that differ in their seed alone, averaged, the best validation macro F1 first; `runs` says of how many."""
    keys = [name for name in sweep.varied if name != "seed"]
    groups: dict[tuple[Value | None, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    figures = [name for name in rows[0] if name not in ("run", *sweep.varied)]
    averaged = [
        {
            **dict(zip(keys, chosen, strict=True)),
            "runs": len(alike),
            **{name: _mean([row[name] for row in alike]) for name in figures},
        }
        for chosen, alike in groups.items()
    ]
    return sorted(averaged, key=lambda row: -_figure(row["val_macro_f1"]))


def _mean(cells: list[Value | None]) -> float | None:
    """Of the numbers among them; None where there are none."""
    numbers = [cell for cell in cells if cell is not None]
    return float(np.mean(list(map(_figure, numbers)))) if numbers else None


def _figure(cell: Value | None) -> float:
    """A cell as a number, not a number where nothing could be counted."""
    return float("nan") if cell is None else float(cell)


def print_summary(groups: list[Row]) -> None:
    from rich.table import Table

    from scl.terminal import PlainConsole

    table = Table(title="mean over seeds, best validation macro F1 first", title_justify="left")
    for name in groups[0]:
        table.add_column(name)
    for row in groups:
        cells = ("-" if value is None else value for value in row.values())
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in cells))
    PlainConsole(width=None if sys.stdout.isatty() else 200).print(table)


def plot(sweep: Sweep, groups: list[Row]) -> None:
    """sweep.png: validation macro F1 and consistency over each option that varies besides the seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [name for name in sweep.varied if name != "seed"]
    if not names:
        return
    figure, axes = pyplot.subplots(1, len(names), figsize=(5 * len(names), 4), squeeze=False, sharey=True)
    for axis, name in zip(axes[0], names, strict=True):
        values = [row[name] for row in groups]
        for label in ("val_macro_f1", "val_consistency"):
            figures = [_figure(row[label]) for row in groups]
            axis.scatter(values, figures, label=label)
        axis.set_xlabel(name)
    axes[0][0].legend()
    with artifacts.replacing(sweep.out / "sweep.png") as temporary:
        figure.savefig(temporary, format="png", bbox_inches="tight")
    pyplot.close(figure)


if __name__ == "__main__":
    command(main)
