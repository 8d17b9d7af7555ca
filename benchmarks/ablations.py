"""The paper's protocol and its ablations, and SCL beyond the paper, on WISDM's nearest set-up to the published one.

    SCL_DATA_DIR=... python benchmarks/ablations.py

Six activities, the watch's accelerometer, windows divided at random: windows of one person are in training and test,
which flatters and is how the published figures (86.65 % accuracy, 95.38 % rotation consistency) are taken to have been
made. Unless a row says otherwise SCL is the paper's: the task loss on the window as recorded, the contrast between it
and a rotated copy. Every point has the same seeds, which decide division, weights and rotations. results/ablations.csv
has a row for every run; what is there, as a run or as a row, is not run again.
"""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from common import encoder, finished, of_today, spread

from scl.artifacts import write_bytes, write_json
from train.sweep import Sweep, command_of, train

RESULTS = Path(__file__).parent / "results" / "ablations.csv"
PROBES = RESULTS.with_name("compound_probes.json")
PAPER = {"accuracy": 0.8665, "consistency": 0.9538}
BASE = {
    "sensors": "accel",
    "activities": "walking,jogging,stairs,sitting,standing,typing",
    "split": "random",
    "input": "raw",
    "variation": 0,
    "smoothing": 0,
    "cutmix": 0,
    "epochs": 10,
    "batch_size": 32,  # there are 3,100 training windows: larger batches leave too few steps
    "learning_rate": 0.002,
    "task_views": "original",
    "anchor": "original",
    "partition": "32/32/64",
    "beta": 1.0,
    "lambda": 0.2,
    "negatives": "batch",
}
DEFAULTS = {"input": "invariant", "variation": 1, "smoothing": 0.1, "cutmix": 1, "epochs": 30}  # train.imu's
OURS = {"task_views": "both", "anchor": "transformed"}
# Tables: of each point its label and what it changes. Where the variant group does not fit, the free one gives way.
SIZES = {0: "0/32/96", 32: "32/32/64", 64: "64/32/32", 96: "96/32/0", 128: "128/0/0"}
POINTS: dict[str, dict[str, dict]] = {
    "methods": {
        "baseline": {"method": "baseline"},
        "augment": {"method": "augment"},
        "SCL (paper)": {},
        "SCL": OURS,
        "simclr": {"method": "simclr", **OURS},
        "vicreg": {"method": "vicreg", **OURS},
        "invariant input": {"method": "baseline", "input": "invariant"},
        "invariant input, SCL": {"input": "invariant", **OURS},
        "train.imu's options, 30 epochs": {**DEFAULTS, **OURS},
    },
    "invariant dimensions": {str(size): {"partition": text} for size, text in SIZES.items()},
    "beta": {f"{beta:g}": {"beta": beta} for beta in (0.0, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0)},
    "lambda": {f"{weight:g}": {"lambda": weight} for weight in (0.01, 0.1, 0.2, 1.0, 10.0)},
    "negatives": {name: {"negatives": name} for name in ("batch", "other-class", "memory")},
    "schedules": {
        "constant": {},
        "lambda rises": {"lambda_schedule": "rise"},
        "lambda falls": {"lambda_schedule": "fall"},
        "beta rises": {"beta_schedule": "rise"},
        "beta falls": {"beta_schedule": "fall"},
    },
    "allocation": {
        **{f"{size} invariant": {"partition": text, **OURS} for size, text in SIZES.items()},
        "auto from 32/32/64": {"allocation": "auto", **OURS},
    },
    "compound": {
        "rotation alone": {"partition": "32/48/48", **OURS},
        "with scale and shift": {"partition": "32/48/48", "also": "scale+shift", **OURS},
        "with scale and shift, read": {"partition": "32/48/48", "also": "scale+shift", "read": 1.0, **OURS},
    },
}
FIGURES = {
    "accuracy": lambda m: m["accuracy"],
    "macro_f1": lambda m: m["macro_f1"],
    "rotated_accuracy": lambda m: m["rotation"]["accuracy"],
    "consistency": lambda m: m["rotation"]["consistency"],
    "invariant_similarity": lambda m: m["rotation"]["similarity"]["invariant"],
    "variant_similarity": lambda m: m["rotation"]["similarity"]["variant"],
    "negative_similarity": lambda m: m["negative_similarity"],
    "effective_rank": lambda m: m["effective_rank"],
}
COLUMNS = ("table", "point", "seed", *FIGURES, "partition", "encoder", "command")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--tables", nargs="+", choices=tuple(POINTS), default=list(POINTS))
    options.add_argument("--runs", type=Path, default=Path("runs/ablations"), help="where the run folders are")
    options.add_argument("--results", type=Path, default=RESULTS, help="CSV to write (default in benchmarks/results)")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time, a thread each")
    arguments = options.parse_args()
    asked = [
        (table, label, seed, {**BASE, **changes, "seed": seed})
        for seed in arguments.seeds
        for table in arguments.tables
        for label, changes in POINTS[table].items()
    ]
    whole = Sweep("train.imu", arguments.runs, (), ())
    words = {json.dumps(run): "python -m " + " ".join(command_of(whole, run)[:-2]) for *_, run in asked}
    there = read_rows(arguments.results)
    known = of_today(there)
    missing = {words[json.dumps(run)]: run for *_, run in asked if words[json.dumps(run)] not in known}
    sweep = replace(whole, runs=tuple(missing.values()))
    for run in sweep.runs:
        finished(sweep.folder(run), run["epochs"])
    failed = train(sweep, arguments.jobs, 1, None)
    if failed:
        raise SystemExit("\n".join(f"{folder}: {said}" for folder, said in failed))
    points = {(table, label, str(seed)) for table, label, seed, _ in asked}
    rows = [row for row in there if (row["table"], row["point"], row["seed"]) not in points]  # not asked for now
    for table, label, seed, run in asked:
        row = known.get(words[json.dumps(run)]) or figures_of(sweep.folder(run))
        point = {"table": table, "point": label, "seed": seed}
        rows.append({**row, **point, "command": words[json.dumps(run)], "encoder": encoder()})
    write_rows(arguments.results, rows)
    if "compound" in arguments.tables:
        probed = [(label, seed, sweep.folder(run)) for _, label, seed, run in asked if "also" in run]
        path = arguments.results.with_name(PROBES.name)
        write_json(path, {"kind": "benchmark", "schema": 2, "runs": probes(path, probed)})
    for table in arguments.tables:
        print(table, points_table(rows, table), sep="\n\n")


