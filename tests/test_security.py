"""docs/SECURITY.md names a test for each promise: every one exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "SECURITY.md").read_text()


def test_every_promise_has_tests_and_they_exist():
    promises = re.split(r"^## (?=\d\.)", PAGE, flags=re.M)[1:]
    assert [promise[0] for promise in promises] == list("123456")
    for promise in promises:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", promise)
        assert named, promise.splitlines()[0]
        for path, name in named:
            functions = {
                node.name
                for node in ast.walk(ast.parse((ROOT / path).read_text()))
                if isinstance(node, ast.FunctionDef)
            }
            assert name in functions, f"{path}::{name}"
