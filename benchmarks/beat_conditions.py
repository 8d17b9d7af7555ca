"""How the classes of heartbeats fall in noise, in another lead and with the lead inverted: beat_conditions.json.

    SCL_DATA_DIR=... python benchmarks/beat_conditions.py

Models of several seeds that trained on the first lead of DS1 as it was recorded (benchmarks/beat_seeds.py makes what is
missing below --work) classify the beats of DS2 that the board finds. All is the desktop's reproduction, which equals
the board in every bit (benchmarks/beat_board.py). Noise is generated (train/data/ecg_noise.py) and added as the noise
stress test does it, behind five minutes, which do not count. Rows are kept, so the command can be interrupted.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from beat_board import Built, heard, judged, row_of
from beat_seeds import exported
from common import interval, spread

from scl.artifacts import write_json
from scl.artifacts.bundle import read_front_end_bundle
from train.data import mitdb
from train.data.noise_stress import SNR_DB, stressed
from train.data.recordings import Block, Recordings
from train.data.stored import resolve

RESULTS = Path(__file__).parent / "results" / "beat_conditions.json"
NOISES = ("em", "ma")  # a wandering baseline does not move even the detector (benchmarks/qrs.py)
Loads = dict[str, Callable[[Path], Recordings]]
CLEAN, SECOND, INVERTED = "as recorded", "second lead", "inverted"
FIGURES = {"V Se / PPV": ("V Se", "V PPV"), "S Se / PPV": ("S Se", "S PPV"), "macro F1": ("macro F1",)}
LEADS = {"QRS Se / PPV": ("QRS Se", "QRS PPV"), **FIGURES, "macro F1 without 232": ("macro F1 without 232",)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options.add_argument("--work", type=Path, default=Path("build/beat-seeds"), help="runs and bundles")
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args()
    bundles = {seed: read_front_end_bundle(exported(arguments.work, "features", seed)[1]) for seed in arguments.seeds}
    path, loads = resolve(None, mitdb.DATA_SET), conditions()
    with TemporaryDirectory() as folder:
        built = {seed: Built.of(bundle, Path(folder)) for seed, bundle in bundles.items()}
        for kind in ("", *NOISES):
            alike = {name: load for name, load in loads.items() if kind == (name.split()[0] if " dB" in name else "")}
            keep(arguments.results, alike, built, path)


def keep(path: Path, loads: Loads, bundles: dict[int, Built], data: Path) -> None:
    """Adds rows of some conditions, which are heard side by side, to the results, unless they are there."""
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    known = {(row["condition"], row["seed"]) for row in rows}
    loads = {name: load for name, load in loads.items() if any((name, seed) not in known for seed in bundles)}
    if not loads:
        return
    versions = heard([load(data) for load in loads.values()], mitdb.DS2, next(iter(bundles.values())).spec)
    for name, records in zip(loads, versions, strict=True):
        for seed, built in bundles.items():
            if (name, seed) not in known:
                rows.append({"condition": name, "seed": seed, **row_of(judged(built, records))})
                print(json.dumps(rows[-1]), flush=True)
    write_json(path, {"kind": "beat_conditions", "schema": 1, "rows": rows})


def conditions() -> Loads:
    """How recordings are loaded, by the condition's name."""
    all_of: Loads = {
        CLEAN: mitdb.load,
        SECOND: lambda path: mitdb.load(path, second=True),
        INVERTED: lambda path: changed(mitdb.load(path), lambda block: -block.x),
    }
    for kind in NOISES:
        for snr_db in SNR_DB:
            all_of[f"{kind} {snr_db} dB"] = lambda path, kind=kind, snr_db=snr_db: noisy(path, kind, snr_db)
    return all_of


def noisy(path: Path, kind: str, snr_db: float) -> Recordings:
    """DS2 with noise, whose power is set against the normal beats."""
    recordings = mitdb.load(path)
    normal = recordings.labels.index("N")

    def one(block: Block) -> np.ndarray:
        beats = block.beats[block.beats[:, 1] == normal, 0]
        return stressed(block.x[0], recordings.rate_hz, beats, snr_db, kind, seed=block.group)[None]

    return changed(recordings, one)


def changed(recordings: Recordings, change: Callable[[Block], np.ndarray]) -> Recordings:
    """DS2 with other samples."""
    blocks = tuple(replace(block, x=change(block)) for block in recordings.blocks if block.group in mitdb.DS2)
    return replace(recordings, blocks=blocks)


def noise_table(rows: list[dict]) -> str:
    """Means over seeds in per cent, three lines for each kind of noise, a column for each ratio."""
    lines = [
        f"| noise | figure | none | {' | '.join(f'{snr_db} dB' for snr_db in SNR_DB)} |",
        f"| --- | --- |{' --- |' * (len(SNR_DB) + 1)}",
    ]
    for kind in NOISES:
        for name, figures in FIGURES.items():
            columns = [CLEAN, *(f"{kind} {snr_db} dB" for snr_db in SNR_DB)]
            lines.append(f"| {kind} | {name} | {' | '.join(mean(rows, column, figures) for column in columns)} |")
    return "\n".join(lines)


def mean(rows: list[dict], condition: str, figures: tuple[str, ...]) -> str:
    """Of seeds, in per cent."""
    of = [row for row in rows if row["condition"] == condition]
    return " / ".join(f"{interval(100 * row[figure] for row in of)[0]:.1f}" for figure in figures)


def lead_table(rows: list[dict]) -> str:
    """Means over seeds with half their 95 % intervals, in per cent."""
    lines = [f"| DS2 | {' | '.join(LEADS)} |", f"| --- |{' --- |' * len(LEADS)}"]
    for condition in (CLEAN, SECOND, INVERTED):
        of = [row for row in rows if row["condition"] == condition]
        cells = [" / ".join(spread((100 * row[name] for row in of), 1) for name in names) for names in LEADS.values()]
        lines.append(f"| {condition} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
