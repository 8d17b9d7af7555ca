"""The tests' own judges of pages: each finds the fault that it is there for."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import PHONE, screenshot, scrolls_sideways, violations

PAGE = '<!doctype html><html lang="en"><title>t</title><main><h1>Title</h1>{}</main></html>'


def test_faults_of_a_page_are_found(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": PHONE, "height": 800})
    page.set_content(PAGE.format("<p>Text</p>"))
    assert violations(page) == ""
    assert not scrolls_sideways(page)
    assert screenshot(page, "page", tmp_path).read_bytes().startswith(b"\x89PNG")
    page.set_content(PAGE.format('<p style="color: #ddd; background: #fff; width: 900px">Faint</p>'))
    assert "color-contrast" in violations(page)
    assert scrolls_sideways(page)
    page.close()
