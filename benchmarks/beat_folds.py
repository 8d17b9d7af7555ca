"""Cross-validates beats of MIT-BIH by record and writes results/beat_folds.json: six folds over the 44 records that are
not paced, every seed with folds of its own.

    SCL_DATA_DIR=... python benchmarks/beat_folds.py --seeds 0 1 2
    SCL_DATA_DIR=... python benchmarks/beat_folds.py --set epochs=10

Options are chosen by this, never by DS2. Without --set the default and what it is compared with are run (COMPARED).
Rows are kept by their options, so the command can be interrupted.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from common import spread

from scl import metrics
from scl.artifacts import write_json
from scl.artifacts.run import Split
from scl.threads import wait_passively
from train.data import beats, mitdb
from train.data.data_set import BOTH_LEADS, Source
from train.data.recordings import Recordings, WindowSet
from train.data.stored import resolve
from train.ecg import BEAT
from train.run.config import TrainConfig
from train.run.ecg_task import beat_spec, features_task
from train.run.evaluate import predict
from train.run.loop import Progress, fit
from train.run.session import prepared_model
from train.transformations import Disturbance

FOLDS = 6
COMPARED = (
    *([], ["method=baseline"], ["method=scl", "lambda=0.05"], ["input=causal"], ["input=waveform"], ["input=both"]),
    *(["input=both", "widths=64"], ["peaks=annotated"]),
)
SHOWN = {  # columns of the table
    "macro F1": ("macro F1",),
    "S Se / PPV": ("S Se", "S PPV"),
    "V Se / PPV": ("V Se", "V PPV"),
    "macro F1 without 232": ("macro F1 without 232",),
    "class kept in copies": ("consistency",),
}
LESS = "macro F1 less the default's, with / without 232"
RESULTS = Path(__file__).parent / "results" / "beat_folds.json"
SILENT = Progress(lambda epoch, figures: None, lambda done, total: None)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options.add_argument("--set", nargs="*", default=[], metavar="OPTION=VALUE", help="of train.ecg --task beat")
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args()
    wait_passively()
    torch.set_num_threads(1)
    recordings = mitdb.DATA_SET.load(resolve(None, mitdb.DATA_SET), BOTH_LEADS)
    for changed in [arguments.set] if arguments.set else COMPARED:
        config = BEAT.changed(**dict(option(pair) for pair in changed))
        for seed in arguments.seeds:
            keep(arguments.results, " ".join(sorted(changed)), seed, recordings, config)


def keep(path: Path, options: str, seed: int, recordings: Recordings, config: TrainConfig) -> None:
    """Adds a row to the results unless it is there."""
    if any((row["options"], row["seed"]) == (options, seed) for row in rows_of(path)):
        return
    windows = all_windows(recordings, config, annotated=False)
    trained = windows if config.window.peaks == "detected" else all_windows(recordings, config, annotated=True)
    row = {"options": options, "seed": seed, **figures(*cross_validated(windows, trained, recordings, config, seed))}
    print(json.dumps(row), flush=True)
    rows = rows_of(path)
    write_json(path, {"kind": "beat_folds", "schema": 1, "folds": FOLDS, "rows": [*rows, row]})


def rows_of(path: Path) -> list[dict]:
    """What was kept so far."""
    return json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []


def all_windows(recordings: Recordings, config: TrainConfig, annotated: bool) -> WindowSet:
    """Beats of all records that are not paced, with their copies."""
    found = beats.versions(recordings, beat_spec(config), Disturbance.of(config.method.against).kinds, annotated)
    return beats.windows(found, (*mitdb.DS1, *mitdb.DS2), mitdb.RHYTHM)


def table(rows: list[dict]) -> str:
    """Means over seeds with half their 95 % intervals, in per cent, a line for each set of options; and the mean of the
    differences from the default with the same folds.
    """
    lines = [f"| options | seeds | {' | '.join(SHOWN)} | {LESS} |", f"| --- | --- |{' --- |' * len(SHOWN)} --- |"]
    for options in dict.fromkeys(row["options"] for row in rows):
        of = [row for row in rows if row["options"] == options]
        cells = [" / ".join(spread((100 * row[name] for row in of), 1) for name in names) for names in SHOWN.values()]
        cells.append(" / ".join(_less(rows, of, name) for name in SHOWN["macro F1"] + SHOWN["macro F1 without 232"]))
        lines.append(f"| {options or 'the default, augment'} | {len(of)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _less(rows: list[dict], of: list[dict], name: str) -> str:
    """A figure of rows less that of the default with the same seed."""
    default = {row["seed"]: row[name] for row in rows if not row["options"]}
    pairs = [100 * (row[name] - default[row["seed"]]) for row in of if row["options"] and row["seed"] in default]
    return spread(pairs, 1) if pairs else "-"


def option(pair: str) -> tuple[str, int | float | str]:
    """An option's name and value, of NAME=VALUE, as a TOML file has them."""
    name, text = pair.split("=", 1)
    for kind in () if isinstance(BEAT.as_dict()[name.rstrip("_")], str) else (int, float):
        try:
            return name, kind(text)
        except ValueError:
            continue
    return name, text


