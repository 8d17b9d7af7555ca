"""TOML files, which people write: options of a training, sweeps, sensors."""

import tomllib
from pathlib import Path
from typing import Any

from scl.artifacts.errors import InputError
from scl.artifacts.files import read_bytes

MOST_BYTES = 1 << 20


def read_toml(path: str | Path, what: str) -> dict[str, Any]:
    """Reads a TOML file; `what` says in errors what was expected.

    Raises InputError if it is missing, no regular file, larger than MOST_BYTES, or not TOML.
    """
    data = read_bytes(path, MOST_BYTES, what)
    try:
        return tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path}: is not TOML ({error}), expected {what}; mend it") from error
