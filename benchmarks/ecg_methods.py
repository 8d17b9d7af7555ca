"""Trains every method and encoder on MIT-BIH with several seeds and writes results/ecg_methods.json.

    SCL_DATA_DIR=... python benchmarks/ecg_methods.py --seeds 0 1 2 3 4

Run folders are kept under --runs and reused, so the command can be interrupted; a run whose row is in the results is
not made again. The runs of method scl are also calibrated, exported and measured in int8; what int8 loses is not
limited here, but recorded.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from common import into, spread

from scl.artifacts import write_json

METHODS = ("baseline", "augment", "scl")
CANONICAL = "canonical"  # the baseline on windows rolled to their largest excursion
RIVALS = (CANONICAL, "simclr", "vicreg")  # of the encoder that is deployed, on strips
# The first is the one that is deployed. Beats are not pooled: on the validation records that was a little worse.
POOLS = {"strip": ("average", "flatten"), "beat": ("flatten",)}
RESULTS = Path(__file__).parent / "results" / "ecg_methods.json"


def class_figure(label: str, name: str) -> Callable[[dict[str, Any]], float]:
    """Of a class's row in metrics.json; 0 where it is not defined (a class that was never predicted)."""
    return lambda m: m["per_class"][m["labels"].index(label)][name] or 0.0


