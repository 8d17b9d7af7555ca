"""Charts as inline SVG. Each has a title and a description in words; the page shows the same figures as a table.

Widths are those of a phone, so that texts stay readable there; a page scales them up. Colours are those of style.css.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scl.artifacts.export_report import LayerRow, Place
from scl.robustness import Interval
from scl.text import printable

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH = 360
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 22, 34  # margins of a chart with axes
HEIGHT = 210
ROW = 18  # of a bar
DISK = 84  # radius
MOST_TEXT = 26  # characters beside a bar


@dataclass(frozen=True)
class Dot:
    """A share with its interval at a place of the x axis; None: nothing to draw."""

    x: float
    value: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Series:
    """Dots of one colour, `mark` or `second`."""

    name: str
    dots: Sequence[Dot]
    colour: str


def figure_of(
    name: str, title: str, description: str, height: float, parts: Sequence[str], width: float = WIDTH
) -> "Markup":
    """A chart of parts, with what says it in words; `name` tells its marks apart from those of others on the page."""
    from markupsafe import Markup, escape

    head = (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(printable(title))}</title>'
        f'<desc id="{name}-d">{escape(printable(description))}</desc>'
    )
    return Markup(head + "".join(parts) + "</svg>")


def text_at(x: float, y: float, text: str, anchor: str = "start") -> str:
    """A text whose anchor (start, middle or end) stands at x, y."""
    from markupsafe import escape

    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(printable(text))}</text>'


def line_between(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    """A line in one of the page's colours."""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="var(--{colour})" stroke-width="{width}"/>'


def shares(
    name: str, title: str, description: str, series: Sequence[Series], ticks: Sequence[tuple[float, str]], unit: str
) -> "Markup":
    """Shares with their intervals over a line of numbers, whose `ticks` have texts."""
    values = [dot.value for one in series for dot in one.dots if dot.value is not None]
    low, first, last = (-1.0 if min(values, default=0) < 0 else 0.0), ticks[0][0], ticks[-1][0]
    bottom, width = HEIGHT - BOTTOM, WIDTH - LEFT - RIGHT

    def across(x: float) -> float:
        return LEFT + width * (x - first) / ((last - first) or 1)

    def up(value: float) -> float:
        return bottom - (bottom - TOP) * (value - low) / (1 - low)

    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1) if low == 0 else (-1, -0.5, 0, 0.5, 1):
        parts += [line_between(LEFT, up(share), WIDTH - RIGHT, up(share), "line")]
        parts += [text_at(LEFT - 4, up(share) + 4, f"{100 * share:g} %", "end")]
    parts += [text_at(min(across(x), WIDTH - 4 * len(text)), bottom + 14, text, "middle") for x, text in ticks]
    parts += [text_at(LEFT + width / 2, HEIGHT - 4, unit, "middle")]
    for number, one in enumerate(series):
        aside = (number - (len(series) - 1) / 2) * 9  # so that intervals do not cover each other
        left = LEFT + number * width / len(series)
        parts += [mark_at(left + 4, 8, number, one.colour), text_at(left + 12, 12, one.name)]
        for dot in one.dots:
            if dot.value is None:
                continue
            x = min(max(across(dot.x) + aside, LEFT + 4), WIDTH - RIGHT - 4)
            if dot.interval is not None:
                parts += [line_between(x, up(dot.interval[0]), x, up(dot.interval[1]), one.colour, 2)]
            parts += [mark_at(x, up(dot.value), number, one.colour)]
    return figure_of(name, title, description, HEIGHT, parts)


def mark_at(x: float, y: float, number: int, colour: str) -> str:
    """A dot, or a square of another series: colour alone tells nobody apart."""
    if number == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="var(--{colour})"/>'
    return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="var(--{colour})"/>'


def sphere(name: str, title: str, description: str, rings: Sequence[int], values: Sequence[float | None]) -> "Markup":
    """Shares of the equal cells of both halves of a sphere, as two disks of equal area (Lambert): the half around +z
    and that around -z, x to the right and y up in both.

    Args:
        rings: cells of each ring of a half, from its middle.
        values: of the cells, ring by ring, first of the half around +z; None without any.
    """
    parts, half = [], len(values) // 2
    for side, label in enumerate(("+z, face up", "−z, face down")):
        middle_x, middle_y = DISK + 4 + side * (WIDTH - 2 * DISK - 8), DISK + 22
        parts.append(text_at(middle_x, 12, label, "middle"))
        index, begun = side * half, 0
        for ring in rings:
            inner, outer = (DISK * math.sqrt(cells / sum(rings)) for cells in (begun, begun + ring))
            for sector in range(ring):
                parts += _cell((middle_x, middle_y), (inner, outer), ring, sector, values[index])
                index += 1
            begun += ring
        parts += [text_at(middle_x, middle_y + DISK + 12, "x →", "middle")]
    return figure_of(name, title, description, 2 * DISK + 40, parts)


