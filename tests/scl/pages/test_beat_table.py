import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from scl.ec57.beats import Series
from scl.ec57.comparison import RecordFigures, compare, summarize
from scl.pages.beat_table import beat_table, counts
from scl.pages.rendering import render
from scl.terminal import columns


@pytest.fixture
def records() -> list[RecordFigures]:
    """Record 100: four beats, one missed, no S. Record 232: two S, of which one is called N, and an extra beat."""
    reference = Series(np.array([100, 400, 700, 1000]), np.array([0, 0, 2, 2]))
    test = Series(np.array([100, 400, 700]), np.array([0, 0, 2]))
    other = Series(np.array([100, 400]), np.array([1, 1]))
    said = Series(np.array([100, 250, 403]), np.array([1, 0, 0]))
    return [compare("100", reference, test, 360, 0), compare("232", other, said, 360, 0)]


def test_rows_by_hand(records: list[RecordFigures]) -> None:
    table = beat_table(records, summarize(records), [summarize(records, without=["232"])])
    first = ("4", "75.00", "100.00", "2", "50.00", "100.00", "0", "–", "–", "0.0")
    assert table.records == (
        ("100", *first),
        ("232", "2", "100.00", "66.67", "0", "–", "–", "2", "50.00", "100.00", "408.3"),
    )
    assert table.totals == (
        ("gross", "6", "83.33", "83.33", "2", "50.00", "100.00", "2", "50.00", "100.00", "235.8"),
        ("average", "", "87.50", "83.33", "", "50.00", "100.00", "", "50.00", "100.00", ""),
        ("gross without 232", *first),
    )
    assert all(len(row) == len(table.columns) for row in table.records + table.totals)


def test_it_goes_to_a_terminal(records: list[RecordFigures]) -> None:
    table = beat_table(records, summarize(records))
    out = StringIO()
    Console(file=out, width=100).print(columns("EC57", table.columns, (table.records, table.totals)))
    lines = out.getvalue().splitlines()
    assert [re.findall(r"[\w.–]+", line) for line in lines if "gross" in line] == [list(table.totals[0])]


def test_it_goes_to_a_page_with_every_text_escaped(records: list[RecordFigures], tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '{% import "macros.html" as m %}{{ m.beats(table) }}{{ m.matrix(counts) }}', encoding="utf-8"
    )
    odd = compare("<b>", Series(np.array([9]), np.array([0])), Series(np.array([9]), np.array([0])), 360, 0)
    everything = [*records, odd]
    summary = summarize(everything)
    page = render(
        tmp_path / "page.html", {"table": beat_table(everything, summary), "counts": counts("Beats", summary.matrix)}
    )
    assert "&lt;b&gt;" in page and "<b>" not in page
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page)
    assert len(rows) == 3 + 2 + 7 and rows[1].startswith("232</th><td>2</td><td>100.00</td>")
    assert "Not a medical device" in page
