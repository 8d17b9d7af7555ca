"""TOML files: what cannot be read, and what is none."""

import time
from pathlib import Path

import pytest

from scl.artifacts import InputError, read_toml
from scl.artifacts.toml_files import MOST_BYTES


def test_a_table(tmp_path: Path) -> None:
    (tmp_path / "x").write_text('a = 1\n[b]\nc = "é"\n')
    assert read_toml(tmp_path / "x", "a table") == {"a": 1, "b": {"c": "é"}}


@pytest.mark.parametrize("data", [b"a =", b"\xff", b"a = " + b"[" * 100_000, b"a" * (MOST_BYTES + 1), b"a = 1\0"])
def test_what_is_no_toml(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(
        InputError, match="x: (is not TOML .* expected a table; mend it|has .* bytes, expected a table)"
    ):
        read_toml(tmp_path / "x", "a table")


def test_what_is_no_regular_file(unreadable: list[Path]) -> None:
    for path in unreadable:
        start = time.monotonic()
        with pytest.raises(InputError) as error:
            read_toml(path, "a table")
        assert str(path) in str(error.value) and time.monotonic() - start < 1
