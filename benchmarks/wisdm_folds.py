"""WISDM watch, 18 classes, folds by subject: what train.imu trains by default, and raw and rotation-invariant input
under each method, float and int8.

    SCL_DATA_DIR=... python benchmarks/wisdm_folds.py

Two tables. "defaults" are the default options, with both sensors on all five folds and with the accelerometer alone on
fewer. "methods" compares: every row has the same encoder, a few epochs, the same regularization, variation and folds,
which are fewer since its runs are many. int8 figures are those of the exported network, which equals the board's in
every bit. What is there, as a run or in the results, is not run again. About two hours on two cores.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from common import encoder, finished, of_today, spread
from joblib import Parallel, delayed

from scl.artifacts import write_json

RESULTS = Path(__file__).parent / "results" / "wisdm_folds.json"
PROBES = RESULTS.with_name("wisdm_probes.json")
FOLDS = 5
PROBED = (("raw", "scl"), ("raw", "augment"), ("invariant", "scl"))
EPOCHS, COMPARED = 8, 3
METHODS = (
    *(("invariant", method) for method in ("baseline", "scl")),
    *(("raw", method) for method in ("baseline", "augment", "scl", "simclr", "vicreg")),
)
SENSORS = {"accel+gyro": FOLDS, "accel": COMPARED}  # and on how many of the folds
RIVALS = {"invariant": "baseline", "raw": "augment"}  # that a method has to beat on an input
TABLES = {"defaults": ("sensors",), "methods": ("input", "method")}
FLOAT = {
    "macro_f1": lambda m: m["macro_f1"],
    "rotated_macro_f1": lambda m: m["rotation"]["macro_f1"],
    "accuracy": lambda m: m["accuracy"],
    "consistency": lambda m: m["rotation"]["consistency"],
    "invariant_similarity": lambda m: m["rotation"]["similarity"]["invariant"],
    "negative_similarity": lambda m: m["negative_similarity"],
    "effective_rank": lambda m: m["effective_rank"],
}
INT8 = {"int8_macro_f1": "macro_f1", "int8_rotated_macro_f1": "macro_f1_transformed", "int8_consistency": "consistency"}
FIGURES = (*FLOAT, *INT8)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=Path, default=Path("runs/folds"), help="where the run folders are")
    options.add_argument("--bundles", type=Path, default=Path("bundles/folds"), help="and the bundles")
    options.add_argument("--folds", type=int, default=FOLDS, help="of the defaults: the first so many of the five")
    options.add_argument("--compared", type=int, default=COMPARED, help="of the methods (default 3)")
    options.add_argument("--epochs", type=int, help="of all runs (default: the default options', and 8 of the methods)")
    options.add_argument("--results", type=Path, default=RESULTS, help="JSON to write (default in benchmarks/results)")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time, a thread each")
    arguments = options.parse_args()
    wanted = runs_of(arguments.folds, arguments.compared, arguments.epochs)
    there = json.loads(arguments.results.read_text())["runs"] if arguments.results.is_file() else []
    known, folders = of_today(there), (arguments.runs, arguments.bundles)
    rows = Parallel(arguments.jobs)(delayed(measured)(known, *folders, *run) for run in wanted)
    write_json(arguments.results, {"kind": "benchmark", "schema": 2, "folds": FOLDS, "runs": rows})
    for table in TABLES:
        print(folds_table(rows, table), end="\n\n")
    probed = [arguments.runs / f"{source}-{method}-0" for source, method in PROBED]
    if all((run / "metrics.json").is_file() for run in probed):
        for run in probed:
            call("train.probe", str(run))
        probes = arguments.results.with_name(PROBES.name)
        write_json(probes, {"kind": "benchmark", "schema": 1, "table": probe_table(arguments.runs).splitlines()})


def runs_of(folds: int, compared: int, epochs: int | None) -> list[tuple[str, int, dict[str, str], list[str], int]]:
    """Of every run its table, epochs, what tells it from the table's others, its command and its fold."""
    from train.imu import WRIST

    runs = []
    for fold in range(compared):
        for source, method in METHODS:
            options = ["--input", source, "--method", method, "--epochs", str(epochs or EPOCHS)]
            row = {"input": source, "method": method}
            runs.append(("methods", epochs or EPOCHS, row, options, fold))
    for fold in range(folds):
        for sensors in (name for name, most in SENSORS.items() if fold < most):
            options = ["--sensors", sensors, *(["--epochs", str(epochs)] if epochs else [])]
            runs.append(("defaults", epochs or WRIST.epochs, {"sensors": sensors}, options, fold))
    return runs


