"""Plays the whole battery to boards with models of WISDM's folds and writes results/battery_folds.json.

    SCL_DATA_DIR=... python benchmarks/battery_folds.py --folds 0 1 2 3 4
    SCL_DATA_DIR=... python benchmarks/battery_folds.py --against rotation+mirror --folds 0 1

Runs of the five folds (`train.imu --split fold --seed FOLD`) are kept below --runs and taken where they are there. The
board is the native one: every board gives the same answers in every bit.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from common import spread

from calibration import ranges
from export import quantize
from firmware_host import validate
from scl.artifacts import write_json
from scl.pages.charts import Dot
from scl.pages.ladders import Panel, Step, ladders
from scl.pages.svg_file import svg_file
from train import imu

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "battery_folds.json"
IMAGE = ROOT / "docs" / "images" / "battery.svg"
DEFAULT = "rotation"
KEYS = ("macro_f1", "consistency")
PANELS = 6  # of the picture


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
    test = json.loads((run / "metrics.json").read_text("utf-8"))["macro_f1"]  # of all test windows, float
    facts = {"against": against, "fold": fold, "test_macro_f1": test, "windows": battery["windows"]}
    return facts | {"recorded": recorded, "rungs": rungs}


@dataclass(frozen=True)
class Ladder:
    """A nuisance at rising strengths: macro F1 and consistency in means over the folds."""

    name: str
    unit: str
    strengths: list[float]
    macro_f1: list[float]
    consistency: list[float]


def ladders_of(rows: Iterable[dict], against: str = DEFAULT) -> list[Ladder]:
    """Of the models that were trained against one thing, the weakest first."""
    rungs = [rung for row in rows if row["against"] == against for rung in row["rungs"]]
    found = []
    for name, unit in dict.fromkeys((rung["name"], rung["unit"]) for rung in rungs):
        strengths = sorted({rung["strength"] for rung in rungs if rung["name"] == name})
        means = [
            [
                float(np.mean([r[key] for r in rungs if (r["name"], r["strength"]) == (name, strength)]))
                for strength in strengths
            ]
            for key in KEYS
        ]
        found.append(Ladder(name, unit, strengths, *means))
    return sorted(found, key=lambda ladder: min(ladder.macro_f1))


def table(rows: Iterable[dict], against: str = DEFAULT) -> str:
    """The ladders as Markdown."""
    rows = list(rows)
    recorded = spread(row["recorded"]["macro_f1"] for row in rows if row["against"] == against)
    lines = ["| nuisance | strengths | macro F1 | consistency |", "| --- | --- | --- | --- |"]
    lines.append(f"| as recorded | | {recorded} | |")
    for ladder in ladders_of(rows, against):
        steps = f"{', '.join(f'{strength:g}' for strength in ladder.strengths)} {ladder.unit}" if ladder.unit else ""
        figures = (" / ".join(f"{value:.3f}" for value in values) for values in (ladder.macro_f1, ladder.consistency))
        lines.append(f"| {ladder.name} | {steps} | {' | '.join(figures)} |")
    return "\n".join(lines)


def against_table(rows: Iterable[dict], name: str = "mirror") -> str:
    """What models trained against one thing and another make of a nuisance at its strongest, of the battery's windows
    as recorded, and of all nuisances together, over the folds that all have.
    """
    rows = list(rows)
    folds = set.intersection(*({r["fold"] for r in rows if r["against"] == row["against"]} for row in rows))
    head = (
        f"| trained against | folds | macro F1, all test windows | macro F1 under {name} | consistency under {name} | "
    )
    lines = [head + "macro F1 as recorded | mean of all nuisances at their strongest |", "| --- " * 7 + "|"]
    for against in dict.fromkeys(row["against"] for row in rows):
        of = [row for row in rows if row["against"] == against and row["fold"] in folds]
        strongest = [{r["name"]: r for r in sorted(row["rungs"], key=lambda r: r["strength"])} for row in of]
        figures = [spread(row["test_macro_f1"] for row in of), *(spread(r[name][k] for r in strongest) for k in KEYS)]
        figures.append(spread(row["recorded"]["macro_f1"] for row in of))
        figures.append(spread(np.mean([r["macro_f1"] for r in rungs.values()]) for rungs in strongest))
        lines.append(f"| {against} | {', '.join(str(fold) for fold in sorted(folds))} | {' | '.join(figures)} |")
    return "\n".join(lines)


def write_picture(rows: Iterable[dict], path: Path = IMAGE) -> None:
    """The weakest ladders as the report draws them."""
    rows = list(rows)
    recorded = float(np.mean([row["recorded"]["macro_f1"] for row in rows if row["against"] == DEFAULT]))
    panels = []
    for ladder in ladders_of(rows)[:PANELS]:
        strengths = ["0", *(f"{strength:g}" if ladder.unit else "yes" for strength in ladder.strengths)]
        values = zip(strengths, [recorded, *ladder.macro_f1], [1.0, *ladder.consistency], strict=True)
        steps = [Step(at, Dot(0, f1, None), Dot(0, kept, None)) for at, f1, kept in values]
        panels.append(Panel(f"{ladder.name}, {ladder.unit}" if ladder.unit else ladder.name, steps))
    title = "Macro F1 and consistency of the default model under its weakest nuisances"
    path.write_text(svg_file(ladders("battery", title, "Means over folds; docs/BATTERY.md has all.", panels)), "utf-8")


if __name__ == "__main__":
    main()
