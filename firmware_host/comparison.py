"""Compares two validation reports: in pairs over the windows that both have, by their samples; else apart."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from firmware_host.beat_validation import BeatValidation
from firmware_host.breakdown_types import AngleBin, ShiftBin
from firmware_host.validation import Validation
from firmware_host.windows_reader import Windows
from scl import metrics
from scl.artifacts.fields import MOST_LABELS, Whole
from scl.artifacts.json_files import Artifact
from scl.artifacts.label_groups import LabelGroups
from scl.artifacts.provenance import Provenance
from scl.metrics import interval_if_several
from scl.robustness import Interval

COMPARISON = "compare.json"


@dataclass(frozen=True)
class Difference:
    """A figure of both reports.

    Attributes:
        a, b: over the windows that are compared.
        difference: b minus a; difference_ci95 clustered by group, None for a single group.
        rows: windows or copies of each that it is over.
        beyond: whether the interval leaves out 0; None without one.
    """

    name: str
    a: float
    b: float
    difference: float
    difference_ci95: Interval | None
    rows: tuple[Whole, Whole]
    beyond: bool | None


@dataclass(frozen=True)
class Fact:
    """What is not a mean over windows, as a text of each report; `same` if both are equal."""

    name: str
    a: str
    b: str
    same: bool


@dataclass(frozen=True)
class Side:
    """One of the two reports: its folder, what it is called, and its points by angle or shift."""

    folder: str
    name: str
    by_angle: tuple[AngleBin, ...]
    by_shift: tuple[ShiftBin, ...]


@dataclass(frozen=True)
class Comparison(Artifact):
    """compare.json.

    Attributes:
        paired: whether the figures are over the same windows.
        why: over which windows they are, in words.
        battery: macro F1 of each nuisance and strength that both have, over the windows that both have.
        same_answers: rows that both have and that got the same class; None where they are not paired, and of
            heartbeats.
    """

    a: Side
    b: Side
    paired: bool
    why: str
    same_answers: Whole | None
    differences: tuple[Difference, ...]
    classes: tuple[Difference, ...]
    facts: tuple[Fact, ...]
    provenance: Provenance
    battery: tuple[Difference, ...] = ()

    kind = "comparison"
    schema = 2
    advice = "compare again with python -m firmware_host.report"


Values = Callable[[Windows], np.ndarray]  # (rows,), NaN where a row does not count


def figures(
    a: Windows, b: Windows, groups: LabelGroups
) -> tuple[bool, str, int | None, list[Difference], list[Difference]]:
    """Whether they were paired, over which rows in words, equal answers, and the differences: of all, with the classes
    of a group as one too, and by class.
    """
    rows = common(a, b)
    paired = bool(len(rows[0]))
    why = _paired_over(a, b, len(rows[0]))
    if paired:
        a, b = taken(a, rows[0]), taken(b, rows[1])
    same = int((a.predicted == b.predicted).sum()) if paired else None
    overall = [row for name, values in MEANS for row in _mean(name, values, a, b, paired)]
    overall += _macro_f1(a, b, paired)
    if groups:
        x, y = _grouped(a, groups.group_of), _grouped(b, groups.group_of)
        of_groups = [row for name, values in ACCURACIES for row in _mean(name, values, x, y, paired)]
        of_groups += _macro_f1(x, y, paired)
        overall += [replace(row, name=f"{row.name}, groups of classes") for row in of_groups]
    labels = sorted({*a.label[a.copy], *b.label[b.copy]} - {""})[:MOST_LABELS]
    classes = [row for label in labels for row in _mean(label, partial(_of_class, label), a, b, paired)]
    return paired, why, same, overall, classes


def label_groups(a: Validation, b: Validation) -> LabelGroups:
    """Those of both reports, or of the one that has some; none if they have different ones."""
    known = [v.label_groups.groups for v in (a, b) if v.label_groups is not None]
    return LabelGroups(known[0] if known and known[0] == known[-1] else ())


def _grouped(windows: Windows, group_of: dict[str, str]) -> Windows:
    """The same rows, with groups in place of classes."""
    label, predicted = (
        np.array([group_of.get(name, name) for name in names], object) for names in (windows.label, windows.predicted)
    )
    correct = np.where(np.isnan(windows.correct), np.nan, label == predicted)
    return replace(windows, label=label, predicted=predicted, correct=correct)


def common(a: Windows, b: Windows) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `a` and of `b` that hold the same samples, of windows that hold the same samples. The same samples a
    second time are the second row of the other.
    """
    places = {key: row for row, key in enumerate(_numbered(b))}
    pairs = [(row, places[key]) for row, key in enumerate(_numbered(a)) if key in places]
    first, second = np.array(pairs, int).reshape(-1, 2).T
    return first, second


def taken(windows: Windows, rows: np.ndarray) -> Windows:
    """Some rows, in this order."""
    arrays = {name: values[rows] for name, values in vars(windows).items() if name != "keys"}
    return Windows(keys=[windows.keys[row] for row in rows], **arrays)


def _numbered(windows: Windows) -> Iterator[tuple[object, ...]]:
    seen: Counter[object] = Counter()
    for key, copy in zip(windows.keys, windows.copy.tolist(), strict=True):
        yield (*key, copy, seen[key, copy])
        seen[key, copy] += 1


