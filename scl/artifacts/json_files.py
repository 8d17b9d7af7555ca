"""JSON files that carry "kind" and "schema": plain ones as dicts, artefacts as frozen dataclasses.

A dataclass says all that is checked: pydantic holds every field to its annotation (strictly: no text for a number),
`annotated_types` to its range, and the class's `__post_init__` to what several fields have to agree in. Fields that are
missing (those with a default too, as files hold them all) or unknown, NaN, infinities and nesting beyond pydantic's
limit are errors, and so is a name that an object holds twice, of which two readers may take another one each.
"""

import dataclasses
import json
import math
import re
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

from scl.artifacts.errors import InputError, shortened
from scl.artifacts.files import read_bytes, write_bytes

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

MOST_BYTES = 16 << 20  # of a JSON file
MOST_ARTIFACT_BYTES = 1 << 20  # every wrong entry of a list makes an error, which takes 1 kB and some microseconds
MOST_MESSAGE = 500  # characters
PYDANTIC_PART = re.compile(r"\[key\]|(tuple|constrained)[\[-].*|function-.*")
Place = tuple[int | str, ...]  # of a field: names, and indices in lists


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
_ADAPTERS: "dict[type[Artifact], TypeAdapter[Any]]" = {}


def write_json(path: str | Path, value: dict[str, Any]) -> None:
    """Writes JSON atomically. Raises ValueError for NaN and infinities, which JSON has not."""
    write_bytes(path, _text(value))


def json_text(value: Artifact | dict[str, Any]) -> bytes:
    """A JSON file's bytes: of a dataclass with its kind and schema, or of what `read_json` returns.

    Raises ValueError for NaN and infinities.
    """
    return _text(value if isinstance(value, dict) else _with_kind(value))


def write_artifact(path: str | Path, value: Artifact) -> None:
    """Writes a dataclass atomically. Raises ValueError if it would not be read back: nothing is written then."""
    contents = json.loads(json.dumps(_with_kind(value), allow_nan=False))
    data = _text(contents)
    if len(data) > MOST_ARTIFACT_BYTES:
        raise ValueError(f"{value.kind} takes {len(data):,} bytes, expected {MOST_ARTIFACT_BYTES:,} at most")
    _validated(type(value), {name: field for name, field in contents.items() if name not in ("kind", "schema")})
    write_bytes(path, data)


def read_json(
    path: str | Path, kind: str, schema: int = 1, advice: str = "make it again", most: int = MOST_BYTES
) -> dict[str, Any]:
    """Reads a JSON file of at most `most` bytes.

    Raises InputError unless it is an object of this kind and schema with finite numbers and no name twice.
    """
    from pydantic_core import from_json

    data = read_bytes(path, most, f"JSON of kind {kind!r}")
    try:
        value = from_json(data, allow_inf_nan=True)  # refused below, by the field's name
        json.loads(data, object_pairs_hook=_unique)  # which takes any nesting, so it comes second
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error}); {advice}, or restore it") from error
    if not isinstance(value, dict) or value.get("kind") != kind:
        held = shortened(value.get("kind") if isinstance(value, dict) else value)
        raise InputError(f"{path}: holds {held}, expected kind {kind!r}; {advice}")
    held_schema = value.get("schema")
    if type(held_schema) is not int or held_schema != schema:
        raise InputError(
            f"{path}: has {kind} schema {shortened(held_schema)}, this version reads schema {schema}; {advice}"
        )
    try:
        json.dumps(value, allow_nan=False)  # is faster than to look at every number
    except ValueError:
        try:
            _check_finite(value)
        except ValueError as error:
            raise InputError(f"{path}: {error}; {advice}") from error
        raise
    return value


def read_artifact(path: str | Path, cls: type[A]) -> A:
    """Reads a dataclass. Raises InputError that names the file, the field, what was found and what was expected."""
    value = read_json(path, cls.kind, cls.schema, cls.advice, MOST_ARTIFACT_BYTES)
    fields = {name: field for name, field in value.items() if name not in ("kind", "schema")}
    try:
        return _validated(cls, fields)
    except ValueError as error:
        raise InputError(f"{path}: {error}; {cls.advice}") from error


