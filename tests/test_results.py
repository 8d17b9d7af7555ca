"""The ten figures of docs/RESULTS.md: page and pictures say what the results hold, which is computed anew here."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.documents import drawn_anew

ROOT = Path(__file__).parents[1]
RESULTS, DOCS = ROOT / "benchmarks" / "results", ROOT / "docs"
PAGE = (DOCS / "RESULTS.md").read_text("utf-8")
SECTIONS = {int(number): text for number, text in re.findall(r"^## (\d+)\. (.*?)(?=^## |\Z)", PAGE, re.M | re.S)}
PICTURES = [re.search(r"\((images/results/\w+\.svg)\)", text)[1] for text in SECTIONS.values()]


def percent(values: Iterable[float]) -> str:
    """Mean and half the 95 % interval of shares, in percent."""
    shares = 100 * np.array(list(values))
    low, high = stats.t.interval(0.95, len(shares) - 1, shares.mean(), stats.sem(shares))
    return f"{shares.mean():.1f} ± {(high - low) / 2:.1f} %"


def test_the_page_is_what_the_results_make() -> None:
    """Page and pictures are those that update_docs.py would write now."""
    code = (
        "import json, ten_figures\nfound = ten_figures.figures()\n"
        "print(json.dumps([ten_figures.page(found), {one.name: one.svg for one in found}]))"
    )
    page, pictures = drawn_anew(code)
    again = "run python benchmarks/update_docs.py"
    assert f"<!-- begin ten -->\n{page}\n<!-- end ten -->" in PAGE, again
    for name, svg in pictures.items():
        assert (DOCS / "images" / "results" / f"{name}.svg").read_text("utf-8") == svg, again


def test_there_are_ten_with_a_picture_and_a_table_each() -> None:
    assert list(SECTIONS) == list(range(1, 11)) and len(set(PICTURES)) == 10
    for text in SECTIONS.values():
        (table,) = re.findall(r"\(results/(\w+\.md)\)", text)
        assert (DOCS / "results" / table).is_file()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_long_as_its_figures_and_says_them(name: str) -> None:
    """Bars are in proportion: of two figures, the one that is twice as large has a bar twice as long."""
    root = ET.fromstring((DOCS / name).read_text("utf-8"))
    space = {"svg": "http://www.w3.org/2000/svg"}
    said = root.find("svg:desc", space).text.split("; ")
    widths = [float(bar.get("width")) for bar in root.findall("svg:rect", space)[1:]]
    assert root.get("role") == "img" and len(said) == len(widths) > 2
    values = [abs(float(re.search(r": ([+-]?[\d.,]+)", one)[1].replace(",", ""))) for one in said]
    scale = max(widths) / max(values)
    for width, value in zip(widths, values, strict=True):
        assert width == pytest.approx(max(value * scale, 1.5), abs=0.06 * scale + 0.2)  # of what is printed


def test_rotation_and_sensors() -> None:
    folds = json.loads((RESULTS / "wisdm_folds.json").read_text("utf-8"))["runs"]
    own = [row for row in folds if row["table"] == "defaults" and row["variation"] == "1"]
    both, alone = ([row for row in own if row["sensors"] == name] for name in ("accel+gyro", "accel"))
    raw = [
        row for row in folds if (row["table"], row.get("input"), row.get("method")) == ("methods", "raw", "baseline")
    ]
    assert len(both) == len(alone) == len(raw) == 5
    for number, rows, name in (
        (1, both, "int8_rotated_macro_f1"),
        (1, both, "int8_macro_f1"),
        (1, raw, "int8_rotated_macro_f1"),
        (2, both, "int8_consistency"),
        (2, raw, "int8_consistency"),
        (4, alone, "int8_rotated_macro_f1"),
    ):
        assert percent(row[name] for row in rows) in SECTIONS[number], name


def test_the_papers_loss() -> None:
    with open(RESULTS / "ablations.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (row["table"], row["point"]) == ("methods", "SCL (paper)")]
    assert len(rows) == 3 and f"reaches {percent(float(row['consistency']) for row in rows)}" in SECTIONS[5]


def test_the_engine() -> None:
    imu = json.loads((RESULTS / "device.json").read_text("utf-8"))["networks"]["imu"]
    for key in ("instructions", "flash_bytes", "ram_bytes"):
        assert f"{imu[key]:,}" in SECTIONS[8]


def test_ecg() -> None:
    runs = json.loads((RESULTS / "ecg_methods.json").read_text("utf-8"))["runs"]
    seeds = json.loads((RESULTS / "beat_seeds.json").read_text("utf-8"))["rows"]
    own = [row for row in seeds if row["input"] == "features"]
    strips = [row["int8"]["int8"]["consistency"] for row in runs if row["task"] == "strip" and row.get("int8")]
    assert len(strips) == len(own) == 5
    assert percent(strips) in SECTIONS[9]
    for number, name in (
        (9, "strip consistency"),
        (9, "strip macro F1"),
        (10, "S Se"),
        (10, "S PPV"),
        (10, "S Se without 232"),
        (10, "V Se"),
    ):
        assert percent(row[name] for row in own) in SECTIONS[number], name
    assert len({row["QRS Se"] for row in own}) == 1  # the detector is not trained
    assert f"{100 * own[0]['QRS Se']:.1f} % are found" in SECTIONS[10]


def test_ours_stands_beside_the_published() -> None:
    """The row of the board has the seeds' means; nothing is invented: what is not known is a dash."""
    page = (DOCS / "results" / "heartbeats.md").read_text("utf-8")
    lines = page.split("<!-- begin beat_literature -->\n")[1].split("\n<!-- end")[0].splitlines()
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    assert head[1:] == ["S Se / PPV, %", "V Se / PPV, %", "leads", "split", "R peaks", "size"]
    assert {len(row) for row in rows} == {7} and all(cell for row in rows for cell in row)
    seeds = json.loads((RESULTS / "beat_seeds.json").read_text("utf-8"))["rows"]
    own = [row for row in seeds if row["input"] == "features"]
    (board,) = [row for row in rows if "on the board" in row[0]]
    for cell, kind in ((board[1], "S"), (board[2], "V")):
        due = (percent(row[f"{kind} {name}"] for row in own).removesuffix(" %") for name in ("Se", "PPV"))
        assert cell == " / ".join(due)
    assert board[5] == "found by the board"


