"""Does the variant part of SCL's latent tell that the sensor is worn differently, and better than gravity does?

    SCL_DATA_DIR=... python benchmarks/change_of_wear.py --runs runs/scl_control

The runs are those of scl_control.py, which makes them: raw channels of the WISDM watch, in float.
A pair is two windows of one test subject, of the same activity or of any two; the second one is as recorded, or turned
by a known angle about a random axis. A score should be larger where it was turned: the distance between the two latents
(1 - cosine, of one part or of the whole), the angle between the two mean accelerations, or what a linear probe of
training subjects makes of the same: a ridge regression of the angle on the absolute differences. Scores are of single
windows, and of six behind each other before and after, whose latents or accelerations are averaged. The figure is the
area under the ROC curve of turned against not turned, one for each subject, over all of his or her activities; .5 tells
nothing.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import encoder
from scl_control import POINTS

from scl.artifacts import write_json
from scl.metrics import cluster_interval, cosine
from scl.transforms import rotate, rotation_matrices
from train.data.recordings import WindowSet
from train.data.stored import windows_for_run
from train.run.folder import Run, load_run

RESULTS = Path(__file__).parent / "results" / "change_of_wear.json"
LOSSES = ("SCL", "SCL, mean of all negatives", "SCL, mean of all, floor .1")
ANGLES = (10, 20, 45, 90, 180)  # degrees
TOGETHER = 6  # windows that are turned alike
OTHERS = 4  # that a window, or six together, is compared with
PROBED = 12  # training subjects that probes are fitted on
GRAVITY = "gravity"
RIDGE = 1.0
Spans = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Views:
    """Features (windows, d) of windows as recorded and, by the angle, turned; those of one TOGETHER lie behind each
    other and are turned alike.

    Attributes:
        features: by angle, 0 as recorded, and part: those of the latent, "whole", and the mean acceleration, GRAVITY.
        labels, subjects: (windows,).
    """

    features: dict[int, Spans]
    labels: np.ndarray
    subjects: np.ndarray

    def averaged(self, length: int) -> "Views":
        """So many windows as one."""

        def mean(values: np.ndarray) -> np.ndarray:
            return np.asarray(values.reshape(-1, length, values.shape[1]).mean(axis=1))

        features = {angle: {name: mean(x) for name, x in parts.items()} for angle, parts in self.features.items()}
        return Views(features, self.labels[::length], self.subjects[::length])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=Path, default=Path("runs/scl_control"), help="runs of scl_control.py")
    options.add_argument("--folds", type=int, default=2, help="the first so many of the five")
    options.add_argument("--results", type=Path, default=RESULTS, help="JSON to write (default in benchmarks/results)")
    arguments = options.parse_args()
    figures: list[dict] = []
    for loss in LOSSES:
        for fold in range(arguments.folds):
            run = load_run(arguments.runs / f"{list(POINTS).index(loss)}-{fold}")
            figures += [{"loss": loss, "fold": fold} | row for row in measured(run)]
    rows = summarized(figures)
    document = {"kind": "benchmark", "schema": 1, "encoder": encoder(), "folds": arguments.folds, "rows": rows}
    write_json(arguments.results, document)
    print(table(rows))


def measured(run: Run) -> Iterator[dict]:
    """Of every score, pairs and windows that are averaged: area and error of the probe of each test subject."""
    test = views(run, windows_for_run(run.info, "test"), seed=0)
    train = windows_for_run(run.info, "train")
    known = np.unique(train.groups)[:PROBED]
    fitted_on = views(run, train.take(np.flatnonzero(np.isin(train.groups, known))), seed=1)
    for length in (1, TOGETHER):
        judged, training = test.averaged(length), fitted_on.averaged(length)
        for same in (True, False):
            before, after = pairs(judged, same)
            probe_pairs = pairs(training, same)
            for part in judged.features[0]:
                about = {"part": part, "together": length, "same_activity": same}
                by_angle = {angle: distances(judged, part, angle, before, after) for angle in (0, *ANGLES)}
                weights = probe(training, part, *probe_pairs)
                read = {angle: difference(judged, part, angle, before, after) @ weights for angle in (0, *ANGLES)}
                for subject in np.unique(judged.subjects):
                    rows = judged.subjects[before] == subject
                    yield about | {
                        "subject": int(subject),
                        "area": areas({angle: found[rows] for angle, found in by_angle.items()}),
                        "probe_area": areas({angle: found[rows] for angle, found in read.items()}),
                        "probe_error_deg": float(
                            np.mean([np.abs(np.clip(found[rows], 0, 180) - a).mean() for a, found in read.items()])
                        ),
                    }


def views(run: Run, windows: WindowSet, seed: int) -> Views:
    """Whole groups of TOGETHER windows of one block, as recorded and turned about a random axis by each angle."""
    import torch

    from train.run.evaluate import predict

    torch.set_num_threads(1)
    chosen = together(windows)
    x = windows.x[chosen]
    axes = np.random.default_rng(seed).normal(size=(len(chosen) // TOGETHER, 3))
    axes = np.repeat(axes / np.linalg.norm(axes, axis=1, keepdims=True), TOGETHER, axis=0)
    features = {}
    for angle in (0, *ANGLES):
        half = np.deg2rad(angle) / 2
        turns = rotation_matrices(np.column_stack([np.full(len(axes), np.cos(half)), np.sin(half) * axes]))
        turned = rotate(x.astype(np.float64), turns).astype(np.float32)
        latent = predict(run.model, torch.from_numpy(turned))[0]
        parts = {name: latent[:, columns] for name, columns in run.info.partition.slices.items()}
        features[angle] = {**parts, "whole": latent, GRAVITY: turned[:, :3].mean(axis=2)}
    return Views(features, windows.labels[chosen], windows.groups[chosen])


def together(windows: WindowSet) -> np.ndarray:
    """Rows of windows, TOGETHER of a block behind each other; what is left of a block is left out."""
    assert windows.blocks is not None and windows.starts is not None
    order = np.lexsort((windows.starts, windows.blocks))
    edges = np.flatnonzero(np.diff(windows.blocks[order])) + 1
    return np.concatenate([rows[: len(rows) // TOGETHER * TOGETHER] for rows in np.split(order, edges)])


def pairs(found: Views, same: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows before and after, of the same subject: each row with OTHERS random ones of the same activity or of any."""
    rng, before, after = np.random.default_rng(0), [], []
    for row, (label, subject) in enumerate(zip(found.labels, found.subjects, strict=True)):
        others = (found.subjects == subject) & ((found.labels == label) if same else True)
        others[row] = False
        rows = np.flatnonzero(others)
        picked = rng.choice(rows, min(OTHERS, len(rows)), replace=False)
        before.append(picked)
        after.append(np.full(len(picked), row))
    return np.concatenate(before), np.concatenate(after)


