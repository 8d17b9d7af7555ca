"""How far a long exchange is: a bar on a terminal, a plain line per tenth elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scl.text import say


@contextmanager
def progress(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Yields a function to call with the number of units that are done. Writes to stderr."""
    if not sys.stderr.isatty():
        yield _plain(total, unit)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from scl.terminal import PlainConsole

    columns = (
        TextColumn(unit),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=PlainConsole(stderr=True)) as bar:
        task = bar.add_task(unit, total=total)
        yield lambda done: bar.update(task, completed=done)


def _plain(total: int, unit: str) -> Callable[[int], None]:
    tenths = 0

    def show(done: int) -> None:
        nonlocal tenths
        if done * 10 // total > tenths:
            tenths = done * 10 // total
            say(f"{done} of {total} {unit}", error=True)

    return show