FIGURES: dict[str, Callable[[dict[str, Any]], float]] = {
    "accuracy": lambda m: m["accuracy"],
    "macro_f1": lambda m: m["macro_f1"],
    "shifted_macro_f1": lambda m: m["shift"]["macro_f1"],
    "consistency": lambda m: m["shift"]["mean_consistency"],
    "circular_consistency": lambda m: m["shift_circular"]["mean_consistency"],
    "invariant_similarity": lambda m: m["shift"]["mean_similarity"]["invariant"],
    "negative_similarity": lambda m: m["negative_similarity"],
    "effective_rank": lambda m: m["effective_rank"],
}
CLASSES = {
    f"{label} {short}": class_figure(label, name)
    for label in ("N", "S", "V")
    for short, name in (("Se", "recall"), ("PPV", "precision"))
}
RETRIEVAL = {
    name: (lambda m, name=name: m["retrieval"][name])
    for name in ("recall_at_1", "recall_at_5", "mean_reciprocal_rank", "same_group_at_1")
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options.add_argument("--tasks", nargs="+", choices=tuple(POOLS), default=list(POOLS))
    options.add_argument("--runs", type=Path, default=Path("runs/ecg-methods"), help="where the run folders are")
    options.add_argument("--jobs", type=int, default=2, help="trainings at a time, each on one core")
    arguments = options.parse_args()
    jobs = [
        (task, pool, method, seed)
        for seed in arguments.seeds
        for task in arguments.tasks
        for pool in POOLS[task]
        for method in methods_of(task, pool)
    ]
    there = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"] if RESULTS.is_file() else []
    known = {tuple(row[name] for name in ("task", "pool", "method", "seed")): row for row in there}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        made = pool.map(lambda job: known.get(job) or measure(arguments.runs, *job), jobs)
        rows = list({**known, **dict(zip(jobs, made, strict=True))}.values())
    data = {"name": "mitdb", "split": "record (DS1/DS2)"}
    write_json(RESULTS, {"kind": "benchmark", "schema": 1, "data": data, "runs": rows})
    for task in arguments.tasks:
        print(task, methods_table(rows, task), int8_table(rows, task), sep="\n\n")


def methods_of(task: str, pool: str) -> tuple[str, ...]:
    """What is compared: on strips, with the encoder that is deployed, the rivals too."""
    return METHODS + (RIVALS if (task, pool) == ("strip", "average") else ())


def measure(runs: Path, task: str, pool: str, method: str, seed: int) -> dict[str, Any]:
    """Trains one run, if it is not there, and reads its figures; with scl, exports it too."""
    folder = runs / f"{task}-{pool}-{method}-{seed}"
    trained = ["--method", "baseline", "--input", "canonical"] if method == CANONICAL else ["--method", method]
    if method != CANONICAL:
        trained += ["--input", "raw"]  # windows; benchmarks/beat_folds.py and beat_seeds.py have measured beats
    command = ["train.ecg", "--task", task, "--pool", pool, *trained, "--seed", str(seed)]
    if not (folder / "metrics.json").is_file():
        call(*command, *into(folder))
    metrics = json.loads((folder / "metrics.json").read_text())
    row = {"task": task, "pool": pool, "method": method, "seed": seed, "command": "python -m " + " ".join(command)}
    figures = FIGURES | CLASSES | RETRIEVAL
    row |= {name: get(metrics) for name, get in figures.items()}
    row |= {"shift": metrics["shift"], "other_classes": metrics.get("other_classes")}
    row["confusion"] = metrics["confusion"]
    if method == "scl" and pool == POOLS[task][0]:
        bundle = runs / f"bundle-{task}-{seed}"
        if not (bundle / "export_report.json").is_file():
            call("calibration.ranges", str(folder))
            call("export.quantize", str(folder), "--out", str(bundle), "--windows", "200", "--max-loss", "100")
        report = json.loads((bundle / "export_report.json").read_text())
        row["int8"] = {key: report["evaluation"][key] for key in ("windows", "copies", "float", "int8", "loss_points")}
        row["cost"] = report["cost"]
    return row


def call(*command: str) -> None:
    """Runs a command of ours on one core; stops with its last words if it fails."""
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-m", *command], env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    print(" ".join(command), flush=True)


def methods_table(rows: list[dict[str, Any]], task: str, names: Iterable[str] = tuple(FIGURES)) -> str:
    """Markdown: mean and 95 % interval over the seeds, for each encoder and method."""
    lines = ["| encoder | method | " + " | ".join(names) + " |", "| --- | --- |" + " --- |" * len(tuple(names))]
    for pool in POOLS[task]:
        for method in methods_of(task, pool):
            of = [row for row in rows if (row["task"], row["pool"], row["method"]) == (task, pool, method)]
            if of:
                cells = [spread((row[name] for row in of), 1 if name == "effective_rank" else 3) for name in names]
                lines.append(f"| {pool} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def int8_table(rows: list[dict[str, Any]], task: str) -> str:
    """Markdown: float and int8 on the same windows, and what int8 loses in points."""
    of = [row for row in rows if row["task"] == task and row.get("int8")]
    lines = ["| figure | float | int8 | int8 loses, points |", "| --- | --- | --- | --- |"]
    lost = {"accuracy": "accuracy", "macro_f1": "macro_f1", "consistency": "consistency"}
    for name in ("accuracy", "macro_f1", "macro_f1_transformed", "consistency"):
        cells = [spread(row["int8"][kind][name] for row in of) for kind in ("float", "int8")]
        points = spread((row["int8"]["loss_points"][lost[name]] for row in of), 2) if name in lost else ""
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {points} |")
    return "\n".join(lines)


def aims_table(rows: list[dict[str, Any]]) -> str:
    """Markdown: what was aimed at, on DS2, and what the deployed encoder reached."""

    def of(task: str, method: str) -> list[dict[str, Any]]:
        pool = POOLS[task][0]
        return sorted(
            (row for row in rows if (row["task"], row["pool"], row["method"]) == (task, pool, method)),
            key=lambda row: row["seed"],
        )

    scl, rivals = of("strip", "scl"), {name: of("strip", name) for name in METHODS[:2] + RIVALS if of("strip", name)}
    beat = of("beat", "scl")

    def best(name: str) -> str:
        """Method scl, and how many points it has more than the rival with the better mean, seed by seed."""
        rival = max(rivals, key=lambda method: np.mean([row[name] for row in rivals[method]]))
        seeds = {row["seed"]: row[name] for row in scl}
        ahead = [100 * (seeds[other["seed"]] - other[name]) for other in rivals[rival]]
        return f"{spread(row[name] for row in scl)}; {spread(ahead, 1)} points against {rival}"

    def int8(task: str, name: str) -> str:
        return spread((row["int8"]["loss_points"][name] for row in of(task, "scl")), 2)

    consistency = spread(row["int8"]["int8"]["consistency"] for row in scl)
    lines = [
        ("invariant similarity, mean over shifts of 30 to 300 samples (float)", ">= 0.97",
         spread(row["invariant_similarity"] for row in scl)),
        ("negative similarity (float)", "< 0.5", spread(row["negative_similarity"] for row in scl)),
        ("strip consistency under rewindow shift, int8", ">= 0.97", consistency),
        ("strip macro F1 against the best rival (float)", "at least equal", best("macro_f1")),
        ("the same under shift (float)", "2 points better", best("shifted_macro_f1")),
        ("beat: V sensitivity / positive predictive value (float)", ">= 0.95 / -",
         " / ".join(spread(row[f"V {name}"] for row in beat) for name in ("Se", "PPV"))),
        ("beat: S sensitivity / positive predictive value (float)", ">= 0.80 / -",
         " / ".join(spread(row[f"S {name}"] for row in beat) for name in ("Se", "PPV"))),
        ("beat: accuracy, macro F1 over N, S, V (float)", "-",
         ", ".join(spread(row[name] for row in beat) for name in ("accuracy", "macro_f1"))),
        ("int8 loses, points of macro F1 / consistency: strip", "<= 0.5 / 0.5",
         " / ".join(int8("strip", name) for name in ("macro_f1", "consistency"))),
        ("int8 loses, points of macro F1 / consistency: beat", "<= 0.5 / 0.5",
         " / ".join(int8("beat", name) for name in ("macro_f1", "consistency"))),
        ("strip retrieval under 300 samples: recall at 1 / at 5 / same record", "reported",
         " / ".join(spread(row[name] for row in scl) for name in ("recall_at_1", "recall_at_5", "same_group_at_1"))),
    ]  # fmt: skip
    return "\n".join(
        ["| figure | aim | reached |", "| --- | --- | --- |", *("| " + " | ".join(line) + " |" for line in lines)]
    )


def others_table(rows: list[dict[str, Any]]) -> str:
    """Markdown: the confusion of single beats by method scl, summed over the seeds, with F and Q beside it."""
    of = [row for row in rows if (row["task"], row["method"]) == ("beat", "scl")]
    lines = ["| annotated | as N | as S | as V |", "| --- | --- | --- | --- |"]
    counts = {label: np.sum([row["confusion"][i] for row in of], axis=0) for i, label in enumerate("NSV")}
    counts |= {label: np.sum([row["other_classes"][label] for row in of], axis=0) for label in "FQ"}
    return "\n".join(
        lines + [f"| {label} | " + " | ".join(f"{n:,}" for n in row) + " |" for label, row in counts.items()]
    )


def curve_table(rows: list[dict[str, Any]], task: str) -> str:
    """Markdown: similarity of latents, per group of dimensions, and consistency at each shift."""
    first = next(row for row in rows if row["task"] == task)
    samples = first["shift"]["samples"]
    lines = ["| encoder | method | figure | " + " | ".join(map(str, samples)) + " |"]
    lines.append("| --- | --- | --- |" + " --- |" * len(samples))
    for pool in POOLS[task]:
        for method in methods_of(task, pool):
            of = [row["shift"] for row in rows if (row["task"], row["pool"], row["method"]) == (task, pool, method)]
            if not of:
                continue
            curves = {group: [shift["similarity"][group] for shift in of] for group in ("invariant", "variant", "free")}
            curves["consistency"] = [shift["consistency"] for shift in of]
            for name, values in curves.items():
                means = np.mean(values, axis=0)
                lines.append(f"| {pool} | {method} | {name} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
