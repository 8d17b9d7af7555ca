"""TOML files that people write: sensors, options, sweeps."""

import tomllib
from pathlib import Path
from typing import Any

from scl.artifacts.errors import InputError
from scl.artifacts.files import read_bytes

MOST_BYTES = 1 << 20


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
