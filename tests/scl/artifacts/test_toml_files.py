"""TOML that people hand in: read, or refused with the file's name, whatever stands in its place."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from annotated_types import Gt

from scl.artifacts import InputError, read_toml, read_typed_toml


def test_what_is_there_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes('name = "ü"\r\n[part]\r\nrate = 20.5\r\n'.encode())
    assert read_toml(tmp_path / "a.toml", "options") == {"name": "ü", "part": {"rate": 20.5}}


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"a = " + b"[" * 100_000, "is nested too deeply, expected options"),
        (b"a = " + b"{a=" * 100_000, "is nested too deeply, expected options"),
        (b"a = " + b"1" * 5000, "is not TOML .*, expected options"),
        (b"a = 1\na = 2", "is not TOML"),
        (b"a = '\xff'", "is not TOML"),
        (b"\xef\xbb\xbfa = 1", "is not TOML"),
        (b"a", "is not TOML"),
        (b"#" * ((1 << 20) + 1), "has 1,048,577 bytes, expected options of at most 1,048,576"),
    ],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, data: bytes, match: str) -> None:
    (tmp_path / "a.toml").write_bytes(data)
    with pytest.raises(InputError, match=f"a.toml: {match}"):
        read_toml(tmp_path / "a.toml", "options")


def test_what_is_no_regular_file_ends_at_once(unreadable: list[Path]) -> None:
    for path in unreadable:
        with pytest.raises(InputError, match="cannot be read|is not a regular file"):
            read_toml(path, "options")


STRICT = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True)
class Inner:
    rate: Annotated[float, Gt(0)]
    axes: tuple[str, ...] = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class Outer:
    name: str = "none"
    one: Inner | None = None
    many: dict[str, Inner] = field(default_factory=dict)
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("may not be bad")


def test_a_typed_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[one]\nrate = 2\naxes = ["x"]\n[many."a b"]\nrate = 0.5\n')
    read = read_typed_toml(tmp_path / "a.toml", Outer, "a test")
    assert read == Outer(one=Inner(2.0, ("x",)), many={"a b": Inner(0.5)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nam = 1", "unknown key 'nam'; known keys: name, one, many"),
        ("[one]\nrate = 1\nrat = 2", "unknown key 'one.rat'; known keys: rate, axes"),
        ("[one]\nrat = 2", "unknown key 'one.rat'; known keys: rate, axes"),
        ("[many.x]\nrate = 1\nrat = 2", "unknown key 'many.x.rat'; known keys: rate, axes"),
        ("[one]\naxes = []", "key one.rate is missing"),
        ("[one]\nrate = 0", "key one.rate is 0, expected greater than 0"),
        ('[one]\nrate = "1"', "key one.rate is '1', expected a valid number"),
        ("name = 1", "key name is 1, expected a valid string"),
        ('name = "bad"', "may not be bad"),
    ],
)
def test_a_typed_file_says_which_key_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(InputError) as error:
        read_typed_toml(tmp_path / "a.toml", Outer, "a test")
    assert str(error.value) == f"{tmp_path / 'a.toml'}: {said}"
