"""docs/ONNX.md against the code: the operators that are read, and every refusal with its advice, word for word."""

import re
from pathlib import Path

from export.network import from_onnx
from export.network.onnx_constants import FOLDED
from export.network.onnx_qdq import QDQ
from tests.export.network.test_onnx_refusals import MODULES
from tests.test_models_page import refusals, rows, table

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "ONNX.md").read_text("utf-8")
FILES = sorted(path for path in (ROOT / "export" / "network").glob("*onnx*.py"))


def test_the_page_names_every_operator_that_is_read() -> None:
    operators = [name for row in rows("What is read", PAGE) for name in re.findall(r"`([A-Za-z0-9]+)`", row[0])]
    assert sorted(operators) == sorted({*from_onnx.SUPPORTED, *QDQ, *FOLDED, "Shape"})


def test_the_page_has_every_refusal_and_its_advice() -> None:
    expected = refusals(FILES)
    assert len(expected) > 40
    assert rows("What is refused of an operator", PAGE) == expected, f"the table should be\n{table(expected)}"


def test_the_page_has_what_comes_nearest_to_each_operator_that_is_not_read() -> None:
    expected = sorted([f"`{kind}`", nearest] for kind, nearest in from_onnx.NEAREST.items())
    assert rows("Operators that are not read", PAGE) == expected, f"the table should be\n{table(expected)}"
    assert not set(from_onnx.NEAREST) & set(from_onnx.SUPPORTED), "advice for what is read"


def test_the_page_has_the_modules_that_are_refused() -> None:
    expected = sorted([name, advice] for name, (_, _, advice) in MODULES.items())
    assert rows("Modules of PyTorch that are refused", PAGE) == expected, f"the table should be\n{table(expected)}"
