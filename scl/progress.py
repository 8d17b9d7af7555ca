"""How far a long job is, on stderr: a bar with the time left on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from scl.text import say


@contextmanager
def progress(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Yields a function to call with the number of units that are done. A pipe has a line per tenth."""
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


class Steps:
    """Announces the steps of a job, each with the time that is left.

    Args:
        weights: what each step takes of the whole, in any unit, in order.

    Attributes:
        seconds: what each finished step took.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.seconds: dict[str, float] = {}
        self._weights = dict(weights)

    def skip(self, name: str) -> None:
        """There is nothing to do in one of the steps."""
        self._weights[name] = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Says on a line that one of the steps begins."""
        names = list(self._weights)
        say(f"step {names.index(name) + 1} of {len(names)}: {name} ...{self._left()}", error=True)
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 2)

    def _left(self) -> str:
        """How long what is not done takes, by what was done; nothing before the first step has ended."""
        done = sum(self._weights[name] for name in self.seconds)
        if not done:
            return ""
        total = sum(self._weights.values())
        left = sum(self.seconds.values()) * (total - done) / done
        return f" about {left:.0f} s left"
