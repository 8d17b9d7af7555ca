"""Atomic files: written whole under a temporary name beside their place, then renamed; and their hashes."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scl.artifacts.errors import InputError


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of `data` as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes as lower-case hex. Raises InputError unless it is a regular file that can be read."""
    try:
        check_regular(path)
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def check_regular(path: str | Path) -> None:
    """Raises InputError unless `path` is a regular file: a device or a pipe may never end. OSError if it is missing."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise InputError(f"{path}: is not a regular file, expected one; remove it and make or copy it again")


def read_bytes(path: str | Path, most: int, what: str) -> bytes:
    """All bytes of a regular file of at most `most` bytes; `what` says in errors what was expected.

    Raises InputError if it is missing, no regular file, too large or cannot be read.
    """
    try:
        check_regular(path)
        size = os.stat(path).st_size
        if size > most:
            raise InputError(f"{path}: has {size:,} bytes, expected {what} of at most {most:,}; make it again")
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); expected {what}") from error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; it takes `path`'s place when the block ends without an exception."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: str | Path, data: bytes) -> None:
    """Writes a file atomically, making its folder if need be."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def umask() -> int:
    """The process's file mode creation mask."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
