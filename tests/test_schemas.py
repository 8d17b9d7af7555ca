"""docs/schemas is what `make schemas` makes, and says what is wrong with a damaged file."""

import copy

import pytest
from jsonschema import Draft202012Validator, ValidationError

from benchmarks import schemas
from scl.artifacts.ranges import Ranges
from tests.documents import checked, validator


def test_the_folder_is_what_the_types_say() -> None:
    made = schemas.files()
    there = {path.name: path.read_text("utf-8") for path in schemas.FOLDER.iterdir()}
    assert sorted(there) == sorted(made)
    stale = [name for name, text in made.items() if there[name] != text]
    assert not stale, "run make schemas"
    for name in made.keys() - {"README.md"}:
        Draft202012Validator.check_schema(validator(name.removesuffix(".json")).schema)


RANGES = {
    "kind": Ranges.kind,
    "schema": Ranges.schema,
    "run_hash": "ab" * 32,
    "method": "minmax",
    "windows": 1,
    "draws": 0,
    "transformation": "rotation",
    "seed": 0,
    "subjects": [3],
    "ranges": {"input": [-1.0, 1.0]},
}


@pytest.mark.parametrize("key", RANGES)
def test_a_field_that_is_missing_or_of_another_type_is_refused(key: str) -> None:
    checked(RANGES, "ranges")
    damaged = copy.deepcopy(RANGES)
    del damaged[key]
    with pytest.raises(ValidationError, match=f"'{key}' is a required property"):
        checked(damaged, "ranges")
    with pytest.raises(ValidationError):
        checked(RANGES | {key: [None]}, "ranges")
    with pytest.raises(ValidationError, match="another"):
        checked(RANGES | {"another": 1}, "ranges")
