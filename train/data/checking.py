"""What python -m train.data.check says of a folder of recordings."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from scl.answers import Answer
from scl.artifacts import InputError, write_bytes
from scl.text import say
from train.data.check_file import CheckedFolder, imu_files
from train.data.dataset_file import NAME
from train.data.ecg_check import check, is_ecg
from train.data.imu_contents import Part, examine
from train.data.imu_folder import assembled
from train.data.imu_source import ImuSource, UndescribedError, find_source
from train.data.plausibility import clock_problem, doubts
from train.data.proposal import propose

MOST_ROWS = 60
TEXTS = ("record", "subject", "lead", "labels")  # of an ECG table's columns
Justify = Literal["left", "right"]


def check_folder(folder: Path, write: bool, answer: Answer) -> int:
    """Prints what is understood and what looks wrong, and gives it to `answer`; returns the exit status.

    Args:
        write: a dataset.toml, for files of a known convention too.

    Raises InputError if nothing can be understood.
    """
    if is_ecg(folder):
        return _ecg(folder, write, answer)
    existed = (folder / NAME).exists()
    missing = _write_first(folder, write)
    written = str(folder / NAME) if not existed and (folder / NAME).exists() else None
    if missing:
        answer.give(CheckedFolder(str(folder), "imu", written, missing, (), (), ()))
        say(f"{folder / NAME} lacks {' and '.join(missing)}: fill it in, then run this again")
        return 1
    source = find_source(folder)
    parts, refused = _read(source)
    if not parts:
        raise InputError("\n".join(refused))
    _print_table(parts)
    wrong = [*refused, *_understood(source, parts)]
    answer.give(CheckedFolder(str(folder), "imu", written, (), imu_files(parts), (), tuple(wrong)))
    return _verdict(wrong)


def _verdict(wrong: Sequence[str]) -> int:
    """Says what looks wrong; returns the exit status."""
    for text in wrong:
        say(f"looks wrong: {text}")
    if not wrong:
        say("nothing looks wrong")
    return 1 if wrong else 0


def _ecg(folder: Path, write: bool, answer: Answer) -> int:
    """The same for ECG. Raises InputError where training would."""
    if write:
        raise InputError(
            f"{folder}: holds ECG, and --write is for IMU recordings; leave it out, and write {NAME} by hand where one "
            "is needed: docs/tutorials/ecg-folder.md has an example"
        )
    checked = check(folder)
    answer.give(CheckedFolder(str(folder), "ecg", None, (), (), checked.files, checked.warnings))
    _print_rows([(name, "left" if name in TEXTS else "right") for name in checked.heading], checked.rows, "records")
    say(*checked.sentences)
    return _verdict(checked.warnings)


def _write_first(folder: Path, always: bool) -> tuple[str, ...]:
    """Writes a dataset.toml where it is needed; returns what it could not say.

    Raises InputError where nothing in the folder looks like recordings.
    """
    if not folder.is_dir() or (folder / NAME).exists():
        return ()
    if not always and not (folder / "X.npy").exists():
        try:
            find_source(folder)
            return ()
        except UndescribedError:
            pass
    proposal = propose(folder)
    write_bytes(folder / NAME, proposal.text.encode())
    say(f"{folder / NAME}: written, a first guess; look at it:", "")
    say(*(f"    {line}" for line in proposal.text.rstrip().split("\n")), "")
    return proposal.missing


def _read(source: ImuSource) -> tuple[list[Part], list[str]]:
    """What can be read, and why the rest cannot."""
    parts, refused = [], []
    for _, read in source.tables():
        try:
            parts.append(examine(read(), source))
        except InputError as error:
            refused.append(str(error))
    return parts, refused


def _understood(source: ImuSource, parts: list[Part]) -> list[str]:
    """Says what the recordings are; returns what looks wrong."""
    figures = [part.figures for part in parts]
    kinds = Counter(part.kinds for part in parts)
    usable = [p for p in parts if clock_problem(p.figures, source.description) is None]
    usable = [p for p in usable if p.kinds == kinds.most_common(1)[0][0]]
    try:
        recordings = assembled(source, usable, "", None)
    except InputError as error:
        return [str(error), *doubts(figures, source, 0.0)]
    seconds = sum(block.x.shape[1] for block in recordings.blocks) / recordings.rate_hz
    say(
        f"{source.folder}: {source.convention}, {len(parts)} files with {' and '.join(kinds.most_common(1)[0][0])}",
        f"people: {len(recordings.group_names)} ({_some(recordings.group_names)})",
        f"classes: {len(recordings.labels)} ({_some(recordings.labels)})",
        f"hours: {seconds / 3600:.2f}; model's rate {recordings.rate_hz:g} Hz, window {recordings.window_s:g} s",
    )
    left_out = {name: found for name, found in recordings.report["amiss"].items() if found}
    for name, found in left_out.items():
        say(f"{name.replace('_', ' ')}: {', '.join(found) if isinstance(found, list) else found}")
    others = [
        f"{p.name}: has {' and '.join(p.kinds)}, most files do not"
        for p in parts
        if p.kinds != kinds.most_common(1)[0][0]
    ]
    return others + doubts(figures, source, recordings.window_s)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def _print_table(parts: list[Part]) -> None:
    numbers = ("seconds", "Hz", "jitter ms", "gaps", "|a| at rest", "max |a| m/s2", "max rad/s")
    columns: list[tuple[str, Justify]] = [(name, "left") for name in ("file", "people", "classes")]
    _print_rows([*columns, *((name, "right") for name in numbers)], [_row(part) for part in parts], "files")
    if any(not part.figures.rests and part.figures.rest is not None for part in parts):
        say("|a| in brackets: the sensor never rests; of the stillest tenth")


def _row(part: Part) -> tuple[str, ...]:
    f = part.figures
    people, classes = ({key[i] for key in f.seconds} - {""} for i in (0, 1))
    peaks = [f"{f.peak[kind]:.1f}" if kind in f.peak else "" for kind in ("accelerometer", "gyroscope")]
    rest = "" if f.rest is None else f"{f.rest:.2f}" if f.rests else f"({f.rest:.2f})"
    cells = (f"{f.duration:.1f}", f"{f.rate_hz:.2f}", f"{f.jitter_ms:.1f}", str(len(f.gaps)), rest, *peaks)
    return (f.name, _few(people), _few(classes), *cells)


def _print_rows(columns: Sequence[tuple[str, Justify]], rows: Sequence[Sequence[str]], what: str) -> None:
    """Columns with their sides, and the first rows; `what` says what a row is."""
    from rich.table import Table

    from scl.terminal import PlainConsole

    table = Table(title=f"what each of the {what} holds", title_justify="left")
    for name, side in columns:
        table.add_column(name, justify=side, overflow="fold")
    for row in rows[:MOST_ROWS]:
        table.add_row(*row)
    PlainConsole(width=None if sys.stdout.isatty() else 150).print(table)
    if len(rows) > MOST_ROWS:
        say(f"and {len(rows) - MOST_ROWS} more {what}")


def _few(names: set[str]) -> str:
    return ", ".join(sorted(names)) if len(names) <= 3 else f"{len(names)}"
