"""docs/HEARTBEATS.md: its pictures are those that the results make, and show them."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.documents import drawn_anew

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "HEARTBEATS.md").read_text("utf-8")
HELD = json.loads((ROOT / "benchmarks" / "results" / "beat_pictures.json").read_text("utf-8"))
SPACE = {"svg": "http://www.w3.org/2000/svg"}


def picture(name: str) -> ET.Element:
    return ET.fromstring((ROOT / "docs" / "images" / f"heartbeats-{name}.svg").read_text("utf-8"))


def test_page_and_pictures_are_what_the_results_make() -> None:
    code = (
        "import json, beat_pictures as b\nd = b.drawn_of(json.loads(b.RESULTS.read_text('utf-8')))\n"
        "print(json.dumps([b.page(d), {one.name: one.svg for one in d}]))"
    )
    page, pictures = drawn_anew(code)
    again = "run python benchmarks/update_docs.py"
    assert f"<!-- begin beat_pictures -->\n{page}\n<!-- end beat_pictures -->" in PAGE, again
    assert len(pictures) == 3
    for name, svg in pictures.items():
        assert (ROOT / "docs" / "images" / f"{name}.svg").read_text("utf-8") == svg, again


def test_leads_whose_peaks_point_down_are_those_of_the_results() -> None:
    """Counted and named as the benchmark found them; turned round, all other records' point down."""
    held = json.loads((ROOT / "benchmarks" / "results" / "qrs_leads.json").read_text("utf-8"))["downward"]
    block = PAGE.split("<!-- begin downward -->\n")[1].split("\n<!-- end downward")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]]
    assert [row[:3] for row in rows] == [[r["lead"], str(r["records"]), str(len(r["downward"]))] for r in held]
    first, turned, _second = held
    assert rows[0][3] == ", ".join(map(str, first["downward"])) != ""
    assert not set(first["downward"]) & set(turned["downward"])
    assert len(first["downward"]) + len(turned["downward"]) == first["records"]


@pytest.mark.parametrize(("row", "key"), [("board", "beats"), ("truth", "annotated")])
def test_the_marks_of_the_stretch_are_the_beats(row: str, key: str) -> None:
    letters = [t for t in picture("ecg").findall("svg:text", SPACE) if t.get("class") == row]
    due = HELD["stretch"][key]
    assert [t.text for t in letters] == [label for _, label in due]
    at = [float(t.get("x")) for t in letters]
    first, last = due[0][0], due[-1][0]
    placed = [first + (x - at[0]) * (last - first) / (at[-1] - at[0]) for x in at]
    assert placed == pytest.approx([seconds for seconds, _ in due], abs=0.003)


def test_the_intervals_and_the_matrix_have_all_their_beats() -> None:
    drawn = "".join(p.get("d") for p in picture("rr").findall("svg:path", SPACE) if "beats" in p.get("class", ""))
    assert drawn.count("M") == len(HELD["intervals"]["beats"]) > 1000
    texts = [t.text.replace(",", "") for t in picture("matrix").findall("svg:text", SPACE)]
    assert [int(t) for t in texts if t.isdigit()] == [c for row in HELD["matrix"] for c in row if c]


def test_alt_texts_say_what_is_seen() -> None:
    alt = dict(re.findall(r"!\[(.*?)\]\(images/(heartbeats-\w+)\.svg\)", PAGE))
    beats = " ".join(label for _, label in HELD["stretch"]["beats"])
    assert len(alt) == 3 and any(text.endswith(f"beats are {beats}") for text in alt)
