"""What commands print with --json, held to docs/schemas."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")))


def checked(value: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    """The value, which is as its schema says: that of its kind, or `name`."""
    validator(name or value["kind"]).validate(value)
    return value


def drawn_anew(code: str) -> Any:
    """The JSON that code prints, which imports modules of benchmarks/: a page and its pictures by name."""
    benchmarks = SCHEMAS.parents[1] / "benchmarks"
    done = subprocess.run([sys.executable, "-c", code], cwd=benchmarks, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def document(stdout: str, name: str | None = None) -> dict[str, Any]:
    """The one document that a command has printed to stdout; nothing stands before or behind it."""
    assert stdout.startswith("{\n") and stdout.endswith("\n}\n")
    return checked(json.loads(stdout), name)


def file(path: Path, name: str | None = None) -> dict[str, Any]:
    """What a JSON file holds."""
    return checked(json.loads(path.read_text("utf-8")), name)