def _cell(
    middle: tuple[float, float], radii: tuple[float, float], ring: int, sector: int, value: float | None
) -> list[str]:
    (x, y), (inner, outer) = middle, radii
    fill = "none" if value is None else "rgb(var(--warm))"
    style = f'fill="{fill}" fill-opacity="{0 if value is None else 0.55 * (1 - value):.3f}" stroke="var(--muted)"'
    text = "–" if value is None else f"{100 * value:.0f}"
    if ring == 1:
        return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{outer:.1f}" {style}/>', text_at(x, y + 4, text, "middle")]
    begin, end = ((sector + side) * 2 * math.pi / ring for side in (-0.5, 0.5))

    def at(radius: float, angle: float) -> str:
        return f"{x + radius * math.cos(angle):.1f} {y - radius * math.sin(angle):.1f}"

    path = (
        f"M{at(inner, begin)} L{at(outer, begin)} A{outer:.1f} {outer:.1f} 0 0 0 {at(outer, end)} "
        f"L{at(inner, end)} A{inner:.1f} {inner:.1f} 0 0 1 {at(inner, begin)} Z"
    )
    along, radius = sector * 2 * math.pi / ring, (inner + outer) / 2
    place = x + radius * math.cos(along), y - radius * math.sin(along) + 4
    return [f'<path d="{path}" {style}/>', text_at(*place, text, "middle")]


def bars(name: str, title: str, description: str, rows: Sequence[tuple[str, float, str]]) -> "Markup":
    """Rows of (name, length, text) as horizontal bars."""
    most, left = max((length for _, length, _ in rows), default=0) or 1, 130
    parts = []
    for index, (label, length, text) in enumerate(rows):
        y = index * ROW
        width = (WIDTH - left - 78) * length / most
        shown = label if len(label) <= MOST_TEXT else label[: MOST_TEXT - 1] + "…"
        parts += [text_at(left - 6, y + 13, shown, "end")]
        parts += [f'<rect x="{left}" y="{y + 3}" width="{width:.1f}" height="{ROW - 6}" fill="var(--mark)"/>']
        parts += [text_at(left + width + 5, y + 13, text)]
    return figure_of(name, title, description, len(rows) * ROW + 2, parts)


def layer_bars(layers: Sequence[LayerRow], board: str) -> "Markup":
    """Instructions of each layer, as they were counted on a board."""
    rows = [(row.name, float(row.instructions), f"{row.instructions:,}") for row in layers]
    return bars("layers", f"Instructions of each layer on {board}", "The table of layers has the same.", rows)


def memory_map(name: str, places: Sequence[Place], layers: Sequence[LayerRow], arena_bytes: int) -> "Markup":
    """Which bytes of the arena hold what while which layer runs: layers to the right, bytes upwards."""
    bottom, width, count = HEIGHT - BOTTOM, WIDTH - LEFT - RIGHT, max(len(layers), 1)
    size = arena_bytes or 1

    def up(offset: float) -> float:
        return bottom - (bottom - TOP) * offset / size

    parts = [text_at(LEFT - 4, bottom + 4, "0", "end"), text_at(0, TOP - 8, f"{arena_bytes:,} bytes")]
    parts += [
        line_between(LEFT, up(0), WIDTH - RIGHT, up(0), "muted"),
        line_between(LEFT, up(size), WIDTH - RIGHT, up(size), "line"),
    ]
    for place in places:
        first, last = max(place.first, 0), min(max(place.last, 0), count - 1)
        x, wide = LEFT + width * first / count, width * (last - first + 1) / count
        tall = up(place.offset) - up(place.end)
        parts.append(
            f'<rect x="{x:.1f}" y="{up(place.end):.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="var(--mark)" '
            f'fill-opacity="0.35" stroke="var(--mark)"/>'
        )
        shown = printable(place.name)
        if tall >= 12 and wide >= 6 * len(shown):
            parts.append(text_at(x + 3, up(place.end) + tall / 2 + 4, shown))
    parts += [text_at(LEFT, bottom + 14, "first layer"), text_at(WIDTH - RIGHT, bottom + 14, "last layer", "end")]
    description = f"{len(places)} tensors and scratch areas in {arena_bytes:,} bytes; the table below has each."
    return figure_of(name, "What the arena holds while each layer runs", description, HEIGHT, parts)
