"""Baseline, augment and SCL on WISDM, on the sensor's own channels, several seeds: trains what is not there yet and
writes the figures as JSON and as a table.

    SCL_DATA_DIR=... python benchmarks/imu_methods.py --seeds 0 1 2

A seed decides the split by subject, the weights, the order and the rotations, so the spread over seeds holds the
spread over subjects.
About two minutes a run on two cores.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from scl.artifacts import write_json

METHODS = ("baseline", "augment", "scl")
RAW = ("--input", "raw", "--variation", "0", "--smoothing", "0")
RESULTS = Path(__file__).parent / "results" / "imu_methods.json"
FIGURES = {
    "accuracy": lambda m: m["accuracy"],
    "macro_f1": lambda m: m["macro_f1"],
    "rotated_accuracy": lambda m: m["rotation"]["accuracy"],
    "rotated_macro_f1": lambda m: m["rotation"]["macro_f1"],
    "consistency": lambda m: m["rotation"]["consistency"],
    "invariant_similarity": lambda m: m["rotation"]["similarity"]["invariant"],
    "negative_similarity": lambda m: m["negative_similarity"],
    "effective_rank": lambda m: m["effective_rank"],
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--runs", type=Path, default=Path("runs/methods"), help="where the run folders are")
    arguments = options.parse_args()
    rows, configs = [], set()
    for method in METHODS:
        for seed in arguments.seeds:
            folder = arguments.runs / f"{method}-{seed}"
            command = ["train.imu", *RAW, "--method", method, "--seed", str(seed), "--out", str(folder)]
            if not (folder / "metrics.json").is_file():
                subprocess.run([sys.executable, "-m", *command], check=True)
            metrics = json.loads((folder / "metrics.json").read_text())
            run = json.loads((folder / "run.json").read_text())
            figures = {name: get(metrics) for name, get in FIGURES.items()}
            shared = {k: v for k, v in run["config"].items() if k not in ("method", "seed")}
            configs.add(json.dumps(shared))
            rows.append({"method": method, "seed": seed, "command": "python -m " + " ".join(command), **figures})
    if len(configs) != 1:
        sys.exit(f"{arguments.runs}: the runs were made with different options; remove the folder and run again")
    data = {"name": run["data"]["name"], "sha256": run["data"]["sha256"], "split": "subject"}
    write_json(RESULTS, {"kind": "benchmark", "schema": 1, "data": data, "config": shared, "runs": rows})
    print(methods_table(rows))


def methods_table(rows: list[dict]) -> str:
    """Markdown: mean over the seeds, and the smallest and largest."""
    lines = ["| method | " + " | ".join(FIGURES) + " |", "| --- |" + " --- |" * len(FIGURES)]
    for method in METHODS:
        cells = []
        for name in FIGURES:
            values = np.array([row[name] for row in rows if row["method"] == method])
            digits = 1 if name == "effective_rank" else 3
            cells.append(f"{values.mean():.{digits}f} ({values.min():.{digits}f}-{values.max():.{digits}f})")
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
