"""Where invariance cannot be built in: few labels, and nuisances that the rotation's invariants do not remove.

    SCL_DATA_DIR=... python benchmarks/regimes.py

WISDM watch at 10 Hz, both sensors, folds by subject. Few labels: raw channels under rotation, windows of 1, 3 or 10 of
the 33 training subjects have labels, which half of those drawn have, and a contrast reads all. Nuisances: invariant
input, copies are turned, mirrored, noisy and slipping. Every run has as many steps of the same windows, few, so that
all fit in an hour or two. Figures are of the float network on the test fold; those ahead are points of macro F1 of
copies over the control, two augmented views without a contrast, on the same fold, with Student's interval.
results/regimes.csv has a row for every run; what is there is not run again.
"""

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from common import encoder, into, of_today, read_rows, spread, write_rows

from train import imu

RESULTS = Path(__file__).parent / "results" / "regimes.csv"
CONTROL = "augment, two views"
BUDGET = ("--rate", "10", "--epochs", "1", "--batch-size", "64", "--draws", "1", "--variation", "1", "--split", "fold")
REGIMES: dict[str, tuple[str, ...]] = {
    "1 labelled subject": ("--input", "raw", "--labelled", "1"),
    "3 labelled subjects": ("--input", "raw", "--labelled", "3"),
    "10 labelled subjects": ("--input", "raw", "--labelled", "10"),
    "nuisances": ("--input", "invariant", "--against", "rotation+mirror+accelerometer-noise+gyroscope-noise+slip"),
}
METHODS: dict[str, tuple[str, ...]] = {
    "none": ("--method", "baseline"),
    "augment, one view": ("--method", "augment"),
    CONTROL: ("--method", "augment", "--views", "2"),
    "SCL": ("--method", "scl"),
    "SCL, mean of all negatives": ("--method", "scl", "--negatives", "all"),
    "SimCLR": ("--method", "simclr"),
    "VICReg": ("--method", "vicreg"),
}
AHEAD = "macro_f1_of_copies"
FIGURES: dict[str, Callable[[dict], float]] = {
    "accuracy": lambda m: m["accuracy"],
    "macro_f1": lambda m: m["macro_f1"],
    "accuracy_of_copies": lambda m: m[m["transformation"]]["accuracy"],
    AHEAD: lambda m: m[m["transformation"]]["macro_f1"],
    "consistency": lambda m: m[m["transformation"]]["consistency"],
    "invariant_similarity": lambda m: m[m["transformation"]]["similarity"]["invariant"],
    "negative_similarity": lambda m: m["negative_similarity"],
    "effective_rank": lambda m: m["effective_rank"],
}
Row = dict[str, str | float]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=Path, default=Path("runs/regimes"), help="where the run folders are")
    options.add_argument("--folds", type=int, nargs="+", default=[0, 1, 2, 3, 4], help="of the five")
    options.add_argument("--regimes", nargs="+", choices=REGIMES, default=list(REGIMES), help="tables")
    options.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), help="rows of each")
    options.add_argument("--results", type=Path, default=RESULTS, help="CSV to write (default in benchmarks/results)")
    arguments = options.parse_args()
    torch.set_num_threads(1)
    known = of_today(read_rows(arguments.results, FIGURES))
    for fold in arguments.folds:
        for regime in arguments.regimes:
            for method in arguments.methods:
                row = measured(known, arguments.runs, regime, method, fold)
                known[str(row["command"])] = row
                write_rows(arguments.results, sorted(known.values(), key=place))
    print(table(list(known.values())))


def measured(known: dict[str, Row], runs: Path, regime: str, method: str, fold: int) -> Row:
    """The figures of one run, which is trained if it is not among the known rows."""
    command = [*REGIMES[regime], *METHODS[method], *BUDGET, "--seed", str(fold)]
    text = "python -m train.imu " + " ".join(command)
    if text in known:
        return known[text]
    run = runs / "-".join(str(i) for i in place({"regime": regime, "method": method, "fold": fold}))
    if (run / "metrics.json").is_file():
        shutil.rmtree(run)  # of another encoder: its row would be known
    imu.main([*command, *into(run)])
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    figures = {name: get(metrics) for name, get in FIGURES.items()}
    return {"regime": regime, "method": method, "fold": fold, "command": text, "encoder": encoder(), **figures}


def place(row: Row) -> tuple[int, int, int]:
    """Of a row in the CSV: by regime, method and fold."""
    return list(REGIMES).index(str(row["regime"])), list(METHODS).index(str(row["method"])), int(row["fold"])


def table(rows: list[Row]) -> str:
    """Markdown: means over the folds with Student's 95 % interval, and points ahead of the control on the same fold."""
    head = ["regime", "method", "folds", *FIGURES, "points ahead"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for regime in REGIMES:
        of_regime = [row for row in rows if row["regime"] == regime]
        control = {int(row["fold"]): float(row[AHEAD]) for row in of_regime if row["method"] == CONTROL}
        for method in METHODS:
            of_method = [row for row in of_regime if row["method"] == method]
            if not of_method:
                continue
            digits = {"effective_rank": 1}
            cells = [spread((float(row[name]) for row in of_method), digits.get(name, 3)) for name in FIGURES]
            folds = {int(row["fold"]): float(row[AHEAD]) for row in of_method}  # read from a file they are text
            pairs = [(value, control[fold]) for fold, value in folds.items() if fold in control]
            compared = method != CONTROL and pairs
            ahead = spread((100 * (value - other) for value, other in pairs), 1) if compared else ""
            lines.append(f"| {regime} | {method} | {len(of_method)} | {' | '.join(cells)} | {ahead} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
