"""compare.html: two validation reports side by side as a page. Every figure in it is one of compare.json."""

from collections.abc import Sequence
from pathlib import Path

from firmware_host.breakdown_types import Pairs
from firmware_host.comparison import Comparison, Difference
from scl.pages import charts
from scl.pages.parts import provenance_rows
from scl.pages.rendering import render

TEMPLATE = Path(__file__).with_name("comparison.html")


def page(comparison: Comparison) -> str:
    """The comparison as HTML, with style and charts inline."""
    beyond = [row for row in comparison.differences if row.beyond]
    battery = sorted(comparison.battery, key=lambda row: row.difference)
    classes = sorted(comparison.classes, key=lambda row: row.difference)
    return render(
        TEMPLATE,
        {
            "c": comparison,
            "sentences": [_sentence(row) for row in beyond] or ["Nothing differs beyond its interval."],
            "tables": [
                ("Overall", "figure", comparison.differences),
                ("The battery: macro F1 under each nuisance, largest loss first", "nuisance", battery),
                ("Right of the copies of each class, largest loss first", "class", classes),
            ],
            "angle": _by_angle(comparison),
            "shift": _by_shift(comparison),
            "sources": provenance_rows(comparison.provenance),
        },
    )


def _sentence(row: Difference) -> str:
    way = "higher" if row.difference > 0 else "lower"
    return f"{row.name} of B is {way} by {100 * abs(row.difference):.2f} points, beyond the interval."


def _by_angle(comparison: Comparison) -> object:
    sides = comparison.a.by_angle, comparison.b.by_angle
    bins = [[(row.low_deg, row.high_deg) for row in rows] for rows in sides]
    if not all(sides) or bins[0] != bins[1]:  # the table has a row for each bin of both
        return None
    places = [[(low + high) / 2 for low, high in side] for side in bins]
    series = _series(sides, places)
    ticks = [(float(degrees), str(degrees)) for degrees in range(0, 181, 30)]
    return charts.shares("angle", "Consistency of A and B by angle", _NOTE, series, ticks, "degrees")


def _by_shift(comparison: Comparison) -> object:
    sides = comparison.a.by_shift, comparison.b.by_shift
    if not all(sides) or any(row.seconds is None for rows in sides for row in rows):
        return None
    places = [[row.seconds or 0.0 for row in rows] for rows in sides]
    series = _series(sides, places)
    ends = sorted({0.0, min(map(min, places)), max(map(max, places))})
    return charts.shares(
        "shift", "Consistency of A and B by shift", _NOTE, series, [(x, f"{x:.3g}") for x in ends], "seconds later"
    )


def _series(sides: Sequence[Sequence[Pairs]], places: Sequence[Sequence[float]]) -> list[charts.Series]:
    """Consistency of A and of B, each at its places of the x axis."""
    series = []
    for name, rows, at, colour in zip("AB", sides, places, ("mark", "second"), strict=True):
        dots = [charts.Dot(x, row.consistency, row.consistency_ci95) for x, row in zip(at, rows, strict=True)]
        series.append(charts.Series(name, dots, colour))
    return series


_NOTE = "Each with its 95 % interval; the table below has the same."
