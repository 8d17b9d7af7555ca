"""Boards that were validated at once, side by side: a column for each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from firmware_host.beat_validation import BeatValidation
from firmware_host.validation import Validation
from scl.pages.rendering import number, share
from scl.text import say

if TYPE_CHECKING:  # it prints this table
    from firmware_host.boards import Run

WIDEST = 10_000  # characters of a table
NOTHING = "–"


def print_comparison(runs: "Sequence[Run]") -> None:
    """A column for each board, with its verdict and the figures in which boards may differ; then what was missed."""
    from rich.table import Table

    from scl.terminal import PlainConsole

    table = Table("", *(run.name for run in runs), title="boards side by side")
    rows = [_figures(run.validation) for run in runs]
    for name in max(rows, key=len):
        table.add_row(name, *(row.get(name, NOTHING) for row in rows))
    console = PlainConsole()
    unbounded = console.options.update(width=WIDEST)
    console.width = max(console.width, console.measure(table, options=unbounded).maximum)  # no figure is cut
    console.print(table)
    for run in runs:
        if run.validation is None:
            say(f"{run.name} ({run.port}): exit status {run.status}: {run.last_words}")
            continue
        for reason in run.validation.missed:
            say(f"{run.name} ({run.port}): {reason}")
        say(f"{run.name} ({run.port}): report: {run.out / 'validation.html'}")


def _figures(v: Validation | BeatValidation | None) -> dict[str, str]:
    if v is None:
        return {"board": NOTHING, "verdict": "not measured"}
    return _of_beats(v) if isinstance(v, BeatValidation) else _of_windows(v)


def _of_windows(v: Validation) -> dict[str, str]:
    latency, seconds = v.latency.median_ms, v.link.seconds
    return {
        "board": v.board,
        "verdict": v.verdict,
        "windows answered": f"{v.sent - v.lost} of {v.sent}",
        "retried": str(v.retried),
        "resets": str(v.resets),
        "accuracy": share(v.accuracy, 2),
        "consistency": share(v.consistency, 2),
        "per inference": v.inference.cost if v.inference else NOTHING,
        "latency, median": f"{latency:.1f} ms" if latency is not None else NOTHING,
        "windows per second": f"{(v.sent - v.lost) / seconds:.1f}" if seconds else NOTHING,
        "damaged frames": str(v.link.host_damaged_frames),
    }


def _of_beats(v: BeatValidation) -> dict[str, str]:
    c, same = v.compared, v.parity
    return {
        "board": v.board,
        "verdict": v.verdict,
        "beats answered": f"{same.compared:,} of {same.expected:,}",
        "numbers that differ": f"{same.different:,}",
        "resets": str(v.resets),
        "accuracy": share(v.accuracy, 2),
        "QRS Se": share(c.whole.qrs.gross.sensitivity if c else None, 2),
        "QRS PPV": share(c.whole.qrs.gross.ppv if c else None, 2),
        "macro F1": number(c.whole.inter_patient.macro_f1 if c else None),
        "consistency": share(c.strips.consistency if c else None, 2),
        "per inference": v.inference.cost if v.inference else NOTHING,
        "latency, median": f"{v.latency_s[0]:.2f} s" if v.latency_s else NOTHING,
    }
