"""A figure of a page, and its picture: a bar chart with intervals as SVG, which has its figures as text, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, PLOT, ROW, TOP = 820, 272, 340, 30, 14
BAR, STRONG, INK, GRID = "#9db8d6", "#0b5cad", "#22303d", "#d5dde5"


@dataclass(frozen=True)
class Bar:
    """A figure with its label, its 95 % interval if it has one, and as it is printed."""

    label: str
    value: float
    text: str
    interval: tuple[float, float] | None = None
    strong: bool = False  # the figure that the text is about


@dataclass(frozen=True)
class Figure:
    """A heading, what it means, and the picture."""

    name: str
    title: str
    text: str
    page: str  # where its table is
    svg: str


def bars(title: str, rows: Sequence[Bar], ends: tuple[float, float], ticks: Sequence[tuple[float, str]]) -> str:
    """Horizontal bars from 0, with whiskers for intervals.

    Args:
        ends: the values at the left and the right end of the axis; 0 lies in between.
        ticks: values that get a line, as they are printed.
    """
    height = TOP + ROW * len(rows) + 26

    def x(value: float) -> float:
        low, high = ends
        return LABELS + PLOT * (min(max(value, low), high) - low) / (high - low)

    description = "; ".join(f"{row.label}: {row.text}" for row in rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="14" fill="{INK}">',
        f'  <title id="title">{escape(title)}</title>',
        f'  <desc id="desc">{escape(description)}</desc>',
        f'  <rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
    ]
    for value, text in ticks:
        parts.append(f'  <path d="M{x(value):.1f} {TOP} V{height - 24}" stroke="{GRID}"/>')
        parts.append(f'  <text x="{x(value):.1f}" y="{height - 8}" text-anchor="middle" font-size="12">{text}</text>')
    for index, row in enumerate(rows):
        middle = TOP + ROW * index + ROW / 2
        left, right = sorted((x(0), x(row.value)))
        parts.append(f'  <text x="{LABELS - 10}" y="{middle + 5:g}" text-anchor="end">{escape(row.label)}</text>')
        parts.append(
            f'  <rect x="{left:.1f}" y="{middle - 9:g}" width="{max(right - left, 1.5):.1f}" height="18" '
            f'fill="{STRONG if row.strong else BAR}"/>'
        )
        if row.interval:
            low, high = map(x, row.interval)
            ends_of = "".join(f"M{end:.1f} {middle - 5:g} v10 " for end in (low, high))
            parts.append(
                f'  <path d="M{low:.1f} {middle:g} H{high:.1f} {ends_of.strip()}" stroke="{INK}" stroke-width="1.5"/>'
            )
        weight = ' font-weight="bold"' if row.strong else ""
        parts.append(f'  <text x="{LABELS + PLOT + 16}" y="{middle + 5:g}"{weight}>{escape(row.text)}</text>')
    return "\n".join([*parts, "</svg>", ""])
