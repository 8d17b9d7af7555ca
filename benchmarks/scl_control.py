"""SCL on raw channels against its proper control: two transformed views without a contrast.

    SCL_DATA_DIR=... python benchmarks/scl_control.py

WISDM watch, both sensors, folds by subject, the encoder, epochs and regularization of wisdm_folds.py's table "methods".
Figures are of the float network on the test fold; those ahead are points of macro F1 under rotation over the control on
the same fold, with Student's interval. results/scl_control.csv has a row for every run; what is there is not run again.
"""

import argparse
import json
from pathlib import Path

from common import encoder, finished, into, of_today, read_rows, spread, write_rows
from joblib import Parallel, delayed
from wisdm_folds import EPOCHS, FLOAT, FOLDS, call

RESULTS = Path(__file__).parent / "results" / "scl_control.csv"
CONTROL = "augment, two views"
POINTS: dict[str, tuple[str, ...]] = {
    "augment, one view": ("--method", "augment"),
    CONTROL: ("--method", "augment", "--views", "2"),
    "SCL": ("--method", "scl"),
    "SCL, mean of all negatives": ("--method", "scl", "--negatives", "all"),
    "SCL, mean of all, lambda 2": ("--method", "scl", "--negatives", "all", "--lambda", "2"),
    "SCL, mean of all, floor .1": ("--method", "scl", "--negatives", "all", "--floor", "0.1"),
    "simclr": ("--method", "simclr"),
    "vicreg": ("--method", "vicreg"),
}
Row = dict[str, str | float]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=Path, default=Path("runs/scl_control"), help="where the run folders are")
    options.add_argument("--folds", type=int, default=FOLDS, help="the first so many of the five")
    options.add_argument("--points", nargs="+", choices=POINTS, default=list(POINTS), help="rows of the table")
    options.add_argument("--results", type=Path, default=RESULTS, help="CSV to write (default in benchmarks/results)")
    options.add_argument("--jobs", type=int, default=1, help="runs at a time, a thread each")
    arguments = options.parse_args()
    known = of_today(read_rows(arguments.results, FLOAT))
    for fold in range(arguments.folds):
        made = Parallel(arguments.jobs)(delayed(measured)(known, arguments.runs, p, fold) for p in arguments.points)
        known |= {row["command"]: row for row in made}
        write_rows(arguments.results, sorted(known.values(), key=place))
    print(table(list(known.values())))


def measured(known: dict[str, Row], runs: Path, point: str, fold: int) -> Row:
    """The figures of one run, which is trained if it is neither there nor among the known rows."""
    command = ["train.imu", "--input", "raw", *POINTS[point], "--epochs", str(EPOCHS), "--variation", "1"]
    command += ["--split", "fold", "--seed", str(fold)]
    text = "python -m " + " ".join(command)
    if text in known:
        return known[text]
    run = runs / f"{list(POINTS).index(point)}-{fold}"
    if not finished(run, EPOCHS):
        call(*command, *into(run))
    metrics = json.loads((run / "metrics.json").read_text())
    figures = {name: get(metrics) for name, get in FLOAT.items()}
    return {"point": point, "fold": fold, "command": text, "encoder": encoder(), **figures}


def place(row: Row) -> tuple[int, int]:
    """Of a row in the CSV: by point and fold."""
    return list(POINTS).index(str(row["point"])), int(row["fold"])


def table(rows: list[Row]) -> str:
    """Markdown: means over the folds with Student's 95 % interval, and points ahead of the control on the same fold."""
    head = ["method", "folds", *FLOAT, "points ahead"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    control = {row["fold"]: float(row["rotated_macro_f1"]) for row in rows if row["point"] == CONTROL}
    for point in POINTS:
        of_point = [row for row in rows if row["point"] == point]
        if not of_point:
            continue
        digits = {"effective_rank": 1}
        cells = [spread((float(row[name]) for row in of_point), digits.get(name, 3)) for name in FLOAT]
        pairs = [(float(row["rotated_macro_f1"]), control[row["fold"]]) for row in of_point if row["fold"] in control]
        ahead = "" if point == CONTROL else spread((100 * (value - other) for value, other in pairs), 1)
        lines.append(f"| {point} | {len(of_point)} | {' | '.join(cells)} | {ahead} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
