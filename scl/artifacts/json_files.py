"""JSON files that carry "kind" and "schema": plain ones as dicts, artefacts as frozen dataclasses.

A dataclass says all that is checked: pydantic holds every field to its annotation (strictly: no text for a number),
`annotated_types` to its range, and the class's `__post_init__` to what several fields have to agree in. Unknown fields,
NaN, infinities and nesting beyond pydantic's limit are errors.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from scl.artifacts.errors import InputError, shortened
from scl.artifacts.files import read_bytes, write_bytes

MOST_BYTES = 64 << 20  # of a JSON file


class Artifact:
    """Base of the dataclasses that are files.

    Attributes:
        kind, schema: what the file says it is.
        advice: the command that makes such a file anew.
    """

    kind: ClassVar[str]
    schema: ClassVar[int]
    advice: ClassVar[str]
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


A = TypeVar("A", bound=Artifact)


def write_json(path: str | Path, value: dict[str, Any]) -> None:
    """Writes JSON atomically. Raises ValueError for NaN and infinities, which JSON has not."""
    write_bytes(path, (json.dumps(value, indent=2, allow_nan=False) + "\n").encode())


def write_artifact(path: str | Path, value: Artifact) -> None:
    """Writes a dataclass atomically. Raises ValueError if it would not be read back: nothing is written then."""
    assert dataclasses.is_dataclass(value) and not isinstance(value, type)
    fields = dataclasses.asdict(value)
    # What cannot be read must not be written.
    _validated(type(value), json.dumps(fields, allow_nan=False).encode())
    write_json(path, {"kind": value.kind, "schema": value.schema, **fields})


def read_json(path: str | Path, kind: str, schema: int = 1, advice: str = "make it again") -> dict[str, Any]:
    """Reads a JSON file. Raises InputError unless it is an object of this kind and schema."""
    from pydantic_core import from_json

    data = read_bytes(path, MOST_BYTES, f"a {kind} file")
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error}); {advice}, or restore it") from error
    found = value.get("kind") if isinstance(value, dict) else type(value).__name__
    if found != kind:
        raise InputError(f"{path}: holds {shortened(found)}, expected kind {kind!r}; {advice}")
    if value.get("schema") != schema:
        raise InputError(
            f"{path}: has {kind} schema {shortened(value.get('schema'))}, this version reads schema {schema}; {advice}"
        )
    return dict(value)


def read_artifact(path: str | Path, cls: type[A]) -> A:
    """Reads a dataclass. Raises InputError that names the file, the field, what was found and what was expected."""
    value = read_json(path, cls.kind, cls.schema, cls.advice)
    fields = {name: field for name, field in value.items() if name not in ("kind", "schema")}
    try:
        return _validated(cls, json.dumps(fields).encode())
    except ValueError as error:
        raise InputError(f"{path}: {error}; {cls.advice}") from error


def _validated(cls: type[A], data: bytes) -> A:
    """Raises ValueError that names the first wrong field, what it holds and what was expected."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(cls).validate_json(data)
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        first = wrong[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        more = f" ({len(wrong) - 1} more fields are wrong)" if len(wrong) > 1 else ""
        message = first["msg"].removeprefix("Value error, ")
        raise ValueError(_sentence(field, first["type"], message, first["input"]) + more) from error


def _sentence(field: str, kind: str, message: str, value: object) -> str:
    if kind == "missing":
        return f"field {field} is missing"
    if kind == "unexpected_keyword_argument":
        return f"field {field} is not known"
    if kind == "value_error":
        return f"field {field}: {message}"
    return f"field {field} is {shortened(value)}, expected: {message[0].lower()}{message[1:]}"
