"""TOML files that people write: sensors, options, sweeps."""

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from scl.artifacts.errors import InputError, shortened
from scl.artifacts.files import read_bytes
from scl.artifacts.json_files import sentence

MOST_BYTES = 1 << 20
T = TypeVar("T")


def read_toml(path: str | Path, what: str) -> dict[str, Any]:
    """The table of a TOML file; `what` says in errors what was expected.

    Raises InputError if it is missing, no regular file, larger than MOST_BYTES or no TOML.
    """
    return toml_table(read_bytes(path, MOST_BYTES, what), path, what)


def toml_table(data: bytes, where: str | Path, what: str) -> dict[str, Any]:
    """The table that a TOML file's bytes hold; `where` names it in errors, `what` says what was expected.

    Raises InputError for what is no TOML.
    """
    try:
        return tomllib.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise InputError(f"{where}: is nested too deeply, expected {what}") from error
    except ValueError as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise InputError(f"{where}: is not TOML ({error}), expected {what}") from error


def read_typed_toml(path: str | Path, cls: type[T], what: str) -> T:
    """Reads a TOML file as a frozen dataclass: what has a default may be left out, unknown keys are errors.

    Raises InputError that names the file, the key, what was found, and what was expected or which keys are known.
    """
    return typed_toml(read_bytes(path, MOST_BYTES, what), path, cls, what)


def typed_toml(data: bytes, path: str | Path, cls: type[T], what: str) -> T:
    """The same of a file's bytes; `path` names it in errors."""
    from pydantic import TypeAdapter, ValidationError

    table = toml_table(data, path, what)
    try:
        # As JSON text: strictly, a list is no tuple in Python, but in JSON it is.
        made: T = TypeAdapter(cls).validate_json(json.dumps(table, default=str))
        return made
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        first = next((one for one in wrong if one["type"] == "unexpected_keyword_argument"), wrong[0])
        if first["type"] != "unexpected_keyword_argument":
            raise InputError(f"{path}: {sentence(first).replace('field ', 'key ', 1)}") from error
        place = tuple(str(part) for part in first["loc"])
        known = ", ".join(field.name for field in _fields_at(cls, place[:-1]))
        raise InputError(f"{path}: unknown key {shortened('.'.join(place))}; known keys: {known}") from error


def _fields_at(cls: Any, place: tuple[str, ...]) -> tuple["dataclasses.Field[Any]", ...]:
    """The fields of the dataclass that a key's table is read as."""
    for name in place:
        cls = get_type_hints(cls)[name] if dataclasses.is_dataclass(cls) else get_args(cls)[1]  # of a dict's values
        if get_origin(cls) is not dict:
            cls = next((choice for choice in get_args(cls) if dataclasses.is_dataclass(choice)), cls)
    return dataclasses.fields(cls)
