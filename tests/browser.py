"""What tests of pages share: headless Chromium, axe's findings, whether a page scrolls sideways, and screenshots.

`SCL_SCREENSHOTS=1` (`make screenshots`) writes the screenshots into docs/images; else they stay in a temporary folder.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

PHONE = 390  # CSS pixels: the width of a phone
IMAGES = Path(__file__).parents[1] / "docs" / "images"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window; skips where it is not installed."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    # Chromium's own sandbox does not start for root, as which CI runs.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    """A page of its own on a large screen; at its end no script may have failed or complained."""
    context = browser.new_context(viewport={"width": 1200, "height": 1400})
    context.set_default_timeout(20_000)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: message.type == "error" and faults.append(message.text))
    yield page
    context.close()
    assert not faults


def violations(page: Page) -> str:
    """axe's violations of the page as it is now, one paragraph each; empty where there are none."""
    results = Axe().run(page)
    return results.generate_report() if results.violations_count else ""


def scrolls_sideways(page: Page) -> bool:
    """True if the page is wider than its viewport."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def screenshot(page: Page, name: str, folder: Path, *, whole: bool = True) -> Path:
    """Writes NAME.png of the whole page, or of what is in view: into docs/images if asked for, else into `folder`."""
    path = (IMAGES if os.environ.get("SCL_SCREENSHOTS") else folder) / f"{name}.png"
    page.screenshot(path=path, full_page=whole, animations="disabled")
    return path
