"""Panels in rows of two: every dot at its share, and none where there is no figure."""

import re

from scl.pages.charts import Dot
from scl.pages.ladders import BELOW, PLOT, TOP, Panel, Step, ladders


def test_dots_are_as_high_as_their_shares() -> None:
    steps = [
        Step("0", Dot(0, 1.0, None), Dot(0, 0.5, (0.25, 0.75))),
        Step("5", Dot(1, 0.0, None), Dot(1, None, None)),
    ]
    drawn = str(ladders("b", "a title", "words <of it>", [Panel("first", steps)] * 3))
    dots = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    squares = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)"', drawn)
    assert len(dots) == 1 + 3 * 2 and len(squares) == 1 + 3  # one of each is the legend
    (left, top), (right, bottom), (second, _), _, (third, below), _ = dots[1:]
    assert bottom - top == PLOT and left < right < second and third == left
    assert below - top == TOP + PLOT + BELOW
    assert float(squares[1][1]) + 3.5 == top + PLOT / 2
    assert drawn.count(">first<") == 3 and "words &lt;of it&gt;" in drawn
