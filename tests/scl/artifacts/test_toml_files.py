"""TOML that people hand in: read, or refused with the file's name, whatever stands in its place."""

from pathlib import Path

import pytest

from scl.artifacts import InputError, read_toml


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