def _paired_over(a: Windows, b: Windows, count: int) -> str:
    total = len(a.keys), len(b.keys)
    if not count:
        return (
            f"not paired: no window of A ({total[0]:,} rows) has the samples of one of B ({total[1]:,}); the data, "
            "the sensor or the seed differ, so each report's figures are over its own windows"
        )
    if total == (count, count):
        return f"paired over all {count:,} windows and copies, which have the same samples in both"
    return f"paired over the {count:,} windows and copies that both have, of {total[0]:,} in A and {total[1]:,} in B"


def _of_class(label: str, windows: Windows) -> np.ndarray:
    return np.where((windows.label == label) & windows.copy, windows.correct, np.nan)


ACCURACIES: tuple[tuple[str, Values], ...] = (
    ("Accuracy, as recorded", lambda w: np.where(w.copy, np.nan, w.correct)),
    ("Accuracy, transformed", lambda w: np.where(w.copy, w.correct, np.nan)),
)
MEANS: tuple[tuple[str, Values], ...] = (
    *ACCURACIES,
    ("Consistency", lambda w: np.where(w.copy & w.kept, w.consistent, np.nan)),
    ("Similarity, invariant features", lambda w: np.where(w.copy, w.similarity, np.nan)),
)


def _mean(name: str, values: Values, a: Windows, b: Windows, paired: bool) -> Iterator[Difference]:
    """The difference of a mean; nothing where a report has no such figure."""
    first, second = values(a), values(b)
    known = ~np.isnan(first), ~np.isnan(second)
    if paired:
        known = (known[0] & known[1],) * 2
    x, y, groups = first[known[0]], second[known[1]], (a.group[known[0]], b.group[known[1]])
    if not x.size or not y.size:
        return
    between = None
    if paired:
        between = interval_if_several(y - x, groups[0])
    elif min(len(np.unique(group)) for group in groups) > 1:
        between = metrics.difference_interval(y, groups[1], x, groups[0])
    yield difference(name, float(x.mean()), float(y.mean()), between, (x.size, y.size))


def _macro_f1(a: Windows, b: Windows, paired: bool) -> Iterator[Difference]:
    """Macro F1 of the windows as recorded and of all copies together, where both have the same labels."""
    if not paired or (a.label != b.label).any() or (a.label == "").any():
        return
    truth, first, second = coded(a.label, a.predicted, b.predicted)
    for name, rows in (("Macro F1, as recorded", ~a.copy), ("Macro F1, copies together", a.copy)):
        if rows.any():
            yield paired_f1(name, truth[rows], first[rows], second[rows], a.group[rows])


def coded(*columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Names of classes as numbers, the same in all columns; -1 for none."""
    names = sorted({name for column in columns for name in column} - {""})
    codes = {name: code for code, name in enumerate(names)} | {"": -1}
    return tuple(np.array([codes[name] for name in column]) for column in columns)


def paired_f1(name: str, truth: np.ndarray, first: np.ndarray, second: np.ndarray, groups: np.ndarray) -> Difference:
    """Of two sets of answers (n,) to the same windows."""
    before, after = (metrics.macro_f1(truth, answers) for answers in (first, second))
    between = None
    if len(np.unique(groups)) > 1:
        between = metrics.macro_f1_interval(truth, second, groups, minus=first)
    return difference(name, before, after, between, (len(truth), len(truth)))


def difference(name: str, a: float, b: float, between: Interval | None, rows: tuple[int, int]) -> Difference:
    """B minus A; beyond where 0 is not in the interval."""
    beyond = None if between is None else not between[0] <= 0 <= between[1]
    return Difference(name, a, b, b - a, between, rows, beyond)


def facts(a: Validation, b: Validation) -> Iterator[Fact]:
    """What the reports are of, and what is counted once."""
    first, second = _texts(a), _texts(b)
    for name, text in first.items():
        yield Fact(name, text, second[name], text == second[name])


def _texts(v: Validation) -> dict[str, str]:
    latency = v.latency.median_ms
    return {
        **origin_texts(v),
        "Transformation": v.sentence or "none",
        "Groups of classes": "none" if v.label_groups is None else str(LabelGroups(v.label_groups.groups)),
        "Windows sent": f"{v.sent:,}",
        "Windows lost": f"{v.lost:,}",
        "Answers that differ from the desktop's": f"{v.parity.windows_off:,}",
        "Sent again": f"{v.retried:,}",
        "Resets": f"{v.resets:,}",
        "Latency, median": "not known" if latency is None else f"{latency:.1f} ms",
        **cost_texts(v),
    }


def origin_texts(v: Validation | BeatValidation) -> dict[str, str]:
    """What a report is of."""
    return {
        "Verdict": v.verdict,
        "Model": v.model_hash[:16],
        "Data": v.data.name,
        "Board": v.board,
        "Firmware": v.firmware,
        "Program's SHA-256": (v.sources.firmware or "flashed before")[:16],
    }


def cost_texts(v: Validation | BeatValidation) -> dict[str, str]:
    """What a model takes, and what made the report."""
    cost = None if v.export is None else v.export.cost
    return {
        "One inference": v.inference.cost if v.inference else "not measured",
        "Flash": "not known" if cost is None else f"{cost.flash_bytes:,} bytes",
        "RAM": "not known" if cost is None else f"{cost.ram_bytes:,} bytes",
        "Instructions at export": "not known" if cost is None else f"{cost.instructions:,}",
        "Multiply-accumulates": "not known" if cost is None else f"{cost.macs:,}",
        "Version": v.provenance.version,
        "Compiler": v.provenance.compiler or "none here",
        "Emulator": v.provenance.emulator or "none",
    }
