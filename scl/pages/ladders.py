"""Small charts side by side: two shares over rising strengths, a panel for each thing that is strengthened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scl.pages.charts import WIDTH, Dot, figure_of, line_between, mark_at, text_at

if TYPE_CHECKING:
    from markupsafe import Markup

LEFT, COLUMNS, GAP = 44, 2, 14
PANEL = (WIDTH - LEFT - GAP) / COLUMNS  # wide
TOP, PLOT, BELOW = 20, 78, 24  # of a panel: name, what is drawn, strengths
SERIES = (("macro F1", "mark"), ("consistency", "second"))


@dataclass(frozen=True)
class Step:
    """A strength as a text, and what both figures are at it."""

    strength: str
    first: Dot
    second: Dot


@dataclass(frozen=True)
class Panel:
    """A thing and its steps, the first without it."""

    name: str
    steps: Sequence[Step]


def ladders(name: str, title: str, description: str, panels: Sequence[Panel]) -> "Markup":
    """The panels in rows, each from 0 to 100 %: dots joined by a line, squares for the second figure."""
    parts, head = [], 22
    for number, (series, colour) in enumerate(SERIES):
        parts += [mark_at(LEFT + number * 90, 8, number, colour), text_at(LEFT + number * 90 + 8, 12, series)]
    for index, panel in enumerate(panels):
        left = LEFT + (index % COLUMNS) * (PANEL + GAP)
        parts += _panel(panel, left, head + (index // COLUMNS) * (TOP + PLOT + BELOW), index % COLUMNS == 0)
    rows = -(-len(panels) // COLUMNS)
    return figure_of(name, title, description, head + rows * (TOP + PLOT + BELOW), parts)


def _panel(panel: Panel, left: float, top: float, labelled: bool) -> list[str]:
    bottom = top + TOP + PLOT
    parts = [text_at(left, top + 12, panel.name)]
    for share in (0.0, 0.5, 1.0):
        y = bottom - PLOT * share
        parts.append(line_between(left, y, left + PANEL, y, "line"))
        if labelled:
            parts.append(text_at(left - 4, y + 4, f"{100 * share:g} %", "end"))
    apart = PANEL / len(panel.steps)
    places = [left + apart * (place + 0.5) for place in range(len(panel.steps))]
    for place, step in zip(places, panel.steps, strict=True):
        parts.append(text_at(place, bottom + 14, step.strength, "middle"))
    for number, (dots, (_, colour)) in enumerate(
        zip(([s.first for s in panel.steps], [s.second for s in panel.steps]), SERIES, strict=True)
    ):
        ends = [(x, bottom - PLOT * dot.value) for x, dot in zip(places, dots, strict=True) if dot.value is not None]
        for (x1, y1), (x2, y2) in zip(ends, ends[1:], strict=False):
            parts.append(line_between(x1, y1, x2, y2, colour))
        for x, dot in zip(places, dots, strict=True):
            if dot.value is None:
                continue
            if dot.interval is not None:
                low, high = (bottom - PLOT * share for share in dot.interval)
                parts.append(line_between(x, low, x, high, colour, 2))
            parts.append(mark_at(x, bottom - PLOT * dot.value, number, colour))
    return parts
