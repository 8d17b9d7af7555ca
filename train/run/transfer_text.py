"""What transfer.json says, as lines of text."""

from scl.robustness import Interval
from train.run.class_figures import ClassesFigures
from train.run.people import REASONS
from train.run.transfer_file import CopiesOfTransfer, Transfer
from train.run.transfer_notes import counted, listed

DID = {"train": "trained", "validation": "validated", "test": "tested", "new": "new to the run"}
MOST_TAKEN = 3  # classes that a line names


def lines(found: Transfer) -> list[str]:
    """The figures in short, and what to know of them."""
    return [
        *(f"note: {note}" for note in found.notes),
        *_people(found),
        *_figures(found),
        *_copies(found),
        *_known(found),
        *_others(found),
    ]


def _people(found: Transfer) -> list[str]:
    """Who is kept apart, and who is not."""
    lines = []
    for part in found.people:
        did = "left out by the run's split" if part.part == "new" and part.reason else DID[part.part]
        reason = f", {REASONS[part.reason]}" if part.reason else ""
        apart = ", kept apart" if part.part in ("train", "validation") else ""
        lines.append(f"{counted(len(part.names), found.group)} {did}{reason}{apart}: {listed(part.names)}")
    return lines


def _figures(found: Transfer) -> list[str]:
    """A row for each figure of the new people, beside the run's own."""
    new, own, group = found.new, found.own, found.group
    windows, persons = counted(found.windows, "window"), counted(found.persons, group)
    head = f"{windows} of {persons} that did not train; nothing was trained here"
    if new is None:
        shared = "no window of theirs is of a class of the run" if found.classes else "no class is one of the run's"
        return [head, f"  {shared}, by its name: accuracy cannot be told"]
    rows = [
        (
            "",
            f"here, {counted(new.windows, 'window')}",
            f"the run's own test, {counted(own.windows, 'window')}" if own else "",
        )
    ]
    rows.append(("accuracy", _with(new.accuracy, new.accuracy_ci95), _number(own.accuracy) if own else ""))
    rows.append(("macro F1", _with(new.macro_f1, new.macro_f1_ci95), _number(own.macro_f1) if own else ""))
    tested = {row.label: row for row in own.classes} if own else {}
    for row in new.classes:
        count = f", {counted(row.windows, 'window')} of {row.people}"
        before = tested.get(row.label)
        beside = f"{_number(before.recall)}, {counted(before.windows, 'window')}" if before else ""
        rows.append((f"recall of {row.label}", _with(row.recall, row.recall_ci95) + count, beside))
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    absent = f"  without a window here: {listed(found.absent)}" if found.absent else ""
    text = [f"  {a:{first}}  {b:{second}}  {c}".rstrip() for a, b, c in rows]
    return [head, *text, *([absent] if absent else []), f"  intervals of 95 %, by {group}"]


def _copies(found: Transfer) -> list[str]:
    copies = found.copies
    if copies is None:
        return []
    accurate = f"accuracy {copies.accuracy:.3f}, macro F1 {copies.macro_f1:.3f}, " if found.classes else ""
    return [f"  under {copies.transformation} {accurate}{_consistency(copies, found.group)}", _similarity(copies)]


def _consistency(copies: CopiesOfTransfer, group: str) -> str:
    if copies.consistency_by_construction is not None:
        return f"consistency {_number(copies.consistency)} by construction: {copies.consistency_by_construction}"
    return (
        f"consistency {_with(copies.consistency, copies.consistency_ci95)}, by {group}; the run's own "
        f"{_number(copies.own_consistency)}"
    )


def _similarity(copies: CopiesOfTransfer) -> str:
    groups = ", ".join(f"{group} {value:.3f}" for group, value in copies.similarity.items())
    return (
        f"  similarity {groups}; different windows {copies.negative_similarity:.3f}, effective rank "
        f"{copies.effective_rank:.1f}"
    )


def _known(found: Transfer) -> list[str]:
    """The rows of those who are kept apart."""
    return [_row(f"{found.group}s that {did}", figures) for did, figures in _kept(found) if figures is not None]


def _kept(found: Transfer) -> tuple[tuple[str, ClassesFigures | None], ...]:
    return ("trained", found.trained), ("validated", found.validated)


def _row(name: str, figures: ClassesFigures) -> str:
    return (
        f"  {name}, apart: accuracy {_with(figures.accuracy, figures.accuracy_ci95)}, macro F1 "
        f"{_with(figures.macro_f1, figures.macro_f1_ci95)}, {counted(figures.windows, 'window')} of {figures.people}"
    )


def _others(found: Transfer) -> list[str]:
    """Where windows of classes go that the run does not have."""
    text = []
    for other in found.other_classes:
        taken = sorted(((count, label) for label, count in other.taken_as.items() if count), reverse=True)
        rest = sum(count for count, _ in taken[MOST_TAKEN:])
        parts = [f"{count} as {label}" for count, label in taken[:MOST_TAKEN]] + ([f"{rest} as others"] if rest else [])
        text.append(f"  {other.label} is no class of the run: of {counted(other.windows, 'window')} {', '.join(parts)}")
    return text


def _with(value: float | None, interval: Interval | None) -> str:
    return f"{_number(value)} ({interval[0]:.3f} to {interval[1]:.3f})" if interval else _number(value)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