def figures_of(folder: Path) -> dict:
    """Of a run: what `FIGURES` names, and the partition it ended with."""
    metrics = json.loads((folder / "metrics.json").read_text())
    ended = "/".join(str(size) for size in metrics["partition"].values())
    return {name: get(metrics) for name, get in FIGURES.items()} | {"partition": ended}


def probes(path: Path, runs: list[tuple[str, int, Path]]) -> list[dict]:
    """What `path` has of train.probe's findings, with those of `runs` in place of older ones: of each transformation in
    each group of a run's latent. A run that is gone keeps what is there.
    """
    there = json.loads(path.read_text())["runs"] if path.is_file() else []
    made = [(label, seed, folder) for label, seed, folder in runs if folder.is_dir()]
    asked = {(label, seed) for label, seed, _ in made}
    found = [row for row in there if (row["point"], row["seed"]) not in asked]
    for label, seed, folder in made:
        if not (folder / "probe.json").is_file():
            subprocess.run([sys.executable, "-m", "train.probe", str(folder)], check=True, stdout=subprocess.DEVNULL)
        found.append({"point": label, "seed": seed, "parts": json.loads((folder / "probe.json").read_text())["parts"]})
    return found


def probes_table(runs: list[dict]) -> str:
    """Markdown: R^2 of a linear probe of each transformation, from each group; mean over the seeds, and interval."""
    parts = list(runs[0]["parts"])
    lines = ["| views | group | " + " | ".join(parts) + " |", "| --- " * (2 + len(parts)) + "|"]
    for label in dict.fromkeys(run["point"] for run in runs):
        of = [run["parts"] for run in runs if run["point"] == label]
        for group in of[0][parts[0]]:
            cells = [spread(found[part][group] for found in of) for part in parts]
            lines.append(f"| {label} | {group} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_rows(path: Path, rows: list[dict]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode())


def read_rows(path: Path = RESULTS) -> list[dict]:
    """What `write_rows` wrote, numbers as numbers; nothing if there is no file."""
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return [{k: float(v) if k in FIGURES else v for k, v in row.items()} for row in csv.DictReader(file)]


def points_table(rows: list[dict], table: str) -> str:
    """Markdown: mean over the seeds and the 95 % interval of that mean (Student's t)."""
    lines = [f"| {table} | " + " | ".join(FIGURES) + " | partition |", "| --- " * (2 + len(FIGURES)) + "|"]
    for label in dict.fromkeys(row["point"] for row in rows if row["table"] == table):
        found = [row for row in rows if row["table"] == table and row["point"] == label]
        cells = [spread((r[name] for r in found), 1 if name == "effective_rank" else 3) for name in FIGURES]
        ended = ", ".join(dict.fromkeys(row["partition"] for row in found))
        lines.append(f"| {label} | {' | '.join(cells)} | {ended} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
