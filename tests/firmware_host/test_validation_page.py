"""The page of a validation on the emulated board, in a browser: its figures are the JSON's, and it is readable on a
phone, in the dark, on paper and by screen readers.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from firmware_host import validate
from firmware_host.breakdown_types import ShiftBin
from firmware_host.validation import Validation
from firmware_host.validation_page import page as written
from scl.artifacts import read_artifact
from tests.browser import PHONE, screenshot, scrolls_sideways, violations

A4 = 703  # CSS pixels between the margins
TABLES = """() => Object.fromEntries([...document.querySelectorAll('table')].map(table => [
  table.caption.innerText,
  [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim()))]))"""
OUTSIDE = """() => [...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth + 1)
  .map(box => box.getAttribute('aria-label'))"""


@pytest.fixture(scope="module")
def report(board_tools: None, bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report folder of 12 windows and their copies on the emulated board."""
    out = tmp_path_factory.mktemp("reports") / "tiny"
    assert (
        validate.main([str(bundle_folder), "--port", "emulator", "--limit", "12", "--battery", "--out", str(out)]) == 0
    )
    return out


@pytest.fixture(scope="module")
def validation(report: Path) -> Validation:
    return read_artifact(report / "validation.json", Validation)


@pytest.fixture
def page(browser: Browser) -> Any:
    page = browser.new_page(viewport={"width": 1000, "height": 1300})
    yield page
    page.close()


def shares(value: float | None, interval: list[float] | None = None) -> str:
    text = "–" if value is None else f"{value * 100:.1f} %"
    return f"{text} {interval[0] * 100:.1f} to {interval[1] * 100:.1f} %" if interval else text


