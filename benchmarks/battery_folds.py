"""Plays the whole battery to boards with models of WISDM's folds and writes results/battery_folds.json.

    SCL_DATA_DIR=... python benchmarks/battery_folds.py --folds 0 1 2 3 4
    SCL_DATA_DIR=... python benchmarks/battery_folds.py --against rotation+mirror --folds 0 1

Runs of the five folds (`train.imu --split fold --seed FOLD`) are kept below --runs and taken where they are there. The
board is the native one: every board gives the same answers in every bit.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from common import interval

from calibration import ranges
from export import quantize
from firmware_host import validate
from scl.artifacts import write_json
from train import imu

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "battery_folds.json"
DEFAULT = "rotation"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options.add_argument("--against", default=DEFAULT, help="what they are trained against (default %(default)s)")
    options.add_argument("--runs", type=Path, default=ROOT / "runs" / "battery")
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args()
    rows = json.loads(arguments.results.read_text("utf-8"))["rows"] if arguments.results.is_file() else []
    for fold in arguments.folds:
        kept = [row for row in rows if (row["against"], row["fold"]) != (arguments.against, fold)]
        rows = sorted(
            [*kept, measured(arguments.runs, arguments.against, fold)], key=lambda r: (r["against"], r["fold"])
        )
        write_json(arguments.results, {"rows": rows})
    print(table(rows))


def measured(runs: Path, against: str, fold: int) -> dict[str, object]:
    """Trains, calibrates and exports what is not there, and plays the battery."""
    run = runs / f"{against}-{fold}"
    if not (run / "metrics.json").is_file():
        imu.main(["--split", "fold", "--seed", str(fold), "--against", against, "--out", str(run)])
    if not (run / "ranges.json").is_file():
        ranges.main([str(run)])
    with TemporaryDirectory() as folder:
        bundle, report = Path(folder) / "bundle", Path(folder) / "report"
        quantize.main([str(run), "--out", str(bundle), "--max-loss", "100", "--battery", "whole"])
        if validate.main([str(bundle), "--port", "native", "--limit", "20", "--battery", "--out", str(report)]):
            raise SystemExit(f"{run}: the board is not exact")
        battery = json.loads((report / "validation.json").read_text("utf-8"))["battery"]
    figures = ("macro_f1", "accuracy", "consistency")
    rungs = [
        {key: rung[key] for key in ("name", "unit", "strength")} | {key: rung["board"][key] for key in figures}
        for rung in battery["rungs"]
    ]
    recorded = {key: battery["recorded"][key] for key in figures[:2]}
    return {"against": against, "fold": fold, "windows": battery["windows"], "recorded": recorded, "rungs": rungs}


def table(rows: Iterable[dict]) -> str:
    """Macro F1 and consistency of models trained against rotation, in means over the folds, the weakest first."""
    rows = [row for row in rows if row["against"] == DEFAULT]
    ladders: dict[tuple[str, str], dict[float, list[dict]]] = {}
    for rung in (rung for row in rows for rung in row["rungs"]):
        ladders.setdefault((rung["name"], rung["unit"]), {}).setdefault(rung["strength"], []).append(rung)

    def means(rungs: dict[float, list[dict]], key: str) -> list[float]:
        return [float(np.mean([rung[key] for rung in rungs[strength]])) for strength in sorted(rungs)]

    recorded = interval(row["recorded"]["macro_f1"] for row in rows)
    lines = ["| nuisance | strengths | macro F1 | consistency |", "| --- | --- | --- | --- |"]
    lines.append(f"| as recorded | | {recorded[0]:.3f} ± {recorded[1]:.3f} | |")
    for (name, unit), rungs in sorted(ladders.items(), key=lambda item: min(means(item[1], "macro_f1"))):
        steps = f"{', '.join(f'{strength:g}' for strength in sorted(rungs))} {unit}" if unit else ""
        figures = (" / ".join(f"{value:.3f}" for value in means(rungs, key)) for key in ("macro_f1", "consistency"))
        lines.append(f"| {name} | {steps} | {' | '.join(figures)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
