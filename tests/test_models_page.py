"""docs/MODELS.md against the code: the operators that are read, and every refusal with its advice, word for word."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from export.network import from_file
from export.network.operators import tflite_operators
from tests.test_error_texts import module, template

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "MODELS.md").read_text("utf-8")
FILES = sorted(
    path for path in (ROOT / "export" / "network").glob("*.py") if "onnx" not in path.name
)  # ONNX has its own


def rows(heading: str, page: str = PAGE) -> list[list[str]]:
    """The cells of the table under a heading of a page."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip().replace("\\|", "|") for cell in line.strip("| ").split(" | ")] for line in lines[2:]]


def readable(text: str, names: dict[str, object]) -> str:
    """A template for people: numbers of the code in place, what the file decides as dots."""

    def value(found: re.Match[str]) -> str:
        held = names.get(found[1].partition(":")[0])
        return f"{held:,}" if isinstance(held, int) else "..."

    return re.sub(r"\{([^{}]*)\}", value, text).strip()


def refusals(files: Iterable[Path] = FILES) -> list[list[str]]:
    """[what is refused, what to do] of every UnsupportedError in files of the code."""
    found = []
    for path in files:
        names = module(path.relative_to(ROOT).as_posix())
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("UnsupportedError"):
                texts = [template(argument, names) for argument in node.args]
                if texts[0]:  # "": an operator that is not known, of the other table
                    found.append([readable(text or "...", names) for text in texts])
    return sorted(map(list, {tuple(row) for row in found}))


def table(found: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in found)


def test_the_page_names_every_operator_that_is_read():
    operators = [name for row in rows("What is read") for name in re.findall(r"`([A-Z0-9_]+)`", row[0])]
    assert sorted(operators) == sorted(from_file.supported())


def test_the_page_has_every_refusal_and_its_advice():
    expected = refusals()
    assert len(expected) > 40
    assert rows("What is refused of an operator") == expected, f"the table should be\n{table(expected)}"


def test_the_page_has_what_comes_nearest_to_each_operator_that_is_not_read():
    expected = sorted([f"`{kind}`", nearest] for kind, nearest in from_file.NEAREST.items())
    assert rows("Operators that are not read") == expected, f"the table should be\n{table(expected)}"
    assert not set(from_file.NEAREST) & set(tflite_operators()), "advice for what is read"
