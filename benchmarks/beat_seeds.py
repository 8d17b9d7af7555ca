"""Trains, exports and validates heartbeats of MIT-BIH with several seeds and writes results/beat_seeds.json: figures on
DS2 as a board gives them, beats found by the board.

    SCL_DATA_DIR=... python benchmarks/beat_seeds.py --seeds 0 1 2 3 4

The board is this computer's own build, which answers as the emulated one does, in every bit. A report that is there is
not made again, so the command can be interrupted.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from common import spread

from scl.artifacts import write_json

RESULTS = Path(__file__).parent / "results" / "beat_seeds.json"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options.add_argument("--inputs", nargs="+", default=["features", "causal"])
    options.add_argument("--work", type=Path, default=Path("build/beat-seeds"), help="runs, bundles and reports")
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args()
    rows = [row(arguments.work, kind, seed) for kind in arguments.inputs for seed in arguments.seeds]
    write_json(arguments.results, {"kind": "beat_seeds", "schema": 1, "rows": rows})


def row(work: Path, kind: str, seed: int) -> dict[str, object]:
    """The figures of one seed; makes what is missing."""
    report, path = work / f"report-{kind}-{seed}", work / f"report-{kind}-{seed}" / "validation.json"
    run, bundle = exported(work, kind, seed)
    if not path.is_file():
        call("firmware_host.validate", str(bundle), "--port", "native", "--out", str(report))
    v = json.loads(path.read_text(encoding="utf-8"))
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    compared, parity, strips = v["compared"], v["parity"], v["compared"]["strips"]
    whole, fewer = compared["whole"], compared["without"]
    figures: dict[str, object] = {"input": kind, "seed": seed, "verdict": v["verdict"], "beats": parity["compared"]}
    for name, part in (("", compared["all"]), (" without " + compared["without_record"], fewer), (" whole", whole)):
        figures["macro F1" + name] = part["inter_patient"]["macro_f1"]
        for short, kind_of in (("QRS", "qrs"), ("V", "veb"), ("S", "sveb")):
            gross = part[kind_of]["gross"]
            figures[f"{short} Se{name}"], figures[f"{short} PPV{name}"] = gross["sensitivity"], gross["ppv"]
    figures |= {"strip macro F1": strips["macro_f1"], "strip consistency": strips["consistency"]}
    disturbed = metrics["disturbance"]
    figures |= dict(zip((f"kept under {k}" for k in disturbed["kinds"]), disturbed["consistency"], strict=True))
    return figures | {"latency_s": v["latency_s"], "flash_bytes": v["export"]["cost"]["flash_bytes"]}


def exported(work: Path, kind: str, seed: int, options: Sequence[str] = ()) -> tuple[Path, Path]:
    """Run and bundle of one seed; makes what is missing.

    Args:
        options: of train.ecg besides, each as OPTION=VALUE.
    """
    run, bundle = (work / "-".join((part, kind, *options, str(seed))) for part in ("run", "bundle"))
    if not (bundle / "manifest.json").is_file():
        others = [f"--{option}" for option in options]
        call("train.ecg", "--task", "beat", "--input", kind, "--seed", str(seed), *others, "--force", "--out", str(run))
        call("calibration.ranges", str(run))
        call("export.quantize", str(run), "--max-loss", "100", "--out", str(bundle))
    return run, bundle


# Of each line of the table: what it is, the aim of the project, and the figures that it shows.
LINES = (
    ("QRS Se / PPV, whole records", "99.85 / 99.75 % (on all 48 records)", ("QRS Se whole", "QRS PPV whole")),
    ("V Se / PPV", "95 / 85 %", ("V Se", "V PPV")),
    ("S Se / PPV", "82 / 65 %", ("S Se", "S PPV")),
    ("S Se / PPV without 232", "50 / 30 %", ("S Se without 232", "S PPV without 232")),
    ("macro F1 of N, S, V", "87 %", ("macro F1",)),
    ("macro F1 without 232", "-", ("macro F1 without 232",)),
    ("ten seconds by their worst beat: macro F1", "87 %", ("strip macro F1",)),
    ("they keep their class up to .83 s later", "98 %", ("strip consistency",)),
    ("class kept with another R peak", "99.8 %", ("kept under another peak",)),
    ("class kept under gain", "-", ("kept under gain",)),
    ("class kept under baseline wander", "-", ("kept under baseline wander",)),
    ("class kept under electrode motion", "-", ("kept under electrode motion",)),
)


def table(rows: list[dict]) -> str:
    """Means over seeds with half their 95 % intervals, in per cent, for each input."""
    inputs = list(dict.fromkeys(row["input"] for row in rows))
    lines = [f"| figure | {' | '.join(inputs)} | aim |", f"| --- |{' --- |' * (len(inputs) + 1)}"]
    for name, aim, figures in LINES:
        cells = [
            " / ".join(spread((100 * row[figure] for row in rows if row["input"] == kind), 2) for figure in figures)
            for kind in inputs
        ]
        lines.append(f"| {name} | {' | '.join(cells)} | {aim} |")
    return "\n".join(lines)


def call(module: str, *arguments: str) -> None:
    print("python -m", module, *arguments, flush=True)
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