def decimal(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def table(tables: dict[str, list[list[str]]], start: str) -> list[list[str]]:
    (rows,) = [rows for caption, rows in tables.items() if caption.startswith(start)]
    return rows


def test_every_figure_is_the_files(page: Page, report: Path) -> None:
    """The tables are read back, and compared with validation.json."""
    v = json.loads((report / "validation.json").read_text())
    page.goto((report / "validation.html").as_uri())
    tables = page.evaluate(TABLES)
    parts = v["breakdown"]
    assert table(tables, "Copies by the angle") == [
        [
            f"{row['low_deg']:.0f} to {row['high_deg']:.0f}",
            str(row["pairs"]),
            shares(row["consistency"], row["consistency_ci95"]),
            decimal(row["similarity_invariant"]),
        ]
        for row in parts["by_angle"]
    ]
    assert [row[1:] for row in table(tables, "Copies by direction")] == [
        [
            str(row["pairs"]),
            shares(row["consistency"], row["consistency_ci95"]),
            decimal(row["similarity_invariant"]),
        ]
        for row in parts["by_direction"]
    ]
    assert v["battery"]["parity"]["compared"] == 4 * v["battery"]["windows"] > 0
    assert table(tables, f"{v['battery']['windows']} windows of ") == [
        [
            row["name"],
            f"{row['strength']:g} {row['unit']}" if row["unit"] else "yes",
            *(
                shares(row["board"][key], row["board"][f"{key}_ci95"])
                for key in ("macro_f1", "accuracy", "consistency")
            ),
            str(row["lost"]),
        ]
        for row in v["battery"]["rungs"]
    ]
    classes = {row["label"]: row for row in parts["classes"]}
    rows = table(tables, "Shares of the windows of each true class")
    assert len(rows) == len(classes)
    lowest = []
    for name, right, kept, as_recorded in rows:
        row = classes[name.rsplit(" ", 2)[0]]
        assert name == f"{row['label']} {row['windows']} windows"
        assert right == shares(row["recall_transformed"], row["recall_transformed_ci95"])
        assert kept == shares(row["consistency"], row["consistency_ci95"])
        assert as_recorded == shares(row["recall"], row["recall_ci95"])
        values = [row[key] for key in ("recall", "recall_transformed", "consistency") if row[key] is not None]
        lowest.append(min(values, default=2))
    assert lowest == sorted(lowest), "worst classes first"
    for name, *values in table(tables, "Precision and F1"):
        keys = ("precision", "f1", "precision_transformed", "f1_transformed")
        assert values == [shares(classes[name][key]) for key in keys]
    confusions, n = parts["confusions"], len(parts["confusions"]["labels"])
    for key, caption in (("untouched", "As recorded: "), ("transformed", "Transformed: ")):
        counts = [[int(cell or 0) for cell in row[1:]] for row in table(tables, caption)]
        assert counts == confusions[key] and len(counts) == n
    figures = {row[0]: row[1:] for row in table(tables, "Board and desktop")}
    for key, name in (
        ("accuracy", "Accuracy, as recorded"),
        ("accuracy_transformed", "Accuracy, transformed"),
        ("consistency", "Consistency"),
    ):
        board, desktop, int8, exact = figures[name]
        assert board == shares(v[key], v[f"{key}_ci95"]) and desktop == shares(v["desktop"][key])
        assert (int8, exact) == (shares(v["export"]["int8"][key]), shares(v["export"]["float"][key]))
    assert [row[:5] for row in table(tables, "Memory map")] == [
        [place["name"], f"{place['offset']:,}", f"{place['bytes']:,}", str(place["first"] + 1), str(place["last"] + 1)]
        for place in v["export"]["memory_map"]
    ]
    assert [(row[0], row[5]) for row in table(tables, "Layers in order")] == [
        (layer["name"], f"{layer['instructions']:,}") for layer in v["export"]["layers"]
    ]
    assert [row[2] for row in table(tables, "Windows by latency")] == [str(row["windows"]) for row in parts["latency"]]
    sources = dict(table(tables, "This validation"))
    assert sources["Command"] == v["provenance"]["command"] and "--limit 12" in sources["Command"]
    assert sources["Emulator"].startswith("QEMU emulator version") and "gcc" in sources["Compiler"]
    assert sources["Firmware, SHA-256"] == v["sources"]["firmware"]
    tiles = [tile.inner_text() for tile in page.locator(".tile").all()]
    assert shares(v["accuracy_transformed"]) in tiles[0] and shares(v["consistency"]) in tiles[1]
    assert f"{shares(None, v['consistency_ci95'])[2:]}" in tiles[1]


def test_the_order(page: Page, report: Path) -> None:
    """The verdict in words, then the two figures, then where it holds; headings are in order."""
    page.goto((report / "validation.html").as_uri())
    text = page.inner_text("body")
    places = [
        text.index(part)
        for part in (
            "Passed: exact",
            "Exact: the board computes what the desktop computes",
            "Robust: not asked",
            "Accuracy under 3-D rotation of the sensor",
            "Consistency under 3-D rotation of the sensor",
            "By rotation angle",
            "By direction",
            "Classes, worst first",
            "Confusion",
            "Float, int8 and board",
            "Exactness",
            "Time and link",
            "Memory and instructions",
            "Where it is from",
        )
    ]
    assert places == sorted(places)


def variants(v: Validation) -> dict[str, Validation]:
    """Reports of other kinds, made of this one."""
    pairs = {name: getattr(v.breakdown.by_angle[3], name) for name in ("consistency", "consistency_ci95")}
    shifts = tuple(ShiftBin(10, **pairs, similarity_invariant=-0.25, samples=x, seconds=x / 360) for x in (36.0, 72.0))
    shifted = replace(v.breakdown, by_angle=(), by_direction=(), by_shift=shifts)
    bare = replace(v.breakdown, by_angle=(), by_direction=(), classes=(), confusions=None, latency=())
    unknown = dict.fromkeys(
        ("accuracy", "accuracy_ci95", "accuracy_transformed", "accuracy_transformed_ci95", "macro_f1", "consistency")
    )
    return {
        "measured": v,
        "shifts": replace(v, breakdown=shifted, sentence="a shift of the window", transformation="shift"),
        "lost": replace(v, lost=7, stopped="the port broke", missed=("7 windows were lost", "it ended"), passed=False),
        "bare": replace(
            v, **unknown, breakdown=bare, export=None, transformation=None, sentence="", task=None, split=None,
            desktop=replace(v.desktop, **unknown), per_transform=(),
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "schemes"),
    [("measured", ("light", "dark")), ("shifts", ("dark",)), ("lost", ("dark",)), ("bare", ("light",))],
)
def test_readable_for_everybody(
    page: Page, validation: Validation, tmp_path: Path, kind: str, schemes: tuple[Literal["light", "dark"], ...]
) -> None:
    """axe finds nothing, in light and in dark; nothing is wider than a phone, nor than a sheet of A4."""
    path = tmp_path / "page.html"
    path.write_text(written(variants(validation)[kind]), "utf-8")
    page.goto(path.as_uri())
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == "", scheme
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert not scrolls_sideways(page)
    board = page.locator("table:has-text('Board and desktop') tbody tr td:nth-child(2)").first.bounding_box()
    assert board is not None and board["x"] + board["width"] <= PHONE
    page.set_viewport_size({"width": A4, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    assert not scrolls_sideways(page) and page.evaluate(OUTSIDE) == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.screenshots
def test_pictures_for_the_docs(page: Page, report: Path, tmp_path: Path) -> None:
    page.goto((report / "validation.html").as_uri())
    assert screenshot(page, "validation", tmp_path, whole=False).stat().st_size > 10_000
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert screenshot(page, "validation-phone", tmp_path, whole=False).stat().st_size > 5_000
