"""The page of an export, in a browser: its figures are the JSON's, and it is readable as the validation's is."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from export.report_page import page as written
from scl.artifacts.bundle import read_bundle
from scl.artifacts.export_report import ExportReport, FloatModel, NetworkReport, RandomInputs, Searched, read_report
from scl.artifacts.manifest import Int8Figures, Streaming
from tests.browser import PHONE, screenshot, scrolls_sideways, violations

A4 = 703  # CSS pixels between the margins
TABLES = """() => Object.fromEntries([...document.querySelectorAll('table')].map(table => [
  table.caption.innerText,
  [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.innerText.trim()))]))"""
OUTSIDE = "() => [...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth + 1).length"


@pytest.fixture
def page(browser: Browser) -> Any:
    page = browser.new_page(viewport={"width": 1000, "height": 1300})
    yield page
    page.close()


def elsewhere(report: ExportReport) -> NetworkReport:
    """A report as of a model from elsewhere, with this one's costs."""
    same = {name: getattr(report, name) for name in ("name", "model_hash", "cost", "board", "layers", "memory_map")}
    figures = Int8Figures(50, 2, 0.9, 0.8, 0.7, 0.6, 0.5)
    return NetworkReport(
        **same,
        provenance=report.provenance,
        agreement=RandomInputs("C", 500, 6000, 0, Searched(100, 2000, 30, 40)),
        streaming=Streaming(16, 1_000, 0.25, 2_000, 30, 64),
        data="windows.npz",
        transformation="rotation",
        int8=figures,
        clipped=0.01,
        float_model=FloatModel(1e-6, figures, 0.99, 31.5),
    )


def test_every_figure_is_the_files(page: Page, bundle_folder: Path) -> None:
    """The bundle lists the page, and its tables have what export_report.json has."""
    bundle = read_bundle(bundle_folder)
    r = json.loads(bundle.file("export_report.json").read_text())
    page.goto(bundle.file("export_report.html").as_uri())
    tables = {caption.partition(";")[0].partition(",")[0]: rows for caption, rows in page.evaluate(TABLES).items()}
    evaluation = r["evaluation"]
    keys = ("accuracy", "accuracy_transformed", "macro_f1", "macro_f1_transformed", "consistency")
    assert [row[1:] for row in tables["Figures of the float model and of the int8 model on the same windows"]] == [
        [
            f"{100 * evaluation['float'][key]:.2f} %",
            f"{100 * evaluation['int8'][key]:.2f} %",
            f"{100 * (evaluation['float'][key] - evaluation['int8'][key]):+.2f}",
        ]
        for key in keys
    ]
    losses = evaluation["loss_points"]
    assert [row[1] for row in tables["What int8 loses over originals and copies together"]] == [
        f"{losses[key]:+.2f}" for key in ("accuracy", "macro_f1", "consistency")
    ]
    assert [row[:3] for row in tables["Runtimes beside TensorFlow Lite Micro on real windows and their copies"]] == [
        [row["runtime"], f"{row['inputs']:,}", str(row["max_steps"])] for row in r["agreement"]
    ]
    assert [(row[0], row[2]) for row in tables["Memory map of the arena"]] == [
        (place["name"], f"{place['bytes']:,}") for place in r["memory_map"]
    ]
    assert [(row[0], row[5]) for row in tables["Layers in order"]] == [
        (layer["name"], f"{layer['instructions']:,}") for layer in r["layers"]
    ]
    assert {name: int(size.replace(",", "")) for name, size in tables["Files of the bundle"]} == r["bytes"]
    cost = dict(tables["What the network takes"])
    assert cost["Flash"].startswith(f"{r['cost']['flash_bytes']:,} bytes")
    assert dict(tables["This export"])["Command"] == r["provenance"]["command"]


@pytest.mark.parametrize("kind", ["run", "elsewhere"])
def test_readable_for_everybody(page: Page, bundle_folder: Path, tmp_path: Path, kind: str) -> None:
    """axe finds nothing, in light and in dark; nothing is wider than a phone, nor than a sheet of A4."""
    report = read_report(read_bundle(bundle_folder))
    assert isinstance(report, ExportReport)
    path = tmp_path / "page.html"
    path.write_text(written(report if kind == "run" else elsewhere(report)), "utf-8")
    page.goto(path.as_uri())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == "", scheme
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert not scrolls_sideways(page)
    page.set_viewport_size({"width": A4, "height": 1000})
    page.emulate_media(media="print")
    assert not scrolls_sideways(page) and page.evaluate(OUTSIDE) == 0


@pytest.mark.screenshots
def test_a_picture_for_the_docs(page: Page, bundle_folder: Path, tmp_path: Path) -> None:
    page.goto((bundle_folder / "export_report.html").as_uri())
    assert screenshot(page, "export_report", tmp_path, whole=False).stat().st_size > 10_000
