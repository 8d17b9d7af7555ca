"""The site of docs/ builds without a warning, from README, the commands' help and the docstrings."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scl
from scl import commands
from tests.scl.test_arguments import parser_of

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that make docs writes."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "--quiet", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def text_of(page: Path) -> str:
    """What a page says, without its elements."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))


def test_it_starts_with_the_readme(site: Path) -> None:
    start = text_of(site / "index.html")
    assert "passed: exact" in start and "What you get" in start
    for link in re.findall(r'href="(?!https?:|#)([^"#]+)', (site / "index.html").read_text("utf-8")):
        assert (site / link).exists(), link


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_a_commands_page_has_each_of_its_options(site: Path, name: str) -> None:
    page = text_of(site / "reference" / "commands" / f"{name.replace(' ', '-')}.html")
    assert f"usage: scl {name}" in page
    options = [option for action in parser_of(commands.COMMANDS[name][0])._actions for option in action.option_strings]
    assert options and all(option in page for option in options)


def test_the_reference_has_shapes_and_errors_of_the_docstrings(site: Path) -> None:
    page = text_of(site / "reference" / "python" / "the-method.html")
    assert "scl.loss" in page and "StructuredContrastiveLoss" in page and "latents (batch, d) of the windows" in page
    assert "beta, eps, floor or stop out of range" in page


def test_every_module_of_the_front_end_and_every_name_of_scl_is_in_the_reference(site: Path) -> None:
    pages = [text_of(page) for page in (site / "reference" / "python").glob("*.html")]
    modules = [f"scl.frontend.{path.stem}" for path in (ROOT / "scl" / "frontend").glob("[a-z]*.py")]
    assert len(modules) > 8
    for name in (*modules, *scl.__all__):
        assert any(re.search(rf"\b{re.escape(name)}\b", page) for page in pages), name


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """The pages are read without a network."""
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)', page.read_text("utf-8"))
        assert not loaded, f"{page.relative_to(site)} loads {loaded}"
