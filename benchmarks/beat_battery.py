"""Plays the whole battery of heartbeats to boards with models of several seeds and writes results/beat_battery.json.

    SCL_DATA_DIR=... python benchmarks/beat_battery.py

The models are the default ones of MIT-BIH (train.ecg --task beat), the recordings those of DS2, the board is this
computer's own build: every board gives the same answers in every bit. Runs of beat_seeds.py are taken where they are.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from beat_seeds import call, exported
from common import spread

from firmware_host import validate
from scl.artifacts import write_json

RESULTS = Path(__file__).parent / "results" / "beat_battery.json"
FIGURES = ("macro_f1", "consistency", "sensitivity", "ppv")
FEW = 100  # beats as recorded: their own figures are beat_seeds.py's
Row = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--work", type=Path, default=Path("build/beat-seeds"), help="where runs are")
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args()
    rows = [measured(arguments.work, seed) for seed in arguments.seeds]
    write_json(arguments.results, {"kind": "beat_battery", "schema": 1, "rows": rows})
    print(table(rows))


def measured(work: Path, seed: int) -> Row:
    """The figures of one seed under each nuisance. Ends the program where the board is not exact."""
    run, _bundle = exported(work, "features", seed)
    with TemporaryDirectory() as folder:
        bundle, report = Path(folder) / "bundle", Path(folder) / "report"
        call("export.quantize", str(run), "--out", str(bundle), "--max-loss", "100", "--battery", "whole")
        if validate.main([str(bundle), "--port", "native", "--limit", str(FEW), "--battery", "--out", str(report)]):
            raise SystemExit(f"{run}: the board is not exact")
        battery = json.loads((report / "validation.json").read_text("utf-8"))["battery"]
    rungs = [
        {key: rung[key] for key in ("name", "unit", "strength")} | {key: rung["board"][key] for key in FIGURES}
        for rung in battery["rungs"]
    ]
    facts = {key: battery[key] for key in ("records", "beats", "seconds")}
    return {"seed": seed, **facts, "recorded": {key: battery["recorded"][key] for key in FIGURES}, "rungs": rungs}


def table(rows: Sequence[Row]) -> str:
    """Markdown: each nuisance at each strength, in means over the seeds, the weakest nuisance first."""
    lines = ["| nuisance | strength | macro F1 | consistency | QRS Se | QRS PPV |", "| --- " * 6 + "|"]
    lines.append(f"| as recorded | | {' | '.join(_cells([row['recorded'] for row in rows]))} |")
    steps: dict[tuple[str, float], list[Row]] = {}
    for row in rows:
        for rung in row["rungs"]:
            steps.setdefault((rung["name"], rung["strength"]), []).append(rung)
    lowest = {name: min(_mean(of) for (other, _), of in steps.items() if other == name) for name, _ in steps}
    for (name, strength), of in sorted(steps.items(), key=lambda step: (lowest[step[0][0]], step[0])):
        at = f"{strength:g} {of[0]['unit']}" if of[0]["unit"] else ""
        lines.append(f"| {name} | {at} | {' | '.join(_cells(of))} |")
    return "\n".join(lines)


def _mean(of: Sequence[Row]) -> float:
    return sum(rung["macro_f1"] for rung in of) / len(of)


def _cells(of: Sequence[Row]) -> list[str]:
    values = ([one[key] for one in of] for key in FIGURES)
    return ["" if None in each else spread(each) for each in values]


if __name__ == "__main__":
    main()