def measured(
    known: dict[str, dict],
    runs: Path,
    bundles: Path,
    table: str,
    epochs: int,
    row: dict[str, str],
    options: list[str],
    fold: int,
) -> dict:
    """The figures of one run, which is trained and exported if it is neither there nor among the known rows."""
    name = "-".join([*(["default"] if table == "defaults" else []), *row.values(), str(fold)])
    run, bundle = runs / name, bundles / name
    command = ["train.imu", *options, "--split", "fold", "--seed", str(fold)]
    words = "python -m " + " ".join(command)
    if words in known:
        return known[words]
    if not finished(run, epochs):
        call(*command, "--out", str(run))
    if not (bundle / "manifest.json").is_file():
        call("calibration.ranges", str(run))
        call("export.quantize", str(run), "--out", str(bundle), "--windows", "20", "--max-loss", "100")
    metrics = json.loads((run / "metrics.json").read_text())
    report = json.loads((bundle / "export_report.json").read_text())
    figures = {name: get(metrics) for name, get in FLOAT.items()}
    figures |= {name: report["evaluation"]["int8"][key] for name, key in INT8.items()}
    cost = {"parameters": report["cost"]["parameters"], "instructions": report["cost"]["instructions"]}
    return {"table": table, **row, "fold": fold, "command": words, "encoder": encoder(), **figures, **cost}


def call(*command: str) -> None:
    """Runs a command on one thread; its last words are shown if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")


def folds_table(rows: list[dict], table: str) -> str:
    """Markdown: mean over the folds and the 95 % interval of that mean (Student's t); of methods, how many points of
    rotated macro F1 in int8 they have over the input's rival, fold by fold.
    """
    keys = TABLES[table]
    head = [*keys, "folds", *FIGURES, *(["points ahead"] if table == "methods" else [])]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    rows = [row for row in rows if row["table"] == table]
    for told in dict.fromkeys(tuple(row[key] for key in keys) for row in rows):
        found = [row for row in rows if tuple(row[key] for key in keys) == told]
        cells = [spread((r[name] for r in found), 1 if name == "effective_rank" else 3) for name in FIGURES]
        if table == "methods":
            cells.append(ahead(rows, found))
        lines.append(f"| {' | '.join((*told, str(len(found)), *cells))} |")
    return "\n".join(lines)


def ahead(rows: list[dict], found: list[dict]) -> str:
    """Points of rotated macro F1 in int8 that runs have over their input's rival on the same folds."""
    source, name = found[0]["input"], "int8_rotated_macro_f1"
    rival = {r["fold"]: r[name] for r in rows if (r["input"], r["method"]) == (source, RIVALS[source])}
    if found[0]["method"] == RIVALS[source]:
        return ""
    return spread((100 * (r[name] - rival[r["fold"]]) for r in found), 1)


def probe_table(runs: Path) -> str:
    """Markdown: train.probe's figures of fold 0."""
    lines = ["| input | method | group | class | subject | rotation | invariance |", "| --- " * 7 + "|"]
    for source, method in PROBED:
        folder = runs / f"{source}-{method}-0"
        found = json.loads((folder / "probe.json").read_text())
        parts = json.loads((folder / "run.json").read_text())["partition"]
        first = 0
        for group, size in parts.items():
            row, scores = found["groups"][group], found["invariance"][first : first + size]
            cells = [f"{row[name]:.3f}" for name in ("class", "subject", "transformation")]
            lines.append(f"| {source} | {method} | {group} | {' | '.join(cells)} | {sum(scores) / size:.3f} |")
            first += size
    return "\n".join(lines)


if __name__ == "__main__":
    main()
