"""Two modalities, one head: each method on generated pairs of an IMU window and an ECG strip.

    SCL_DATA_DIR=... python benchmarks/fusion.py

A seed decides who trains and tests (IMU by subject, ECG by record), pairs, weights and transformations. The two of a
pair are different people: see train/fusion.py. What is there, as a run or in the results, is not run again.
"""

import argparse
import json
import os
from pathlib import Path

from common import encoder, of_today, spread
from joblib import Parallel, delayed

from scl.artifacts import write_json
from train.sweep import run

RESULTS = Path(__file__).parent / "results" / "fusion.json"
METHODS = ("baseline", "augment", "scl")
FIGURES = {
    "accuracy": lambda m: m["accuracy"],
    **{f"{name} accuracy": (lambda m, name=name: m[name]["accuracy"]) for name in ("rotation", "shift", "both")},
    **{f"{name} consistency": (lambda m, name=name: m[name]["consistency"]) for name in ("rotation", "shift", "both")},
    "invariant_similarity": lambda m: m["both"]["similarity"]["invariant"],
    "negative_similarity": lambda m: m["negative_similarity"],
    "effective_rank": lambda m: m["effective_rank"],
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--runs", type=Path, default=Path("runs/fusion-methods"), help="where the run folders are")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time, a thread each")
    arguments = options.parse_args()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    wanted = [(method, seed) for seed in arguments.seeds for method in METHODS]
    commands = {w: ["train.fusion", "--method", w[0], "--seed", str(w[1])] for w in wanted}
    words = {w: "python -m " + " ".join(command) for w, command in commands.items()}
    known = of_today(json.loads(RESULTS.read_text())["runs"]) if RESULTS.is_file() else {}
    folders = {w: arguments.runs / f"{w[0]}-{w[1]}" for w in wanted}
    missing = [w for w in wanted if words[w] not in known and not (folders[w] / "metrics.json").is_file()]
    said = Parallel(arguments.jobs)(delayed(run)([*commands[w], "--out", str(folders[w])], 1) for w in missing)
    if any(said):
        raise SystemExit("\n".join(filter(None, said)))
    rows = []
    for w in wanted:
        if words[w] in known:
            rows.append(known[words[w]])
            continue
        metrics = json.loads((folders[w] / "metrics.json").read_text())
        figures = {name: get(metrics) for name, get in FIGURES.items()}
        rows.append({"method": w[0], "seed": w[1], "command": words[w], "encoder": encoder(), **figures})
    write_json(RESULTS, {"kind": "benchmark", "schema": 1, "runs": rows})
    print(table(rows))


def table(rows: list[dict]) -> str:
    """Markdown: mean over the seeds and the 95 % interval of that mean (Student's t)."""
    lines = ["| method | " + " | ".join(FIGURES) + " |", "| --- " * (1 + len(FIGURES)) + "|"]
    for method in METHODS:
        found = [row for row in rows if row["method"] == method]
        cells = [spread((r[name] for r in found), 1 if name == "effective_rank" else 3) for name in FIGURES]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