@pytest.mark.parametrize("page", sorted((DOCS / "results").glob("*.md")), ids=lambda page: page.stem)
def test_the_tables_have_readable_headings(page: Path) -> None:
    heads = re.findall(r"^(\|.*)\n\| ---", page.read_text("utf-8"), re.MULTILINE)
    assert not [head for head in heads if "_" in head]


def test_the_engine_is_ahead_of_the_recorded_ones() -> None:
    """Every row of the page's table is what the two files of results say, and CMSIS-NN called directly takes more."""
    text = (DOCS / "results" / "board.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) \| (Cortex-\w+) \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) \|", text, re.MULTILINE)
    device, recorded = (json.loads((RESULTS / f"{name}.json").read_text("utf-8")) for name in ("device", "rivals"))
    direct = {(row["network"], row["core"]): row for row in recorded["rows"] if "directly" in row["engine"]}
    assert {(network, core) for network, core, *_ in rows} == direct.keys()
    for network, core, ours, theirs, ratio in rows:
        m55 = core == "Cortex-M55"
        counted = device["other_boards"][network]["mps3-an547"] if m55 else device["networks"][network]["instructions"]
        found = int(ours.replace(",", "")), int(theirs.replace(",", ""))
        assert found == (counted, direct[network, core]["instructions"])
        assert float(ratio) == pytest.approx(found[1] / found[0], abs=0.006) and found[1] > found[0]
