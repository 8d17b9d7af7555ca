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
import itertools
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scl import artifacts
from scl.artifacts import InputError, command
from train.run.working_folder import WorkingFolder

COMMANDS = ("train.imu", "train.ecg")
KEYS = {"command", "out", "base", "grid", "random"}
FIGURES = ("accuracy", "macro_f1", "negative_similarity", "effective_rank")
TRANSFORMED = ("accuracy", "macro_f1", "consistency")  # of each, one number over all transformed copies
Options = dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """What a file asks for: the runs' options, in order, and which of them vary."""

    module: str
    out: Path
    runs: tuple[Options, ...]
    varied: tuple[str, ...]

    def folder(self, options: Options) -> Path:
        return self.out / name_of(self.module, options)


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.sweep`."""
    options = argparse.ArgumentParser(
        prog="python -m train.sweep", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("file", type=Path, metavar="FILE.toml", help="what to train")
    options.add_argument("--jobs", type=int, default=1, help="runs at a time, as processes that share the cores")
    options.add_argument(
        "--cluster", metavar="ADDRESS",
        help="run on a Ray cluster instead (auto, local, or its address); its nodes see the same files",
    )  # fmt: skip
    options.add_argument("--dry-run", action="store_true", help="print the commands and train nothing")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    if arguments.jobs < 1:
        raise InputError(f"--jobs is {arguments.jobs}, expected 1 or more")
    sweep = read(arguments.file)
    if arguments.dry_run:
        for options in sweep.runs:
            print("python -m " + " ".join(command_of(sweep, options)))
        return 0
    threads = max((os.cpu_count() or 1) // arguments.jobs, 1)
    failed = train(sweep, arguments.jobs, threads, arguments.cluster)
    rows = collect(sweep)
    if rows:
        write(sweep, rows)
    for folder, reason in failed:
        print(f"failed: {folder}: {reason}", file=sys.stderr)
    print(f"{len(rows)} of {len(sweep.runs)} runs: {sweep.out / 'sweep.csv'}")
    return int(bool(failed))


def read(path: Path) -> Sweep:
    """Reads a sweep file. Raises InputError for what it does not know, and where two runs would be the same."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: cannot be read as TOML ({error})") from error
    unknown = sorted(set(values) - KEYS)
    if unknown or values.get("command") not in COMMANDS or not isinstance(values.get("out"), str):
        found = f"unknown key {', '.join(unknown)}" if unknown else f"command {values.get('command')!r}"
        raise InputError(f"{path}: {found}; expected command ({' or '.join(COMMANDS)}), out, [base], [grid], [random]")
    base, grid, drawn = (values.get(name, {}) for name in ("base", "grid", "random"))
    for name, choices in grid.items():
        if not isinstance(choices, list) or not choices:
            raise InputError(f"{path}: [grid] {name} is {choices!r}, expected a list of values")
    draws = list(_draws(path, drawn))
    combinations = [dict(zip(grid, chosen, strict=True)) for chosen in itertools.product(*grid.values())]
    runs = tuple({**base, **draw, **chosen} for draw in draws for chosen in combinations)
    varied = tuple(dict.fromkeys([*(draws[0] if draws else ()), *grid]))
    if len({name_of(values["command"], options) for options in runs}) != len(runs):
        raise InputError(f"{path}: asks for the same run more than once; drop repeated values")
    return Sweep(values["command"], Path(values["out"]), runs, varied)


def _draws(path: Path, drawn: dict[str, Any]) -> Iterator[Options]:
    """One set of options for each random trial; one empty set without any."""
    ranges = {name: value for name, value in drawn.items() if name not in ("trials", "seed")}
    if not ranges:
        yield {}
        return
    rng = np.random.default_rng(drawn.get("seed", 0))
    for _ in range(drawn.get("trials", 1)):
        yield {name: _draw(path, name, value, rng) for name, value in ranges.items()}


def _draw(path: Path, name: str, value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, list) and value:
        return value[int(rng.integers(len(value)))]
    if not isinstance(value, dict) or not {"low", "high"} <= set(value) <= {"low", "high", "log"}:
        raise InputError(f"{path}: [random] {name} is {value!r}, expected a list, or low, high and perhaps log = true")
    low, high = value["low"], value["high"]
    if not low <= high or (value.get("log") and low <= 0):
        raise InputError(f"{path}: [random] {name} goes from {low} to {high}, expected low <= high, above 0 with log")
    if value.get("log"):
        return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.4g}")
    if isinstance(low, int) and isinstance(high, int):
        return int(rng.integers(low, high + 1))
    return float(f"{rng.uniform(low, high):.4g}")


def name_of(module: str, options: Options) -> str:
    """A run's folder: the hash of its command and options."""
    return artifacts.sha256_bytes(json.dumps([module, options], sort_keys=True).encode())[:12]


def command_of(sweep: Sweep, options: Options) -> list[str]:
    """The training command of a run, behind `python -m`."""
    flags = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    return [sweep.module, *flags, "--out", str(sweep.folder(options))]


def train(sweep: Sweep, jobs: int, threads: int, cluster: str | None) -> list[tuple[Path, str]]:
    """Trains what is missing; returns the folders of runs that failed, each with the last line that it printed."""
    from joblib import Parallel, delayed, parallel_config

    missing = [o for o in sweep.runs if not (sweep.folder(o) / "metrics.json").is_file()]
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
    ray.init(address=address, ignore_reinit_error=True, log_to_driver=False)
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
    if done.returncode == 0:
        return ""
    lines = folder.with_suffix(".log").read_text(encoding="utf-8").strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


def collect(sweep: Sweep) -> list[dict[str, Any]]:
    """A row for each finished run: varied options, the last epoch's validation figures, the test's figures. Each is one
    number, or None where nothing could be counted.
    """
    from train.transformations import headline

    rows = []
    for options in sweep.runs:
        folder = sweep.folder(options)
        if not (folder / "metrics.json").is_file():
            continue
        metrics = artifacts.read_json(folder / "metrics.json", "metrics", 2)
        last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
        row = {"run": folder.name, **{name: options[name] for name in sweep.varied}}
        row |= {name: value for name, value in last.items() if name.startswith("val_")}
        row |= {name: metrics[name] for name in FIGURES}
        transformed = headline(metrics)
        row |= {f"transformed_{name}": getattr(transformed, name) for name in TRANSFORMED}
        rows.append(row)
    return rows


def write(sweep: Sweep, rows: list[dict[str, Any]]) -> None:
    """sweep.csv, sweep.png and the table on the terminal."""
    text = io.StringIO()
    table = csv.DictWriter(text, rows[0])
    table.writeheader()
    table.writerows(rows)
    artifacts.write_bytes(sweep.out / "sweep.csv", text.getvalue().encode())
    groups = summary(sweep, rows)
    plot(sweep, groups)
    print_summary(groups)


def summary(sweep: Sweep, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that differ in their seed alone, averaged, the best validation macro F1 first; `runs` says of how many."""
    keys = [name for name in sweep.varied if name != "seed"]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
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
    return sorted(averaged, key=lambda row: -row["val_macro_f1"])


def _mean(values: list[float | None]) -> float | None:
    """Of the numbers among them; None where there are none."""
    numbers = [value for value in values if value is not None]
    return float(np.mean(numbers)) if numbers else None


def print_summary(groups: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="mean over seeds, best validation macro F1 first", title_justify="left")
    for name in groups[0]:
        table.add_column(name)
    for row in groups:
        cells = ("-" if value is None else value for value in row.values())
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in cells))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def plot(sweep: Sweep, groups: list[dict[str, Any]]) -> None:
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
            figures = [np.nan if row[label] is None else row[label] for row in groups]
            axis.scatter(values, figures, label=label)
        axis.set_xlabel(name)
    axes[0][0].legend()
    with artifacts.replacing(sweep.out / "sweep.png") as temporary:
        figure.savefig(temporary, format="png", bbox_inches="tight")
    pyplot.close(figure)


if __name__ == "__main__":
    command(main)
