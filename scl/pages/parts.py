"""Parts that several pages have: large figures, matrices of counts, and where a report is from."""

from collections.abc import Sequence
from dataclasses import dataclass

from scl.artifacts.manifest import Cost
from scl.artifacts.provenance import Provenance
from scl.robustness import Interval

FIGURES = {  # of a model, by their names in the files
    "accuracy": "Accuracy, as recorded",
    "accuracy_transformed": "Accuracy, transformed",
    "macro_f1": "Macro F1, as recorded",
    "macro_f1_transformed": "Macro F1, transformed",
    "consistency": "Consistency",
}
TINT = 0.45  # of the strongest cell: text on it stays readable in light and in dark
Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Tile:
    """A figure that matters, large: its text, its interval as shares, and what it is of."""

    name: str
    value: str
    interval: Interval | None
    note: str


@dataclass(frozen=True)
class Cell:
    """A count, and the CSS colour behind it; empty for none."""

    text: str
    tint: str


@dataclass(frozen=True)
class Matrix:
    """A table of counts with names on both sides."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


def confusion(
    caption: str, labels: Sequence[str], counts: Sequence[Sequence[int]], others: Sequence[str] = ("lost",)
) -> Matrix:
    """True classes by the classes that were answered, and `others`; a cell is tinted by its share of its row."""
    rows = []
    for index, (label, row) in enumerate(zip(labels, counts, strict=True)):
        total = sum(row) or 1
        cells = [
            Cell(str(count) if count else "", _tint("heat" if column == index else "warm", count / total))
            for column, count in enumerate(row)
        ]
        rows.append((label, cells))
    return Matrix(caption, [*labels, *others], rows)


def difference(
    caption: str, labels: Sequence[str], before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]
) -> Matrix:
    """By how many points of its row's windows each cell differs, `after` from `before`; empty where either row has
    none.
    """
    rows = []
    for index, (label, first, second) in enumerate(zip(labels, before, after, strict=True)):
        sums, cells = (sum(first), sum(second)), []
        for column, (a, b) in enumerate(zip(first, second, strict=True)):
            points = 100 * (b / sums[1] - a / sums[0]) if all(sums) else 0.0
            better = (points > 0) == (column == index)
            text = f"{points:+.1f}" if abs(points) >= 0.05 else ""
            cells.append(Cell(text, _tint("heat" if better else "warm", abs(points) / 100) if text else ""))
        rows.append((label, cells))
    return Matrix(caption, [*labels, "lost"], rows)


def cost_rows(cost: Cost, board: str) -> Rows:
    """What the network takes, in words."""
    return [
        ("Flash", f"{cost.flash_bytes:,} bytes: engine, model and front end"),
        ("RAM", f"{cost.ram_bytes:,} bytes, {cost.arena_bytes:,} of them arena"),
        ("Stack of an inference", f"{cost.stack_bytes:,} bytes"),
        ("Instructions of an inference", f"{cost.instructions:,} on {board}; not cycles"),
        ("Parameters", f"{cost.parameters:,}"),
        ("Multiply-accumulates", f"{cost.macs:,}"),
    ]


def provenance_rows(provenance: Provenance) -> Rows:
    """When, how and where, in words."""
    return [
        ("Date", provenance.date),
        ("Command", provenance.command or "not started from a command line"),
        ("Version", f"scl-wearable {provenance.version}, Python {provenance.python}"),
        ("Computer", f"{provenance.system}, {provenance.processor}"),
        ("Compiler", provenance.compiler or "none here"),
        ("Emulator", provenance.emulator or "none"),
    ]


def _tint(colour: str, strength: float) -> str:
    return f"rgba(var(--{colour}), {TINT * min(strength, 1):.3f})" if strength > 0 else ""