def distances(found: Views, part: str, angle: int, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """1 - cosine of pairs of which the second is turned by an angle: it grows with the angle between two vectors."""
    return np.asarray(1 - cosine(found.features[0][part][before], found.features[angle][part][after]))


def difference(found: Views, part: str, angle: int, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """What a probe reads of pairs: absolute differences (pairs, d), their distance, and 1, (pairs, d + 2)."""
    apart = np.abs(found.features[0][part][before] - found.features[angle][part][after])
    return np.column_stack([apart, distances(found, part, angle, before, after), np.ones(len(before))])


def probe(found: Views, part: str, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Weights (d + 2,) of a ridge regression of the angle in degrees, over pairs at every angle, on standardized
    columns.
    """
    x = np.concatenate([difference(found, part, angle, before, after) for angle in (0, *ANGLES)]).astype(np.float64)
    y = np.repeat((0, *ANGLES), len(before)).astype(np.float64)
    mean, std = x[:, :-1].mean(axis=0), np.maximum(x[:, :-1].std(axis=0), 1e-9)
    z = (x[:, :-1] - mean) / std
    weights = np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ (y - y.mean())) / std
    return np.append(weights, y.mean() - mean @ weights)


def areas(scores: dict[int, np.ndarray]) -> list[float]:
    """Area under the ROC curve of each angle's scores (n,) against those of 0 degrees."""
    from sklearn.metrics import roc_auc_score

    truth = np.repeat([0, 1], len(scores[0]))
    return [float(roc_auc_score(truth, np.concatenate([scores[0], scores[angle]]))) for angle in ANGLES]


def summarized(figures: list[dict]) -> list[dict]:
    """Means over the subjects of all folds, with 95 % intervals by subject; gravity is the same for every loss, and
    what a score is ahead of gravity by is paired.
    """
    rows = []
    keys = ("loss", "part", "together", "same_activity")
    for key in dict.fromkeys(tuple(row[name] for name in keys) for row in figures):
        own = [row for row in figures if tuple(row[name] for name in keys) == key]
        rival = [row for row in figures if tuple(row[name] for name in keys) == (key[0], GRAVITY, *key[2:])]
        if key[1] == GRAVITY and key[0] != LOSSES[0]:
            continue
        row = dict(zip(keys, key, strict=True)) | {"subjects": len(own), "angles": list(ANGLES)}
        for name in ("area", "probe_area"):
            values, others = np.array([one[name] for one in own]), np.array([one[name] for one in rival])
            row[name] = [described(column) for column in values.T]
            row[f"{name}_ahead"] = [described(column) for column in (values - others).T]
        rows.append(row | {"probe_error_deg": described(np.array([one["probe_error_deg"] for one in own]))})
    return rows


def described(values: np.ndarray) -> list[float]:
    """Mean over subjects (n,) and the ends of its 95 % interval."""
    return [float(values.mean()), *cluster_interval(values, np.arange(len(values)))]


def table(rows: list[dict]) -> str:
    """Markdown: the angle of gravity, the variant part of each loss, the other parts of the paper's; of pairs of any
    activity the first two alone.
    """
    head = [
        "distance of",
        "windows",
        "activity",
        *(f"{angle} deg" for angle in ANGLES),
        "probe, 45 deg",
        "probe, error",
    ]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for together_, same in ((1, True), (1, False), (TOGETHER, True), (TOGETHER, False)):
        for row in sorted(rows, key=lambda row: (row["part"] != GRAVITY, LOSSES.index(row["loss"]))):
            paper = row["loss"] == LOSSES[0]
            shown = paper or row["part"] == "variant" if same else paper and row["part"] in (GRAVITY, "variant")
            if (row["together"], row["same_activity"]) != (together_, same) or not shown:
                continue
            what = "mean acceleration" if row["part"] == GRAVITY else f"{row['part']}, {row['loss']}"
            cells = [_cell(found) for found in (*row["area"], row["probe_area"][ANGLES.index(45)])]
            error = f"{row['probe_error_deg'][0]:.0f} deg"
            about = (what, str(together_), "the same" if same else "any")
            lines.append(f"| {' | '.join((*about, *cells, error))} |")
    return "\n".join(lines)


def _cell(found: list[float]) -> str:
    return "{:.2f} ({:.2f} to {:.2f})".format(*found)


def loaded() -> list[dict]:
    """The rows of the results."""
    return json.loads(RESULTS.read_text("utf-8"))["rows"]


if __name__ == "__main__":
    main()
