"""The page on loops of one's own: plain PyTorch and Lightning as they stand; the Trainer's script as far as it needs no
package that is not installed here.
"""

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest

from tests.tutorials.pages import PAGES, Done, play, said, sections

PAGE = "own-loop.md"
COMMANDS = sections(PAGE, PAGES.parent / "how-to")
SHARED = "What the loops share"


def figures(ended: list[Done]) -> tuple[float, float]:
    """Accuracy and consistency, which each script prints last."""
    assert all(done.status == 0 for done in ended), said(ended)
    accuracy, consistency = re.search(
        r"accuracy ([\d.]+), consistency under rotation ([\d.]+)$", ended[-1].output.strip()
    ).groups()
    return float(accuracy), float(consistency)


@pytest.mark.parametrize("heading", ["Plain PyTorch", "Lightning"])
def test_a_loop_learns_to_keep_its_answers(heading: str, tmp_path: Path) -> None:
    accuracy, consistency = figures(play([*COMMANDS[SHARED], *COMMANDS[heading]], tmp_path))
    assert accuracy > 0.9 and consistency > 0.9


def test_every_name_that_a_script_imports_of_ours_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the Trainer's script, which needs transformers, each name, and what it overrides and calls of parts.py."""
    play([*COMMANDS[SHARED], *COMMANDS["Hugging Face Trainer"][:1]], tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names = []
    for script in ("parts.py", "with_trainer.py"):
        for node in ast.walk(ast.parse((tmp_path / script).read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module != "transformers":
                module = importlib.import_module(str(node.module))
                names += [hasattr(module, name.name) for name in node.names]
    sys.modules.pop("parts")
    assert len(names) > 12 and all(names)
