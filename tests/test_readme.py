"""Every block of commands in README and docs says how the tests hold it, and is held so; what a page names is where it
says, and no page is left out of the site. test_pipeline.py runs the main job in miniature.
"""

import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from scl import commands
from tests.scl.test_arguments import parser_of

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = "docs|firmware|firmware_host|calibration|export|train|scl|tests|benchmarks"
# What the title of a block says, which the site shows above it.
RUN, CHECKED = "run by the tests", "checked against --help"
RUN_ELSEWHERE = re.compile(r"checked by the tests; run with .* \d+(\.\d+)+")  # what no test installs
FENCE = re.compile(r'^```(sh|python)(?: title="([^"]*)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
OTHERS = {"dfu-util"}  # programs of others


@dataclass(frozen=True)
class Block:
    """A block of commands, or of Python: under which heading of which page it stands, and what its title says."""

    page: str
    heading: str
    language: str
    title: str | None
    text: str


def blocks() -> list[Block]:
    found = []
    for path in PAGES:
        text = path.read_text("utf-8")
        for match in FENCE.finditer(text):
            headings = ["", *re.findall(r"^## (.*)$", text[: match.start()], re.MULTILINE)]
            found.append(Block(path.relative_to(ROOT).as_posix(), headings[-1], *match.groups()))
    return found


BLOCKS = blocks()
LINES = [
    shlex.split(line, comments=True)
    for block in BLOCKS
    if block.title == CHECKED
    for line in block.text.replace("\\\n", " ").splitlines()
    if line.strip() and not line.startswith("#")
]
# Commands in sentences, where they have arguments: a name alone tells which is meant.
SENTENCES = [
    words
    for page in PAGES
    for code in re.findall(r"(?<!`)`((?:python -m|scl) [^`]+)`", page.read_text("utf-8"))
    if len(words := shlex.split(code)) > 3 and "COMMAND" not in words
]
MODULES = sorted({module for module, _ in commands.COMMANDS.values()})


def test_every_block_says_how_it_is_held() -> None:
    titles = {block.title for block in BLOCKS}
    assert {RUN, CHECKED} <= titles
    silent = [
        f"{block.page}, {block.heading}: {block.title}"
        for block in BLOCKS
        if block.title not in ((RUN,) if block.language == "python" else (RUN, CHECKED))
        and not RUN_ELSEWHERE.fullmatch(block.title or "")
    ]
    needed = f'each needs title="{RUN}" or, of commands, title="{CHECKED}" behind its language:'
    assert not silent, "\n".join([needed, *silent])


def test_a_block_that_is_run_has_a_test_that_names_its_page_and_heading() -> None:
    tests = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")]
    for block in BLOCKS:
        if block.title == RUN:
            names = f'"{Path(block.page).name}"', f'"{block.heading}"'
            assert any(all(name in test for name in names) for test in tests), f"{block.page}, {block.heading}"


@pytest.mark.parametrize("words", [*LINES, *SENTENCES], ids=" ".join)
def test_a_line_that_is_checked_is_taken_by_its_parser(words: list[str]) -> None:
    shells = [index for index, word in enumerate(words) if word in (">", "|")]
    program, *rest = words[: shells[0]] if shells else words
    if program == "make":
        check_make(rest)
    elif program not in OTHERS:
        if program == "scl":
            count = 2 if " ".join(rest[:2]) in commands.COMMANDS else 1
            module, arguments = commands.COMMANDS[" ".join(rest[:count])][0], rest[count:]
        else:
            assert program in ("python", "torchrun"), (
                f"{program} is no program of ours; add it to OTHERS if it is meant"
            )
            start = rest.index("-m")
            module, arguments = rest[start + 1], rest[start + 2 :]
        if module == "pip":
            check_pip(arguments)
            return
        parser_of(module).parse_args(arguments)


def check_pip(words: list[str]) -> None:
    """Extras that the package has."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    names = [name for word in words for name in re.findall(r"^scl-wearable\[(.*)\]$", word)]
    assert words[0] == "install" and names and set(",".join(names).split(",")) <= set(extras)


def check_make(words: list[str]) -> None:
    """A target that make help lists, or variables of firmware/Makefile."""
    if words[:1] == ["-C"]:
        makefile = (ROOT / words[1] / "Makefile").read_text("utf-8")
        for name, value in (word.split("=") for word in words[2:]):
            assert re.search(rf"\$\({name}\)", makefile), f"{words[1]}/Makefile has no {name}"
            assert name != "BOARD" or (ROOT / "firmware" / "boards" / value).is_dir()
    else:
        done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert re.search(rf"^\s+{words[0]}\s", done.stdout, re.MULTILINE), f"make help does not list {words[0]}"


@pytest.mark.parametrize("module", MODULES)
def test_help_of_a_module_that_starts_cold(module: str) -> None:
    """It imports all that it needs by itself."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stdout.startswith(f"usage: python -m {module} "), done.stderr


def test_the_method_alone_runs() -> None:
    import torch

    (block,) = [one for one in BLOCKS if (Path(one.page).name, one.heading) == ("COMMANDS.md", "The method alone")]
    names = {"z": torch.randn(8, 128), "z_t": torch.randn(8, 128), "task": torch.tensor(1.0)}
    exec(block.text, names)
    assert torch.isfinite(names["loss"]) and names["loss"] > 1


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    def pages(part: object) -> list[str]:
        if isinstance(part, str):
            return [part]
        return [page for inner in (part.values() if isinstance(part, dict) else part) for page in pages(inner)]

    named = pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"])
    there = {path.relative_to(ROOT / "docs").as_posix() for path in PAGES if path.is_relative_to(ROOT / "docs")}
    missing = sorted(there - set(named))
    assert not missing, f"add to nav in mkdocs.yml: {', '.join(missing)}"
    assert len(named) == len(set(named))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_named_in_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text):
        assert (ROOT / path).exists(), f"{page.name} names {path}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{page.name} links to {link}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_named_in_a_page_exist(page: Path) -> None:
    for name in re.findall(r"`((?:calibration|export|firmware_host|scl|train)(?:\.\w+)+)`", page.read_text("utf-8")):
        module = next((m for m in _shortened(name) if (ROOT / m).with_suffix(".py").exists()), None)
        assert module or (ROOT / name.replace(".", "/")).is_dir(), f"{page.name} names {name}, which is not there"


def _shortened(name: str) -> list[str]:
    """The paths that a dotted name may be in, with what it may name of a module left out."""
    parts = name.split(".")
    return ["/".join(parts[:count]) for count in range(len(parts), 1, -1)]