def folds(seed: int) -> list[list[int]]:
    """Records of each fold; the two of one patient in the same one."""
    records = [r for r in (*mitdb.DS1, *mitdb.DS2) if r != mitdb.SAME_PATIENT[1]]
    parts = [part.tolist() for part in np.array_split(np.random.default_rng(seed).permutation(records), FOLDS)]
    return [[*part, mitdb.SAME_PATIENT[1]] if mitdb.SAME_PATIENT[0] in part else part for part in parts]


def cross_validated(
    windows: WindowSet, trained: WindowSet, recordings: Recordings, config: TrainConfig, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Labels, classes and records of all beats, each of the model that did not see its record; mean consistency.

    Args:
        trained: the same records' beats as they train.
    """
    classes = np.full(len(windows), -1)
    consistent: list[float] = []
    for test in folds(seed):
        inside = np.isin(windows.groups, test)
        part = trained.take(~np.isin(trained.groups, test))
        rest = tuple(sorted(set(windows.groups.tolist()) - set(test)))
        split = Split(f"fold of {FOLDS}, by record", False, seed, rest, (), tuple(sorted(test)))
        task = features_task("beat", recordings, Source("mitdb", {}), config, split, {"train": part})
        model, _ = prepared_model(task, config.changed(seed=seed), "fold", torch.device("cpu"))
        with TemporaryDirectory() as folder:
            fit(
                *(model, part, task.transformation, config.changed(seed=seed), lambda m: {}, SILENT, Path(folder)),
                torch.device("cpu"),
                task.vary,
            )
        x = torch.from_numpy(windows.x[inside])
        each = [predict(model, x[:, :, k : k + 1])[1].argmax(axis=1) for k in range(x.shape[2])]
        classes[inside] = each[0]
        consistent += [float((each[0] == other).mean()) for other in each[1:]]
    return windows.labels, classes, windows.groups, float(np.mean(consistent))


def figures(labels: np.ndarray, classes: np.ndarray, records: np.ndarray, consistency: float) -> dict[str, float]:
    """Macro F1, and sensitivity and precision of S and V, with all records and without 232."""
    row: dict[str, float] = {"consistency": round(consistency, 5)}
    for suffix, kept in (("", records > 0), (" without 232", records != 232)):
        row["macro F1" + suffix] = round(metrics.macro_f1(labels[kept], classes[kept]), 4)
        for name, place in (("S", 1), ("V", 2)):
            hits = ((labels == place) & (classes == place) & kept).sum()
            row[f"{name} Se{suffix}"] = round(float(hits / ((labels == place) & kept).sum()), 4)
            row[f"{name} PPV{suffix}"] = round(float(hits / max(((classes == place) & kept).sum(), 1)), 4)
    return row


if __name__ == "__main__":
    main()
