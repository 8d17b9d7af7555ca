"""How the classes of heartbeats fall in noise, in another lead and with the lead inverted: beat_conditions.json.

    SCL_DATA_DIR=... python benchmarks/beat_conditions.py
    SCL_DATA_DIR=... python benchmarks/beat_conditions.py --set against=inverted --conditions inverted --seeds 0 1 2

Models of several seeds that trained on the first lead of DS1 as it was recorded (benchmarks/beat_seeds.py makes what is
missing below --work; with --set models of other options) classify the beats of DS2 that the board finds. The board is
its own C on this computer (benchmarks/beat_board.py). Noise is generated (train/data/ecg_noise.py) and added as the
noise stress test does it, behind five minutes, which do not count. Rows are kept, so the command can be interrupted.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from beat_board import Board, annotated, board_of, counts_of, judged, row_of
from beat_seeds import exported
from common import interval, spread

from scl.artifacts import write_json
from scl.artifacts.bundle import Bundle, read_front_end_bundle
from scl.artifacts.manifest import Manifest
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
    options.add_argument("--set", nargs="*", default=[], metavar="OPTION=VALUE", help="of train.ecg --task beat")
    options.add_argument("--conditions", nargs="*", help="default: all")
    options.add_argument("--work", type=Path, default=Path("build/beat-seeds"), help="runs and bundles")
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args()
    chosen = sorted(arguments.set)
    made = {seed: exported(arguments.work, "features", seed, chosen)[1] for seed in arguments.seeds}
    bundles = {seed: read_front_end_bundle(path) for seed, path in made.items()}
    path = resolve(None, mitdb.DATA_SET)
    with TemporaryDirectory() as folder:
        boards = {seed: board_of(bundle, Path(folder)) for seed, bundle in bundles.items()}
        for name, load in conditions().items():
            if not arguments.conditions or name in arguments.conditions:
                of = {"options": " ".join(chosen)} if chosen else {}
                keep(arguments.results, {**of, "condition": name}, lambda load=load: load(path), bundles, boards)


def keep(
    path: Path,
    key: dict[str, str],
    load: Callable[[], Recordings],
    bundles: dict[int, Bundle[Manifest]],
    boards: dict[int, Board],
) -> None:
    """Adds rows of a condition, and of options that are not the default, to the results, unless they are there."""
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    known = {row["seed"] for row in rows if _key(row) == (key.get("options", ""), key["condition"])}
    missing = [seed for seed in bundles if seed not in known]
    if not missing:
        return
    recordings, figures = load(), {seed: [] for seed in missing}
    for block in (b for b in recordings.blocks if b.group in mitdb.DS2):
        reference = annotated(block, recordings)
        for seed in missing:
            spec = bundles[seed].manifest.frontend
            figures[seed].append(judged(boards[seed], spec, str(block.group), counts_of(block, spec), reference))
    rows += [{**key, "seed": seed, **row_of(figures[seed])} for seed in missing]
    print(*map(json.dumps, rows[-len(missing) :]), sep="\n", flush=True)
    write_json(path, {"kind": "beat_conditions", "schema": 1, "rows": rows})


def _key(row: dict) -> tuple[str, str]:
    return row.get("options", ""), row["condition"]


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
    """Means over the seeds that were played in noise, in per cent: three lines for each kind of noise that was played
    at every ratio, a column for each ratio.
    """
    rows = [row for row in rows if not row.get("options")]
    seeds = {row["seed"] for row in rows if row["condition"].endswith(" dB")}
    rows = [row for row in rows if row["seed"] in seeds]
    played = {row["condition"] for row in rows}
    lines = [
        f"| noise | figure | none | {' | '.join(f'{snr_db} dB' for snr_db in SNR_DB)} |",
        f"| --- | --- |{' --- |' * (len(SNR_DB) + 1)}",
    ]
    for kind in NOISES:
        noisy = [f"{kind} {snr_db} dB" for snr_db in SNR_DB]
        for name, figures in FIGURES.items() if played.issuperset(noisy) else ():
            cells = [mean(rows, condition, figures) for condition in (CLEAN, *noisy)]
            lines.append(f"| {kind} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def mean(rows: list[dict], condition: str, figures: tuple[str, ...]) -> str:
    """Of seeds, in per cent."""
    of = [row for row in rows if row["condition"] == condition]
    return " / ".join(f"{interval(100 * row[figure] for row in of)[0]:.1f}" for figure in figures)


def lead_table(rows: list[dict]) -> str:
    """Means over seeds with half their 95 % intervals, in per cent: of each condition the default, then others."""
    lines = [f"| DS2 | options | seeds | {' | '.join(LEADS)} |", f"| --- | --- | --- |{' --- |' * len(LEADS)}"]
    every = dict.fromkeys(row.get("options", "") for row in rows)
    for condition, options in ((condition, options) for condition in (CLEAN, SECOND, INVERTED) for options in every):
        of = [row for row in rows if _key(row) == (options, condition)]
        if not of:
            continue
        cells = [" / ".join(spread((100 * row[name] for row in of), 1) for name in names) for names in LEADS.values()]
        lines.append(f"| {condition} | {options or 'the default'} | {len(of)} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
