"""WISDM watch, 18 classes, five folds by subject: raw and rotation-invariant input, each method, float and int8.

    SCL_DATA_DIR=... python benchmarks/wisdm_folds.py

The folds are the same for every row; every run has the same encoder, epochs, regularization and variation. int8 figures
are those of the exported network, which equals the board's in every bit. What is there is not run again. About 15
minutes a fold on two cores.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from common import finished, spread
from joblib import Parallel, delayed

from scl.artifacts import write_json

RESULTS = Path(__file__).parent / "results" / "wisdm_folds.json"
PROBES = RESULTS.with_name("wisdm_probes.json")
FOLDS = 5
PROBED = (("raw", "scl"), ("raw", "augment"), ("invariant", "scl"))
EPOCHS = 15
ROWS = (
    *(("invariant", "accel+gyro", method) for method in ("baseline", "scl")),
    *(("raw", "accel+gyro", method) for method in ("baseline", "augment", "scl", "simclr", "vicreg")),
    *(("invariant", "accel", method) for method in ("baseline", "scl")),
)
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
    options.add_argument("--folds", type=int, default=FOLDS, help="the first so many of the five (default all)")
    options.add_argument("--epochs", type=int, default=EPOCHS)
    options.add_argument("--results", type=Path, default=RESULTS, help="JSON to write (default in benchmarks/results)")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time, a thread each")
    arguments = options.parse_args()
    wanted = [(fold, *row) for fold in range(arguments.folds) for row in ROWS]
    folders = arguments.runs, arguments.bundles, arguments.epochs
    rows = Parallel(arguments.jobs)(delayed(measured)(*folders, *run) for run in wanted)
    write_json(arguments.results, {"kind": "benchmark", "schema": 1, "folds": FOLDS, "runs": rows})
    print(folds_table(rows))
    for source, method in PROBED:
        call("train.probe", str(arguments.runs / f"{source}-accel+gyro-{method}-0"))
    probes = arguments.results.with_name(PROBES.name)
    write_json(probes, {"kind": "benchmark", "schema": 1, "table": probe_table(arguments.runs).splitlines()})


def measured(runs: Path, bundles: Path, epochs: int, fold: int, source: str, sensors: str, method: str) -> dict:
    """The figures of one run, which is trained and exported if it is not there."""
    name = f"{source}-{sensors}-{method}-{fold}"
    run, bundle = runs / name, bundles / name
    command = ["train.imu", "--input", source, "--sensors", sensors, "--method", method, "--epochs", str(epochs)]
    command += ["--split", "fold", "--seed", str(fold)]
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
    described = {"input": source, "sensors": sensors, "method": method, "fold": fold}
    return {**described, "command": "python -m " + " ".join(command), **figures, **cost}


def call(*command: str) -> None:
    """Runs a command on one thread; its last words are shown if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")


def folds_table(rows: list[dict]) -> str:
    """Markdown: mean over the folds and the 95 % interval of that mean (Student's t)."""
    lines = ["| input | sensors | method | " + " | ".join(FIGURES) + " |", "| --- " * (3 + len(FIGURES)) + "|"]
    for row in ROWS:
        found = [r for r in rows if (r["input"], r["sensors"], r["method"]) == row]
        if len(found) < 2:
            continue
        cells = [spread((r[name] for r in found), 1 if name == "effective_rank" else 3) for name in FIGURES]
        lines.append(f"| {' | '.join((*row, *cells))} |")
    return "\n".join(lines)


def probe_table(runs: Path) -> str:
    """Markdown: train.probe's figures of fold 0."""
    lines = ["| input | method | group | class | subject | rotation | invariance |", "| --- " * 7 + "|"]
    for source, method in PROBED:
        found = json.loads((runs / f"{source}-accel+gyro-{method}-0" / "probe.json").read_text())
        parts = json.loads((runs / f"{source}-accel+gyro-{method}-0" / "run.json").read_text())["partition"]
        first = 0
        for group, size in parts.items():
            row, scores = found["groups"][group], found["invariance"][first : first + size]
            cells = [f"{row[name]:.3f}" for name in ("class", "subject", "transformation")]
            lines.append(f"| {source} | {method} | {group} | {' | '.join(cells)} | {sum(scores) / size:.3f} |")
            first += size
    return "\n".join(lines)


if __name__ == "__main__":
    main()
