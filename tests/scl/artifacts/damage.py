"""Damages of an artefact: each field of a dataclass, however deep, made wrong in every way that a file can be wrong."""

import copy
import dataclasses
import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scl.artifacts import Artifact, InputError, read_artifact

TYPES = ["text", 1.5, 3, True, {}, []]  # a value of each type that JSON has
NOT_FINITE = [float("nan"), float("inf"), -float("inf")]
NEGATIVE = [-1, -0.5, -(10**40)]
HUGE = [10**40, 1e300, "x" * 100_000, "x\ny", [0] * 70_000]
# What a program of its own has before it is run: getrusage would count what its parent had too.
PEAK = """
def peak_gigabytes():
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 2**20
"""


@dataclasses.dataclass(frozen=True)
class Damage:
    """A file's object with one wrong field; `name` is the field's, which the error has to say."""

    fields: dict[str, Any]
    name: str
    what: str


def damages(value: Artifact) -> Iterator[Damage]:
    """Every field of `value` removed, null, of every other type, not finite, and replaced by absurd values; and an
    unknown field beside it. A replacement that happens to be valid is not left out: see `check`.
    """
    fields = {"kind": value.kind, "schema": value.schema, **json.loads(json.dumps(dataclasses.asdict(value)))}
    for place, optional, is_field in _places(value, ()):
        *above, last = place
        name = next(str(part) for part in reversed(place) if isinstance(part, str))
        old = _at(fields, place)
        for wrong in [*TYPES, *NOT_FINITE, *NEGATIVE, *HUGE, *([] if optional else [None])]:
            if wrong != old or type(wrong) is not type(old):
                yield Damage(_changed(fields, place, wrong), name, f"{place} = {str(wrong)[:20]}")
        if is_field:
            without = copy.deepcopy(fields)
            del _at(without, tuple(above))[last]
            yield Damage(without, name, f"{place} removed")
            yield Damage(_changed(fields, (*above, "unknown_field"), 0), "unknown_field", f"beside {place}")


def check(path: Path, value: Artifact, allowed: typing.Container[tuple[str, object]]) -> int:
    """Reads every damage of `value` from `path`: each ends in an InputError that holds the path and the field's name.

    Args:
        allowed: pairs of a field's name and a value that are no damage.

    Returns how many damages were refused.
    """
    refused = 0
    for damage in damages(value):
        path.write_text(json.dumps(damage.fields))
        try:
            read_artifact(path, type(value))
        except InputError as error:
            text = str(error)
            assert len(text) < 1000, f"{damage.what}: {len(text)} characters: {text[:200]}"
            assert str(path) in text and damage.name in text, f"{damage.what}: {text}"
            assert "expected" in text or "missing" in text, f"{damage.what}: {text}"
            refused += 1
        else:
            wrong = damage.what.partition(" = ")[2]
            assert (damage.name, wrong) in allowed, f"{damage.what} was read"
    return refused


def refuse(path: Path, value: type[Artifact], match: str) -> None:
    """Asserts that the file is refused, with its path and `match` in the message."""
    with pytest.raises(InputError, match=match) as error:
        read_artifact(path, value)
    assert str(path) in str(error.value)


def _places(value: object, above: tuple[int | str, ...]) -> Iterator[tuple[tuple[int | str, ...], bool, bool]]:
    """Where values are that have a declared type, whether null is one of theirs, and whether they are fields of a
    dataclass (else entries of a dict, or a list's last). What is of no declared type is left out.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = typing.get_type_hints(type(value))
        for field in dataclasses.fields(value):
            place = (*above, field.name)
            yield place, type(None) in typing.get_args(hints[field.name]), True
            if hints[field.name] != dict[str, object]:
                yield from _places(getattr(value, field.name), place)
    elif isinstance(value, tuple) and value:
        yield (*above, len(value) - 1), False, False
        yield from _places(value[-1], (*above, len(value) - 1))
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield (*above, name), False, False
            yield from _places(entry, (*above, name))


def _at(fields: Any, place: tuple[int | str, ...]) -> Any:
    for part in place:
        fields = fields[part]
    return fields


def _changed(fields: dict[str, Any], place: tuple[int | str, ...], value: object) -> dict[str, Any]:
    changed = copy.deepcopy(fields)
    _at(changed, place[:-1])[place[-1]] = value
    return changed
