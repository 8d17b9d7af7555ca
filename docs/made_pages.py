"""Pages of the site that nobody types: the start is README, a command's page its --help, Python's its docstrings.

MkDocs calls the functions below (hooks in mkdocs.yml).
"""

import io
import os
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scl import commands
from scl.arguments import Parser

ROOT = Path(__file__).parents[1]
COPIED = {  # files outside docs/ by the page that each is
    "index.md": "README.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "REPORTING.md": "SECURITY.md",
    "LICENSE": "LICENSE",
    "new-board.md": "firmware/boards/README.md",
}
MODULES = {  # of the reference, by page
    "The method": ("scl.partition", "scl.loss", "scl.negatives", "scl.transforms"),
    "Figures": ("scl.metrics", "scl.robustness", "scl.decision", "scl.belief", "scl.temperature"),
    "Front end": (
        *("scl.frontend.spec", "scl.frontend.chain", "scl.frontend.sensor", "scl.frontend.resampler"),
        *("scl.frontend.bandpass", "scl.frontend.invariants", "scl.frontend.si_units", "scl.frontend.counts"),
        *("scl.frontend.quantization", "scl.frontend.flags", "scl.units"),
        *("scl.frontend.beats", "scl.frontend.beat_detector", "scl.frontend.beat_features"),
        *("scl.frontend.beat_shape", "scl.frontend.beat_template", "scl.frontend.beat_polarity"),
        *("scl.frontend.rr_series", "scl.frontend.rhythm", "scl.frontend.integer_math"),
    ),
    "Files": (
        *("scl.artifacts.run", "scl.artifacts.ranges", "scl.artifacts.manifest", "scl.artifacts.bundle"),
        *("scl.artifacts.golden", "scl.artifacts.capture", "scl.artifacts.calibration"),
    ),
    "Deploy a module": ("export.from_module.deploy",),
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts the made pages into the navigation, where mkdocs.yml has an empty list for them."""
    made = {
        "Each command": [{name: _command_page(name)} for name in commands.COMMANDS],
        "Python": [{title: _module_page(title)} for title in MODULES],
    }
    for section in _sections(config.nav):
        for title, pages in made.items():
            if title in section:
                section[title] = pages
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the made pages."""
    pages = {name: (ROOT / source).read_text(encoding="utf-8") for name, source in COPIED.items()}
    pages |= {_command_page(name): command_page(name) for name in commands.COMMANDS}
    pages |= {_module_page(title): module_page(title) for title in MODULES}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leads the links of a page to the pages that files outside docs/ become."""
    source = page.file.src_uri
    return linked(markdown, COPIED.get(source, f"docs/{source}"), source)


def linked(text: str, source: str, page: str) -> str:
    """The text of a file of the repository as that of a page: its links lead to pages."""
    made = {file: name for name, file in COPIED.items()}

    def link(match: re.Match[str]) -> str:
        target = os.path.normpath(os.path.join(os.path.dirname(source), match[1]))
        target = made.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else None)
        return f"]({os.path.relpath(target, os.path.dirname(page) or '.')}" if target else match[0]

    return re.sub(r"\]\((?![a-z]+:|#)([^)#\s]+)", link, text)


def command_page(name: str) -> str:
    """What `scl NAME --help` prints."""
    module, purpose = commands.COMMANDS[name]
    return f"# scl {name}\n\n`python -m {module}`: {purpose}.\n\n```text\n{help_of(name)}```\n"


def help_of(name: str) -> str:
    """The help of a command and of its subcommands, 100 columns wide."""
    text = _printed(*name.split(), "--help")
    for subcommands in re.findall(r"^  \{([\w,-]+)\}", text, re.MULTILINE)[:1]:
        for word in subcommands.split(","):
            text += "\n" + _printed(*name.split(), word, "--help")
    return text


def _printed(*words: str) -> str:
    printed = io.StringIO()
    with patch.dict(os.environ, COLUMNS="100"), patch.object(Parser, "program", None), redirect_stdout(printed):
        try:
            commands._main(words)
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"scl {' '.join(words)} ended with status {end.code}") from end
    return printed.getvalue()


def module_page(title: str) -> str:
    """The docstrings of some modules."""
    options = "    options: {show_root_heading: false, show_root_toc_entry: false}"
    parts = [f"## {module}\n\n::: {module}\n{options}" for module in MODULES[title]]
    return "\n\n".join([f"# {title}", *parts]) + "\n"


def _command_page(name: str) -> str:
    return f"reference/commands/{name.replace(' ', '-')}.md"


def _module_page(title: str) -> str:
    return f"reference/python/{title.lower().replace(' ', '-')}.md"


def _sections(nav: Any) -> list[dict[str, Any]]:
    """All parts of a navigation that have a title."""
    if isinstance(nav, list):
        return [section for part in nav for section in _sections(part)]
    if isinstance(nav, dict):
        return [nav, *(section for part in nav.values() for section in _sections(part))]
    return []
