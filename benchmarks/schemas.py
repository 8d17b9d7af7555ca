"""docs/schemas: a JSON Schema of every JSON file that the packages write, and of every document that --json prints,
made from the types that write them. `make schemas` runs it; a test holds the folder to it.
"""

import ast
import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from typing_extensions import is_typeddict

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "schemas"
PACKAGES = ("scl", "train", "calibration", "export", "firmware_host")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PARTS = {"PlannedRun"}  # of another file, as a reader needs them
NAMES = {"FusionMetricsFile": "fusion_metrics", "FusionRunFile": "fusion_run"}  # of files that share their kind
INTRODUCTION = """# Schemas

Every JSON file that a command writes, and every document that a command prints with `--json`, names its `kind` and the number of its `schema`. These are their JSON Schemas (draft 2020-12), made from the types that write them by `make schemas`. The number rises when a field changes its meaning, goes or comes; readers refuse another number, and name the command that makes the file anew.

| schema | number | what |
| --- | --- | --- |
"""  # noqa: E501


def declared() -> Iterator[type]:
    """The classes that say a kind and a schema of their own, in the order of their files."""
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.ClassDef) and _says_kind(node)]
        if names and path.name != "json_files.py":
            module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            yield from (getattr(module, name) for name in names if name not in PARTS)


def _says_kind(node: ast.ClassDef) -> bool:
    targets = {
        target.id
        for statement in node.body
        for target in (
            statement.targets
            if isinstance(statement, ast.Assign)
            else [statement.target]
            if isinstance(statement, ast.AnnAssign)
            else []
        )
        if isinstance(target, ast.Name)
    }
    return {"kind", "schema"} <= targets


def kind_of(cls: Any) -> tuple[str, int]:
    """The kind and the schema's number."""
    if is_typeddict(cls):
        hints = get_type_hints(cls)
        return hints["kind"].__args__[0], hints["schema"].__args__[0]
    return cls.kind, cls.schema


def schema_of(cls: Any) -> dict[str, Any]:
    """The JSON Schema of a class. All fields of a dataclass are in its file, also those that have a default."""
    kind, number = kind_of(cls)
    schema = TypeAdapter(cls).json_schema()
    if not is_typeddict(cls):
        marks = {"kind": {"const": kind, "type": "string"}, "schema": {"const": number, "type": "integer"}}
        schema["properties"] = marks | schema["properties"]
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part and not (part is schema and is_typeddict(cls)):
            part["required"] = list(part["properties"])
            part["additionalProperties"] = False
    schema["title"] = kind
    schema["description"] = cls.__doc__
    for part in (schema, *schema.get("$defs", {}).values()):
        if "description" in part:
            part["description"] = _of_fields(part["description"])
    return {"$schema": DIALECT} | _without_defaults(schema)


def _of_fields(docstring: str) -> str:
    """What a class's docstring says of the class and its fields; not what it raises, nor examples in Python."""
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join(text for text in paragraphs if not text.startswith(("Raises:", "Example", ">>>")))


def _without_defaults(value: Any) -> Any:
    """What pydantic adds beside the types: titles of fields, and defaults, which no file leaves out."""
    if isinstance(value, list):
        return [_without_defaults(one) for one in value]
    if not isinstance(value, dict):
        return value
    named = isinstance(value.get("properties"), dict)
    dropped = set() if named else {"default", "title"} & {k for k, v in value.items() if not isinstance(v, dict)}
    return {name: _without_defaults(one) for name, one in value.items() if name not in dropped}


def files() -> dict[str, str]:
    """The folder's files: text by name."""
    schemas, rows = {}, []
    for cls in declared():
        kind, number = kind_of(cls)
        name = f"{NAMES.get(cls.__name__, kind)}.json"
        if name in schemas:
            raise ValueError(f"{cls.__module__}.{cls.__name__}: kind {kind} has a schema already; name it in NAMES")
        schemas[name] = json.dumps(schema_of(cls), indent=2, ensure_ascii=False) + "\n"
        what = " ".join(inspect.cleandoc(cls.__doc__).split("\n\n")[0].split())
        rows.append(f"| [`{name.removesuffix('.json')}`]({name}) | {number} | {what} |")
    return {**schemas, "README.md": INTRODUCTION + "\n".join(sorted(rows)) + "\n"}


def main() -> None:
    made = files()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
