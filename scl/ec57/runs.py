"""Couplets and runs of ventricular beats (EC57, as WFDB's rxr compares them)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scl.ec57.beats import Series
from scl.ec57.matrix import F, V

LONG = 6  # beats of a long run: lengths are counted up to it
COUPLET, SHORT_RUN, LONG_RUN, ANY_RUN = (2, 2), (3, 5), (LONG, LONG), (3, LONG)  # shortest and longest, in beats


@dataclass(frozen=True)
class RunStatistics:
    """How well runs of one length were detected.

    Attributes:
        detected, missed: runs of the reference during which the device has a run of at least the shortest length, or
            has none.
        confirmed, false: runs of the device during which the reference has one, or has none.
        sensitivity, ppv: detected / all of the reference, confirmed / all of the device; None of nothing.
    """

    detected: int
    missed: int
    confirmed: int
    false: int
    sensitivity: float | None
    ppv: float | None


@dataclass(frozen=True)
class Runs:
    """Couplets (2 beats), short runs (3 to 5), long runs (6 and more), and runs of 3 and more together."""

    couplets: RunStatistics
    short: RunStatistics
    long: RunStatistics
    any: RunStatistics


@dataclass(frozen=True)
class Run:
    """Ventricular beats in a row: sample of the first and of the last, and how many (LONG for more)."""

    first: int
    last: int
    beats: int


def compare_runs(reference: Series, test: Series, within: int, start: int = 0) -> Runs:
    """Compares the runs of a reference and of a device's series.

    Args:
        within: samples, as of `match_window`, by which a run's surroundings are looked at before and after it.
        start: the first sample that counts. Of a run that begins before, the rest counts.

    Fusion beats count as ventricular ones; any other beat and a stretch that cannot be read end a run; flutter is a
    long run. A run ends with its last beat also where the record ends then, of which rxr counts none.

    Examples:
        >>> reference = Series(np.array([0, 100, 200, 300]), np.array([0, 2, 2, 0]))
        >>> test = Series(np.array([0, 100, 200, 300]), np.array([0, 2, 0, 0]))
        >>> compare_runs(reference, test, within=54).couplets.missed
        1
    """
    of_reference = [(run.beats, _longest(test, run, within)) for run in runs(reference, start)]
    of_test = [(run.beats, _longest(reference, run, within)) for run in runs(test, start)]
    return Runs(*(_statistics(of_reference, of_test, *kind) for kind in (COUPLET, SHORT_RUN, LONG_RUN, ANY_RUN)))


def total(parts: Sequence[RunStatistics]) -> RunStatistics:
    """The sums over records."""
    detected, missed, confirmed, false = (
        sum(getattr(part, name) for part in parts) for name in ("detected", "missed", "confirmed", "false")
    )
    return RunStatistics(detected, missed, confirmed, false, _share(detected, missed), _share(confirmed, false))


def runs(series: Series, start: int = 0) -> list[Run]:
    """Ventricular beats in a row, single ones too, from the sample `start` on, in order."""
    kept: list[Run] = []
    current: Run | None = None
    for first, last, beats in _events(series):
        if last < start:
            continue
        if beats == 0:
            kept += [current] if current else []
            current = None
        else:
            before = current.beats if current else 0
            current = Run(current.first if current else first, last, min(before + beats, LONG))
    return kept + ([current] if current else [])


def _events(series: Series) -> Iterator[tuple[int, int, int]]:
    """In order of time: first and last sample, and how many beats it adds to a run; 0 ends one."""
    ventricular = np.isin(series.classes, (V, F))
    events = [(int(at), int(at), int(is_one)) for at, is_one in zip(series.at, ventricular, strict=True)]
    events += [(int(first), int(last), LONG) for first, last in series.flutter]
    events += [(int(first), int(last), 0) for first, last in series.unreadable]
    yield from sorted(events)


def _longest(series: Series, run: Run, within: int) -> int:
    """Beats of the longest run in a series while another's lasts; only its beats in that time count."""
    first, last = run.first - within, run.last + within
    beats = slice(*np.searchsorted(series.at, (first, last + 1)))
    spans = [spans[(spans[:, 0] <= last) & (spans[:, 1] >= first)] for spans in (series.unreadable, series.flutter)]
    return max((one.beats for one in runs(Series(series.at[beats], series.classes[beats], *spans))), default=0)


def _statistics(
    of_reference: Sequence[tuple[int, int]], of_test: Sequence[tuple[int, int]], shortest: int, longest: int
) -> RunStatistics:
    """From pairs of a run's beats and of the longest of the other series at that time."""
    ours, theirs = (
        [other >= shortest for own, other in pairs if shortest <= own <= longest] for pairs in (of_reference, of_test)
    )
    return total([RunStatistics(sum(ours), ours.count(False), sum(theirs), theirs.count(False), None, None)])


def _share(part: int, rest: int) -> float | None:
    return part / (part + rest) if part + rest else None