def _adapter(cls: type[A]) -> "TypeAdapter[A]":
    """The validator of a class, made once: that takes longer than to validate."""
    from pydantic import TypeAdapter

    if cls not in _ADAPTERS:
        _ADAPTERS[cls] = TypeAdapter(cls)
    return _ADAPTERS[cls]


def _with_kind(value: Artifact) -> dict[str, Any]:
    assert dataclasses.is_dataclass(value) and not isinstance(value, type)
    return {"kind": value.kind, "schema": value.schema, **dataclasses.asdict(value)}


def _text(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def _validated(cls: type[A], fields: dict[str, Any]) -> A:
    """Raises ValueError that names the first wrong field, what it holds and what was expected."""
    from pydantic import ValidationError

    if cls.__pydantic_config__["extra"] == "forbid":  # not of a class that takes a part of a file
        _check_complete(cls, fields)
    # As JSON text, not as objects: strictly, a list is no tuple in Python, but in JSON it is.
    data = json.dumps(fields).encode()
    try:
        return _adapter(cls).validate_json(data)
    except ValidationError as error:
        more = f" ({error.error_count() - 1} more are wrong)" if error.error_count() > 1 else ""
        raise ValueError(sentence(error.errors(include_url=False)[0]) + more) from error


def sentence(error: "ErrorDetails") -> str:
    """What pydantic found wrong, as a user reads it: the field, what it holds and what was expected."""
    kind, message, value, limits = error["type"], error["msg"], error["input"], error.get("ctx", {})
    field = f"field {_dotted(error['loc'])}" if error["loc"] else "the file"
    if kind == "missing":  # of a list whose length is fixed
        return f"{field} is missing"
    if kind == "unexpected_keyword_argument":
        return f"{field} is not known, expected none of this name"
    if kind == "value_error":
        message = message.removeprefix("Value error, ")
        message = message if len(message) <= MOST_MESSAGE else f"{message[:MOST_MESSAGE]}..."  # it may quote the file
        if isinstance(value, dict):  # of several fields that have to agree
            name = f"{error['loc'][-1]}: " if error["loc"] else ""
            return f"{field}: {message.removeprefix(name)}" if name else message
        return f"{field} is {shortened(value)}, {message}"
    if kind in ("too_short", "too_long"):
        expected = f"{limits['min_length']} or more" if kind == "too_short" else f"{limits['max_length']} at most"
        return f"{field} is {shortened(value)}, expected {expected} entries"
    expected = message.removeprefix("Input should be ")
    return f"{field} is {shortened(value)}, expected {expected[0].lower()}{expected[1:]}"


def _dotted(place: Place) -> str:
    """The field as people name it, without what pydantic adds for a dict's key and for the types of a union."""
    return ".".join(str(part) for part in place if isinstance(part, int) or not PYDANTIC_PART.fullmatch(part))


def _unique(pairs: list[tuple[str, object]]) -> None:
    """Raises ValueError if an object holds a name twice."""
    if len({name for name, _ in pairs}) != len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise ValueError(f"field {shortened(twice)} stands there twice, expected it once")


def _check_finite(value: object, place: Place = ()) -> None:
    """Raises ValueError that names the first NaN or infinity of a JSON value."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"field {_dotted(place)} is {value}, expected a finite number")
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, entry in entries:
        _check_finite(entry, (*place, name))


def _check_complete(hint: Any, value: object, place: Place = ()) -> None:
    """Raises ValueError that names the first field of a dataclass which a JSON value lacks, also where the class has a
    default for it. A value of another type than `hint` is left to pydantic.
    """
    if not isinstance(value, dict | list):
        return
    arguments = get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        hints = get_type_hints(hint)
        for field in dataclasses.fields(hint):
            if field.name not in value:
                raise ValueError(f"field {_dotted((*place, field.name))} is missing")
            _check_complete(hints[field.name], value[field.name], (*place, field.name))
    elif get_origin(hint) is tuple and isinstance(value, list):
        for index, entry in enumerate(value):
            _check_complete(
                arguments[0 if arguments[-1] is ... else min(index, len(arguments) - 1)], entry, (*place, index)
            )
    elif get_origin(hint) is dict and isinstance(value, dict):
        for name, entry in value.items():
            _check_complete(arguments[1], entry, (*place, name))
    elif get_origin(hint) in (Union, UnionType):
        for argument in arguments:
            _check_complete(argument, value, place)
