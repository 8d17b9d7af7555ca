"""Heartbeats as inline SVG: a stretch of ECG with its beats, the intervals of a record, the beat-by-beat matrix.

Each class has a letter or a shape of its own beside its colour: colour alone tells nobody apart.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scl.ec57.matrix import LABELS, Matrix, O
from scl.pages.charts import BOTTOM, LEFT, RIGHT, WIDTH, figure_of, line_between, text_at
from scl.pages.parts import TINT

if TYPE_CHECKING:
    from markupsafe import Markup

COLOURS = {"N": "mark", "S": "second", "V": "bad"}  # of a page; any other class is muted
ROW = 15  # of letters above the signal
SIGNAL = 130  # height of the signal
INTERVALS = 150  # height of the intervals
MOST_S = 2.0  # of the axis of intervals; a longer one lies on its upper edge
COLUMN = 0.5  # width of the part of a signal that is drawn by its least and largest sample
CELL = 26  # of a matrix: height
Scale = Callable[[float], float]
SHAPES = {"N": "h0", "S": "m-2 -2h4v4h-4z", "V": "m0 -3l3 5h-6z"}  # round dots, squares, triangles


@dataclass(frozen=True)
class Stretch:
    """A part of a recording with its beats, each at a time in seconds from the recording's begin and with its class.

    Attributes:
        begin_s: of its first sample.
        millivolts: its samples.
        beats: of the board.
        annotated: of the reference.
    """

    record: str
    begin_s: float
    rate_hz: float
    millivolts: tuple[float, ...]
    beats: tuple[tuple[float, str], ...]
    annotated: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Tachogram:
    """The intervals of a recording.

    Attributes:
        beats: of each that joins the beat before it: seconds from the recording's begin, interval in seconds, class.
    """

    record: str
    seconds: float
    beats: tuple[tuple[float, float, str], ...]


def ecg(name: str, stretch: Stretch, width: float = WIDTH) -> "Markup":
    """The signal, with a dot at each beat of the board and two rows of letters: the board's classes, the annotated."""
    x = stretch.millivolts
    low, high = min(x), max(x)
    top = 2 * ROW + 6
    bottom, seconds = top + SIGNAL, len(x) / stretch.rate_hz

    def across(at_s: float) -> float:
        return LEFT + (width - LEFT - RIGHT) * (at_s - stretch.begin_s) / seconds

    def up(value: float) -> float:
        return bottom - 4 - (SIGNAL - 8) * (value - low) / ((high - low) or 1)

    parts = [text_at(4, ROW - 3, "board"), text_at(4, 2 * ROW - 3, "truth")]
    for whole in range(int(-(-stretch.begin_s // 1)), int(stretch.begin_s + seconds) + 1):
        parts += [line_between(across(whole), top, across(whole), bottom, "line")]
        parts += [text_at(across(whole), bottom + 14, f"{whole}", "middle")]
    parts += [text_at(LEFT - 4, up(value) + 4, f"{value:.1f}", "end") for value in (low, high)]
    parts += [text_at((LEFT + width - RIGHT) / 2, bottom + BOTTOM - 4, "seconds; signal in mV", "middle")]
    parts += [f'<path class="signal" d="{_signal(stretch, across, up)}" fill="none" stroke="var(--text)"/>']
    for at_s, label in stretch.beats:
        value = x[min(round((at_s - stretch.begin_s) * stretch.rate_hz), len(x) - 1)]
        parts += [_letter(across(at_s), ROW - 3, label, "board")]
        parts += [f'<circle cx="{across(at_s):.1f}" cy="{up(value):.1f}" r="3" fill="var(--{_colour(label)})"/>']
    parts += [_letter(across(at_s), 2 * ROW - 3, label, "truth") for at_s, label in stretch.annotated]
    said = ", ".join(f"{label} at {at_s:.2f} s" for at_s, label in stretch.beats)
    description = f"The board's beats: {said or 'none'}."
    return figure_of(name, f"ECG of record {stretch.record}", description, bottom + BOTTOM, parts, width)


def tachogram(name: str, intervals: Tachogram, width: float = WIDTH) -> "Markup":
    """The interval before each beat over time: round dots N, squares S, triangles V, small muted dots what else."""
    top = ROW + 6
    bottom = top + INTERVALS

    def across(at_s: float) -> float:
        return LEFT + (width - LEFT - RIGHT) * at_s / intervals.seconds

    def up(interval_s: float) -> float:
        return bottom - INTERVALS * min(interval_s, MOST_S) / MOST_S

    parts = []
    for half in range(5):
        parts += [line_between(LEFT, up(half / 2), width - RIGHT, up(half / 2), "line")]
        parts += [text_at(LEFT - 4, up(half / 2) + 4, f"{half / 2:g}", "end")]
    minutes = intervals.seconds / 60
    step = next((step for step in (1, 2, 5, 10, 30, 60) if minutes / step <= 8), 120)
    for minute in range(0, int(minutes) + 1, step):
        parts += [text_at(across(60 * minute), bottom + 14, f"{minute}", "middle")]
    parts += [text_at((LEFT + width - RIGHT) / 2, bottom + BOTTOM - 4, "minutes; interval in s", "middle")]
    counts = Counter(label for _, _, label in intervals.beats)
    for place, label in enumerate([*SHAPES, *sorted(set(counts) - set(SHAPES))]):
        dots = [f"M{across(at_s):.1f} {up(rr_s):.1f}" for at_s, rr_s, shown in intervals.beats if shown == label]
        parts += [_dots(label, dots)] if dots else []
        legend = LEFT + 60 * place
        parts += [_dots(label, [f"M{legend:.1f} {ROW - 6}"], "legend"), text_at(legend + 7, ROW - 2, label)]
    said = ", ".join(f"{count:,} {label}" for label, count in sorted(counts.items()))
    description = (
        f"Intervals before {said or 'no'} beats over {minutes:.1f} minutes; over {MOST_S:g} s on the upper edge."
    )
    return figure_of(name, f"RR intervals of record {intervals.record}", description, bottom + BOTTOM, parts, width)


def matrix(name: str, counts: Matrix, width: float = WIDTH) -> "Markup":
    """Annotated beats (rows) by the board's (columns), with those that are missed and the extra ones; what lies in a
    shutdown (X) has a place only where something does.
    """
    kept = len(LABELS) if any(row[-1] for row in counts) or any(counts[-1]) else len(LABELS) - 1
    names = {**{label: label for label in LABELS}, "O": "missed", "X": "shutdown"}
    left, top = 84, 2 * ROW + 4
    cell = (width - left) / kept
    parts = [text_at(4, ROW - 3, "annotated"), text_at(left, ROW - 3, "by the board as")]
    parts += [text_at(left + (i + 0.5) * cell, top - 5, names[LABELS[i]], "middle") for i in range(kept)]
    for row in range(kept):
        y, total = top + row * CELL, sum(counts[row]) or 1
        parts += [text_at(4, y + CELL - 9, "extra" if row == O else names[LABELS[row]])]
        for column in range(kept):
            x, count = left + column * cell, counts[row][column]
            tint = "heat" if row == column else "warm"
            parts += [
                f'<rect x="{x:.1f}" y="{y}" width="{cell:.1f}" height="{CELL}" fill="rgb(var(--{tint}))" '
                f'fill-opacity="{TINT * count / total:.3f}" stroke="var(--line)"/>'
            ]
            parts += [text_at(x + cell / 2, y + CELL - 9, f"{count:,}", "middle")] if count else []
    rows = [
        f"{'extra' if row == O else LABELS[row]}: "
        + ", ".join(f"{counts[row][column]} {names[LABELS[column]]}" for column in range(kept))
        for row in range(kept)
    ]
    return figure_of(name, "Annotated beats by the board's", "; ".join(rows) + ".", top + kept * CELL + 2, parts, width)


def _signal(stretch: Stretch, across: Scale, up: Scale) -> str:
    """A path of samples; where many share a column, its first, least, largest and last one."""
    columns: dict[int, list[int]] = {}
    for index in range(len(stretch.millivolts)):
        columns.setdefault(int(across(stretch.begin_s + index / stretch.rate_hz) / COLUMN), []).append(index)
    points: list[int] = []
    for indices in columns.values():
        ordered = sorted(indices, key=stretch.millivolts.__getitem__)
        points += sorted({indices[0], ordered[0], ordered[-1], indices[-1]})
    places = [(across(stretch.begin_s + i / stretch.rate_hz), up(stretch.millivolts[i])) for i in points]
    return "M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _letter(x: float, y: float, label: str, row: str) -> str:
    """The class of a beat in one of the rows of letters."""
    return text_at(x, y, label, "middle").replace(
        "<text", f'<text class="{row}" style="fill: var(--{_colour(label)})"', 1
    )


def _dots(label: str, places: Sequence[str], kind: str = "beats") -> str:
    colour, shape = _colour(label), SHAPES.get(label, "h0")
    drawn = "".join(place + shape for place in places)
    if shape == "h0":
        width = 3 if label in SHAPES else 1.5
        return (
            f'<path class="{kind} {label}" d="{drawn}" stroke="var(--{colour})" stroke-width="{width}" '
            'stroke-linecap="round" fill="none"/>'
        )
    return f'<path class="{kind} {label}" d="{drawn}" fill="var(--{colour})"/>'


def _colour(label: str) -> str:
    return COLOURS.get(label, "muted")
