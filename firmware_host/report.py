"""`python -m firmware_host.report A B`: two validation reports side by side, and what differs beyond the interval.

Windows are paired by their samples, so that method is compared with method, board with board, or one firmware with the
next, over the same windows; where two reports have none in common, their figures are compared apart. Reports of
heartbeats are compared over the records that both have.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scl.answers import Answer
from scl.arguments import Parser, command_line
from scl.artifacts import InputError, command, folder, kinds_in, read_artifact, write_artifact, write_bytes
from scl.artifacts.folders import kind_of
from scl.artifacts.provenance import provenance
from scl.pages.rendering import points, share
from scl.text import say

if TYPE_CHECKING:  # types of a hundred fields, which --help does without
    from firmware_host.beat_validation import BeatValidation
    from firmware_host.comparison import Comparison, Difference, Side
    from firmware_host.validation import Validation

PAGE = "compare.html"


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    with Answer(options.json) as answer:
        _report(argv, options, answer)
    return 0


def _report(argv: Sequence[str], options: argparse.Namespace, answer: Answer) -> None:
    from firmware_host.beat_validation import BeatValidation
    from firmware_host.comparison import COMPARISON
    from firmware_host.comparison_page import page

    first, second = (read_validation(path) for path in (options.a, options.b))
    out = options.out or Path("reports") / f"{options.a.resolve().name}-{options.b.resolve().name}"
    typed = command_line("firmware_host.report", argv)
    if isinstance(first, BeatValidation) and isinstance(second, BeatValidation):
        comparison = compare_beats(options.a, first, options.b, second, typed)
    elif isinstance(first, BeatValidation) or isinstance(second, BeatValidation):
        of = [f"{path} is of {_about(v)}" for path, v in ((options.a, first), (options.b, second))]
        raise InputError(f"{' and '.join(of)}: two reports of one kind were expected; give two of either")
    else:
        comparison = compare(options.a, first, options.b, second, typed)
    with folder(out, "comparison") as target:
        write_artifact(target / COMPARISON, comparison)
        write_bytes(target / PAGE, page(comparison).encode())
    answer.give(comparison)
    print_comparison(comparison)
    say(f"comparison: {out / PAGE}")


def read_validation(path: Path) -> "Validation | BeatValidation":
    """validation.json of a report folder. Raises InputError if it is none, or a field is wrong."""
    from firmware_host.beat_validation import BeatValidation
    from firmware_host.validation import REPORT, Validation

    if not (path / REPORT).is_file():
        kinds = kinds_in(path)
        problem = f"a {kinds[0]}, expected a validation report" if kinds else f"no validation report (no {REPORT})"
        raise InputError(f"{path}: is {problem}; python -m firmware_host.validate BUNDLE --out {path} makes one")
    if kind_of(path / REPORT) == BeatValidation.kind:
        return read_artifact(path / REPORT, BeatValidation)
    return read_artifact(path / REPORT, Validation)


def _about(v: "Validation | BeatValidation") -> str:
    return f"{v.name} with {'heartbeats' if v.kind == 'beat_validation' else 'windows'}"


def compare(a: Path, first: "Validation", b: Path, second: "Validation", typed: str) -> "Comparison":
    """The comparison of the reports in folders `a` and `b`. Raises InputError if a windows.csv is damaged."""
    from firmware_host.battery_comparison import battery_differences
    from firmware_host.comparison import Comparison, facts, figures, label_groups
    from firmware_host.windows_reader import read_battery_windows, read_windows

    windows, groups = (read_windows(a, first), read_windows(b, second)), label_groups(first, second)
    paired, why, same, differences, classes = figures(*windows, groups)
    batteries = read_battery_windows(a, first), read_battery_windows(b, second)
    battery: list[Difference] = []
    if batteries[0] and batteries[1] and first.battery and second.battery:
        battery = list(battery_differences(first.battery, batteries[0], second.battery, batteries[1]))
    return Comparison(
        a=_side(a, first),
        b=_side(b, second),
        paired=paired,
        why=why,
        same_answers=same,
        differences=tuple(differences),
        classes=tuple(classes),
        facts=tuple(facts(first, second)),
        provenance=provenance(typed, None, None),
        battery=tuple(battery),
    )


def compare_beats(a: Path, first: "BeatValidation", b: Path, second: "BeatValidation", typed: str) -> "Comparison":
    """The comparison of two reports of heartbeats. Raises InputError as `beat_figures`."""
    from firmware_host.beat_report_comparison import beat_facts, beat_figures
    from firmware_host.comparison import Comparison, Side

    why, differences = beat_figures(first, second)
    sides = [Side(str(path), f"{v.name} on {v.board}", (), ()) for path, v in ((a, first), (b, second))]
    facts = tuple(beat_facts(first, second))
    return Comparison(sides[0], sides[1], True, why, None, differences, (), facts, provenance(typed, None, None))


def _side(path: Path, v: "Validation") -> "Side":
    from firmware_host.comparison import Side

    return Side(str(path), f"{v.name} on {v.board}", v.breakdown.by_angle, v.breakdown.by_shift)


def print_comparison(comparison: "Comparison") -> None:
    """A table of the differences on the terminal."""
    from rich.table import Table

    from scl.terminal import PlainConsole

    a, b = comparison.a, comparison.b
    table = Table(title=f"A: {a.name} ({a.folder}), B: {b.name} ({b.folder})")
    for column in ("", "A", "B", "B - A, points", "95 % interval", "beyond it"):
        table.add_column(column, justify="left" if not column else "right")
    for row in comparison.differences:
        table.add_row(row.name, *in_words(row))
    for row in comparison.battery:
        if row.beyond:
            table.add_row(f"Macro F1 of {row.name}", *in_words(row))
    console = PlainConsole()
    console.print(table)
    for fact in comparison.facts:
        if not fact.same:
            console.print(f"{fact.name}: A {fact.a}, B {fact.b}", highlight=False)
    console.print(comparison.why, highlight=False)


def in_words(row: "Difference") -> tuple[str, str, str, str, str]:
    """Both figures, their difference in points, its interval, and whether that leaves out 0."""
    interval = row.difference_ci95
    return (
        share(row.a, 2),
        share(row.b, 2),
        points(row.difference, 2),
        "–" if interval is None else f"{points(interval[0], 2)} to {points(interval[1], 2)}",
        "not known" if row.beyond is None else "yes" if row.beyond else "no",
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.report",
        description=__doc__,
        figures=True,
        examples=("reports/augment reports/scl", "reports/before reports/after --out reports/change"),
    )
    parser.add_argument("a", type=Path, metavar="A", help="report folder, from firmware_host.validate")
    parser.add_argument("b", type=Path, metavar="B", help="the report that is compared with it")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder to write (default reports/<A>-<B>)")
    return parser


if __name__ == "__main__":
    command(main)
