"""Decisions of a WISDM watch model over time, in the integers that a board has.

    SCL_DATA_DIR=... python benchmarks/decisions.py

Of each fold the default model, its int8 logits from TensorFlow Lite Micro, which are the board's. Windows of 10 s, each
by itself first. Then sequences: WISDM's blocks hold one activity each, so the windows of each test subject are cut into
bouts of a length, the bouts are put in a random order, and the filter runs over all. Temperature and margin are fitted
on the validation subjects, whose windows are joined in the same way; the margin so that 90 % of them are answered.
Figures are of the 18 classes and, from the same answers, with the classes of a group as one, for two GROUPINGS. A
run that is there is not trained again; each takes some minutes.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import encoder, into, spread

from scl.artifacts import read_npz, write_json
from scl.artifacts.decision import Decision
from scl.artifacts.label_groups import LabelGroups
from scl.artifacts.npz_files import write_npz
from scl.artifacts.run import read_run_info
from scl.belief import ONE, DecisionSettings, decide_alone, decide_stream
from scl.group_figures import grouped
from scl.metrics import accuracy, macro_f1
from scl.temperature import expected_calibration_error, fitted_temperature

RESULTS = Path(__file__).parent / "results" / "decisions.json"
FOLDS = 5
SENSORS = ("accel+gyro", "accel")
WINDOW_S = 10
BOUTS_S = (20, 30, 60, 180)
STAYS_S = (60, None)  # of the filter: for a length that fits none but one, and for the one that is played
ORDERS = 10
COVERAGE = 0.9
EATING = "eating=soup+chips+pasta+drinking+sandwich"
GROUPINGS = {
    "eating as one": EATING,
    # Weiss, Yoneda and Hayajneh, IEEE Access 7, 2019: not hand-oriented, hand-oriented general, hand-oriented eating.
    "WISDM's three": "legs=walking+jogging+stairs+sitting+standing+kicking,"
    f"hands=typing+writing+clapping+teeth+folding+catch+dribbling,{EATING}",
}
Levels = dict[str, np.ndarray]  # the group's number of each class, by grouping
FIGURES = ("accuracy", "macro_f1", "answered_macro_f1", "coverage", "delay_s", "never", "changes_per_hour")


@dataclass(frozen=True, eq=False)
class Windows:
    """Int8 logits (n, classes), labels and subjects (n,) of windows in the order of recording."""

    logits: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    scale: float

    @property
    def values(self) -> np.ndarray:
        """The logits in units; a zero point changes no softmax."""
        return self.logits.astype(float) * self.scale


@dataclass(frozen=True, eq=False)
class Played:
    """Sequences of one subject side by side: logits (windows, orders, classes), labels and bouts (windows, orders)."""

    logits: np.ndarray
    labels: np.ndarray
    bouts: np.ndarray


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=Path, default=Path("runs/decisions"), help="where the run folders are")
    options.add_argument("--folds", type=int, default=FOLDS, help="the first so many of the five")
    options.add_argument("--sensors", choices=SENSORS, action="append", help="default: both sets")
    options.add_argument("--results", type=Path, default=RESULTS, help="JSON to write (default in benchmarks/results)")
    arguments = options.parse_args()
    rows = []
    for sensors in arguments.sensors or SENSORS:
        for fold in range(arguments.folds):
            run = trained(arguments.runs, sensors, fold)
            labels = read_run_info(run).labels
            levels = {name: LabelGroups.parse(text).numbers(labels) for name, text in GROUPINGS.items()}
            rows += measured(sensors, fold, levels, *logits_of(run))
            document = {"kind": "benchmark", "schema": 1, "encoder": encoder(), "orders": ORDERS, "rows": rows}
            write_json(arguments.results, document)
    print(table(rows), groups_table(rows), sep="\n\n")


def trained(runs: Path, sensors: str, fold: int) -> Path:
    """The run of a fold, trained and calibrated if it is not there."""
    run = runs / f"{'both' if sensors == SENSORS[0] else sensors}-{fold}"
    for made, command in (
        ("metrics.json", ["train.imu", "--sensors", sensors, "--split", "fold", "--seed", str(fold), *into(run)]),
        ("ranges.json", ["calibration.ranges", str(run)]),
    ):
        if not (run / made).is_file():
            subprocess.run([sys.executable, "-m", *command], env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True)
    return run


def logits_of(folder: Path) -> tuple[Windows, Windows]:
    """Of the validation windows and of the test windows of a run, in int8; kept beside it, until it is made anew."""
    from export.decision import logits_of as logits
    from export.model import quantized
    from export.network.layers import LOGITS
    from export.sensor import sensor_for
    from scl.artifacts.ranges import read_ranges
    from train.run.folder import load_run

    kept = folder.with_suffix(".npz")
    if not kept.is_file() or kept.stat().st_mtime < (folder / "ranges.json").stat().st_mtime:
        run = load_run(folder)
        model = quantized(run, read_ranges(folder), sensor_for(run.info, None), None)
        arrays = {"scale": np.array(model.network.activations[LOGITS].scale, float)}
        for part in ("validation", "test"):
            values, windows = logits(run, model, part, None, 1_000_000)
            arrays |= {f"{part}_logits": values, f"{part}_labels": windows.labels, f"{part}_groups": windows.groups}
        write_npz(kept, **arrays)
    names = (f"{part}_{name}" for part in ("validation", "test") for name in ("logits", "labels", "groups"))
    found = read_npz(kept, "scale", *names)
    parts = [
        Windows(*(found[f"{part}_{name}"] for name in ("logits", "labels", "groups")), float(found["scale"]))
        for part in ("validation", "test")
    ]
    return parts[0], parts[1]


def measured(sensors: str, fold: int, levels: Levels, validation: Windows, test: Windows) -> list[dict]:
    """The rows of one fold."""
    temperature = fitted_temperature(validation.values, validation.labels)
    rows = [{"sensors": sensors, "fold": fold, "bout_s": 0, "stay_s": 0} | alone(levels, temperature, validation, test)]
    for bout_s in BOUTS_S:
        both = [list(played(windows, bout_s)) for windows in (validation, test)]
        for stay_s in STAYS_S:
            settings = settings_of(temperature, test.scale, stay_s or bout_s)
            row = {"sensors": sensors, "fold": fold, "bout_s": bout_s, "stay_s": stay_s or bout_s}
            if row not in [{key: done[key] for key in row} for done in rows]:
                rows.append(row | over_time(levels, settings, *both))
    return rows


def settings_of(temperature: float, scale: float, bout_s: float | None, unsure: float = 0.0) -> DecisionSettings:
    """For windows behind each other, without overlap."""
    return Decision(temperature, bout_s, unsure).settings(scale, WINDOW_S, WINDOW_S)


def alone(levels: Levels, temperature: float, validation: Windows, test: Windows) -> dict:
    """Each window by itself."""
    decisions = {t: decide_alone(settings_of(t, test.scale, None), test.logits) for t in (1.0, temperature)}
    answers = decisions[temperature].answers
    right = answers == test.labels
    errors = [expected_calibration_error(decided.confidences / ONE, right) for decided in decisions.values()]
    one = [Played(windows.logits[:, None], windows.labels[:, None], None) for windows in (validation, test)]
    settings = settings_of(temperature, test.scale, None)
    margin = margin_of(settings, [one[0]])
    sure = decide_alone(unsure_below(settings, margin), test.logits).answers
    return {
        "temperature": temperature,
        "ece_before": errors[0],
        "ece": errors[1],
        "accuracy": accuracy(test.labels, answers),
        "macro_f1": macro_f1(test.labels, answers),
        "margin": margin / ONE,
        **answered(test.labels, sure),
        "groups": of_groups(levels, test.labels, answers, sure),
    }


def of_groups(levels: Levels, labels: np.ndarray, answers: np.ndarray, sure: np.ndarray) -> dict:
    """Figures of the same answers (n,) with the classes of a group as one, and of those that are answered, by
    grouping.
    """
    found = {}
    for name, numbers in levels.items():
        truth, taken = grouped(labels, numbers), grouped(answers, numbers)
        figures = {"accuracy": accuracy(truth, taken), "macro_f1": macro_f1(truth, taken)}
        found[name] = figures | answered(truth, grouped(sure, numbers))
    return found


def answered(labels: np.ndarray, sure: np.ndarray) -> dict:
    """Coverage and macro F1 of what is answered."""
    known = sure >= 0
    return {"coverage": float(known.mean()), "answered_macro_f1": macro_f1(labels[known], sure[known])}


def played(windows: Windows, bout_s: int) -> Iterator[Played]:
    """Each subject's windows cut into bouts, in ORDERS random orders; an activity's last bout may be shorter."""
    length = bout_s // WINDOW_S
    for group in np.unique(windows.groups):
        rows, rng = np.flatnonzero(windows.groups == group), np.random.default_rng(int(group))
        edges = np.flatnonzero(np.diff(windows.labels[rows])) + 1
        blocks = np.split(rows, edges)
        bouts = [block[at : at + length] for block in blocks for at in range(0, len(block), length)]
        orders = [rng.permutation(len(bouts)) for _ in range(ORDERS)]
        index = np.stack([np.concatenate([bouts[number] for number in order]) for order in orders], axis=1)
        numbers = np.stack([np.repeat(order, [len(bouts[number]) for number in order]) for order in orders], axis=1)
        yield Played(windows.logits[index], windows.labels[index], numbers)


def unsure_below(settings: DecisionSettings, margin: int) -> DecisionSettings:
    """The same settings with a margin in 2^-15."""
    return DecisionSettings(settings.slope, settings.evidence, settings.stay, margin)


def margin_of(settings: DecisionSettings, sequences: list[Played]) -> int:
    """The largest margin with which COVERAGE of these windows is answered, by bisection."""
    low, high = 0, ONE
    while high - low > ONE // 256:
        middle = (low + high) // 2
        found = [decide_stream(unsure_below(settings, middle), one.logits).answers >= 0 for one in sequences]
        share = np.concatenate([known.ravel() for known in found]).mean()
        low, high = (middle, high) if share >= COVERAGE else (low, middle)
    return low


def over_time(levels: Levels, settings: DecisionSettings, validation: list[Played], test: list[Played]) -> dict:
    """The filter along the sequences."""
    answers = [decide_stream(settings, one.logits).answers for one in test]
    margin = margin_of(settings, validation)
    sure = [decide_stream(unsure_below(settings, margin), one.logits).answers for one in test]
    labels = np.concatenate([one.labels.ravel() for one in test])
    flat, some = (np.concatenate([found.ravel() for found in parts]) for parts in (answers, sure))
    return {
        "accuracy": accuracy(labels, flat),
        "macro_f1": macro_f1(labels, flat),
        "margin": margin / ONE,
        **answered(labels, some),
        "groups": of_groups(levels, labels, flat, some),
        **within_bouts(test, answers),
        "alone_changes_per_hour": within_bouts(test, [one.logits.argmax(axis=-1) for one in test])["changes_per_hour"],
    }


def within_bouts(sequences: list[Played], answers: list[np.ndarray]) -> dict:
    """Seconds from a bout's begin to the end of its first right window, the share of bouts without one, and how often
    the answer changes within a bout, an hour.
    """
    delays, bouts, changes, pairs = [], 0, 0, 0
    for one, found in zip(sequences, answers, strict=True):
        for order in range(one.labels.shape[1]):
            begins = np.flatnonzero(np.diff(one.bouts[:, order], prepend=-1))
            for begin, end in zip(begins, [*begins[1:], len(one.labels)], strict=True):
                right = np.flatnonzero(found[begin:end, order] == one.labels[begin:end, order])
                bouts, pairs = bouts + 1, pairs + end - begin - 1
                changes += int((np.diff(found[begin:end, order]) != 0).sum())
                delays += [(right[0] + 1) * WINDOW_S] if len(right) else []
    return {
        "delay_s": float(np.mean(delays)),
        "never": 1 - len(delays) / bouts,
        "changes_per_hour": 3600 * changes / (pairs * WINDOW_S),
    }


def table(rows: list[dict]) -> str:
    """Markdown: mean over the folds and half the 95 % interval."""
    head = ["sensors", "bouts", "filter for", "folds", "macro F1", "accuracy", "macro F1 of 90 %", "answered"]
    head += ["delay, s", "never right", "changes an hour", "without filter", "ECE before", "ECE"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for key in dict.fromkeys((row["sensors"], row["bout_s"], row["stay_s"]) for row in rows):
        found = [row for row in rows if (row["sensors"], row["bout_s"], row["stay_s"]) == key]
        sensors, bout_s, stay_s = key
        names = ("macro_f1", "accuracy", "answered_macro_f1", "coverage")
        cells = [spread(row[name] for row in found) for name in names]
        figures = [("delay_s", 1), ("never", 3), ("changes_per_hour", 0), ("alone_changes_per_hour", 0)]
        for name, digits in (*figures, ("ece_before", 3), ("ece", 3)):
            cells.append(spread((row[name] for row in found), digits) if name in found[0] else "-")
        about = (sensors, f"{bout_s} s" if bout_s else "windows alone", f"{stay_s} s" if stay_s else "-")
        lines.append(f"| {' | '.join((*about, str(len(found)), *cells))} |")
    return "\n".join(lines)


def groups_table(rows: list[dict]) -> str:
    """Markdown: macro F1, accuracy and macro F1 of the answered of every grouping, the filter told the right length."""
    head = ["sensors", "bouts", "folds", "classes: macro F1", "accuracy", "of 90 %"]
    head += [f"{name}{what}" for name in GROUPINGS for what in (": macro F1", ", accuracy", ", of 90 %")]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    rows = [row for row in rows if row["stay_s"] in (0, row["bout_s"])]
    for sensors, bout_s in dict.fromkeys((row["sensors"], row["bout_s"]) for row in rows):
        own = [row for row in rows if (row["sensors"], row["bout_s"]) == (sensors, bout_s)]
        levels = [own, *([row["groups"][name] for row in own] for name in GROUPINGS)]
        names = ("macro_f1", "accuracy", "answered_macro_f1")
        cells = [spread(row[name] for row in level) for level in levels for name in names]
        about = (sensors, f"{bout_s} s" if bout_s else "windows alone", str(len(own)))
        lines.append(f"| {' | '.join((*about, *cells))} |")
    return "\n".join(lines)


def loaded() -> list[dict]:
    """The rows of the results; none before the benchmark has run."""
    return json.loads(RESULTS.read_text("utf-8"))["rows"] if RESULTS.is_file() else []


if __name__ == "__main__":
    main()
