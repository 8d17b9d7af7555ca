"""WISDM watch, 18 classes, folds by subject: what train.imu trains by default, and raw and rotation-invariant input
under each method, float and int8.

    SCL_DATA_DIR=... python benchmarks/wisdm_folds.py

Two tables. "defaults" are the default options, with both sensors and with the accelerometer alone, and windows varied
twice as much. "methods" compares: every row has the same encoder, a few epochs, the same regularization, variation and
folds. int8 figures are those of the exported network, which equals the board's in every bit. Where the export is
refused, a row has none, and says why. What is there, as a run or in the results, is not run again. About four hours on
two cores.
"""

import argparse
import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

from common import encoder, finished, into, of_today, spread
from joblib import Parallel, delayed

from scl.artifacts import write_json

RESULTS = Path(__file__).parent / "results" / "wisdm_folds.json"
PROBES = RESULTS.with_name("wisdm_probes.json")
FOLDS = 5
PROBED = (("raw", "scl"), ("raw", "augment"), ("invariant", "scl"))
EPOCHS = 8
METHODS = (
    *(("invariant", method) for method in ("baseline", "scl")),
    *(("raw", method) for method in ("baseline", "augment", "scl", "simclr", "vicreg")),
)
SENSORS, VARIATIONS = ("accel+gyro", "accel"), ("1", "2")  # 1 is the default
RIVALS = {"invariant": "baseline", "raw": "augment"}  # that a method has to beat on an input
TABLES = {"defaults": ("sensors", "variation"), "methods": ("input", "method")}
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
SHORT = (("raw", "baseline"), ("raw", "augment"), ("raw", "scl"), ("invariant", "baseline"), ("invariant", "scl"))
SEEN = {"raw": "the sensors' channels", "invariant": "what no rotation changes of them"}
TRAINED = {"baseline": "as recorded", "augment": "on turned copies", "scl": "on turned copies, by SCL"}
REFUSED = "export failed, nothing was written: "


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=Path, default=Path("runs/folds"), help="where the run folders are")
    options.add_argument("--bundles", type=Path, default=Path("bundles/folds"), help="and the bundles")
    options.add_argument("--folds", type=int, default=FOLDS, help="of the defaults: the first so many of the five")
    options.add_argument("--compared", type=int, default=FOLDS, help="and of the methods")
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
            options = ["--input", source, "--method", method, "--epochs", str(epochs or EPOCHS), "--variation", "1"]
            row = {"input": source, "method": method}
            runs.append(("methods", epochs or EPOCHS, row, options, fold))
    for fold in range(folds):
        for sensors, variation in product(SENSORS, VARIATIONS):
            row = {"sensors": sensors, "variation": variation}
            options = ["--sensors", sensors, "--variation", variation, *(["--epochs", str(epochs)] if epochs else [])]
            runs.append(("defaults", epochs or WRIST.epochs, row, options, fold))
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
        call(*command, *into(run))
    metrics = json.loads((run / "metrics.json").read_text())
    figures = {name: get(metrics) for name, get in FLOAT.items()}
    figures |= int8_figures(run, bundle)
    return {"table": table, **row, "fold": fold, "command": words, "encoder": encoder(), **figures}


def int8_figures(run: Path, bundle: Path) -> dict:
    """Of the exported run; where a gate refuses it, no figures but what the gate said."""
    if not (bundle / "manifest.json").is_file():
        call("calibration.ranges", str(run))
        refused = call("export.quantize", str(run), "--out", str(bundle), "--windows", "20", "--max-loss", "100")
        if refused:
            return dict.fromkeys(INT8) | {"refused": refused}
    report = json.loads((bundle / "export_report.json").read_text())
    figures = {name: report["evaluation"]["int8"][key] for name, key in INT8.items()}
    return figures | {name: report["cost"][name] for name in ("parameters", "instructions")}


def call(*command: str) -> str:
    """Runs a command on one thread. Returns what a gate of the export said, or nothing; any other failure ends it all
    with the command's last words.
    """
    done = subprocess.run(
        [sys.executable, "-m", *command], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    _, refused, said = done.stderr.partition(REFUSED)
    if done.returncode and not refused:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return said.strip()


def folds_table(rows: list[dict], table: str) -> str:
    """Markdown: mean over the folds and the 95 % interval of that mean (Student's t), over fewer where some have no
    int8 network; of methods, how many points of rotated macro F1 in int8 they have over the input's rival, by fold.
    """
    keys = TABLES[table]
    head = [*keys, "folds", *FIGURES, *(["points ahead"] if table == "methods" else [])]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    rows = [row for row in rows if row["table"] == table]
    for told in dict.fromkeys(tuple(row[key] for key in keys) for row in rows):
        found = [row for row in rows if tuple(row[key] for key in keys) == told]
        cells = [cell(found, name) for name in FIGURES]
        if table == "methods":
            cells.append(ahead(rows, found))
        lines.append(f"| {' | '.join((*told, str(len(found)), *cells))} |")
    return "\n".join(lines)


def short_table(rows: list[dict]) -> str:
    """Markdown, in words: what comes of each input and training, as the board computes it."""
    lines = ["| the encoder sees | trained | macro F1 under rotation | consistency |", "| --- | --- | --- | --- |"]
    rows = [row for row in rows if row["table"] == "methods"]
    for source, method in SHORT:
        found = [row for row in rows if (row["input"], row["method"]) == (source, method)]
        cells = [cell(found, name) for name in ("int8_rotated_macro_f1", "int8_consistency")]
        lines.append(f"| {SEEN[source]} | {TRAINED[method]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(found: list[dict], name: str) -> str:
    """Mean and interval of a figure over the rows that have it, and how many these are if not all."""
    values = [row[name] for row in found if row[name] is not None]
    if not values:
        return "-"
    few = f" ({len(values)} folds)" if len(values) < len(found) else ""
    return spread(values, 1 if name == "effective_rank" else 3) + few


def ahead(rows: list[dict], found: list[dict]) -> str:
    """Points of rotated macro F1 in int8 that runs have over their input's rival on the same folds."""
    source, name = found[0]["input"], "int8_rotated_macro_f1"
    rival = {r["fold"]: r[name] for r in rows if (r["input"], r["method"]) == (source, RIVALS[source])}
    if found[0]["method"] == RIVALS[source]:
        return ""
    pairs = [(r[name], rival[r["fold"]]) for r in found]
    return spread((100 * (value - other) for value, other in pairs if None not in (value, other)), 1)


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
