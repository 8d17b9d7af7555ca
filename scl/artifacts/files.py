"""Atomic files: written whole under a temporary name beside their place, then renamed; and their hashes."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath

from scl.artifacts.errors import InputError, shortened


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of `data` as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes as lower-case hex. Raises InputError unless it is a regular file that can be read."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({reason(error)}); copy or make it again") from error


def open_regular(path: str | Path) -> BufferedReader:
    """Opens a regular file for reading. Raises InputError for a device or a pipe, which may never end; OSError if it
    is missing or may not be read.
    """
    # Without O_NONBLOCK, opening a pipe waits for a writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError(f"{path}: is not a regular file, expected one; remove it and make or copy it again")
    return os.fdopen(handle, "rb")


def read_bytes(path: str | Path, most: int, what: str) -> bytes:
    """All bytes of a regular file of at most `most` bytes; `what` says in errors what was expected.

    Raises InputError if it is missing, no regular file, too large or cannot be read.
    """
    try:
        with open_regular(path) as file:
            data = file.read(most + 1)
            size = max(len(data), os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({reason(error)}); expected {what}") from error
    if len(data) > most:
        raise InputError(f"{path}: has {size:,} bytes, expected {what} of at most {most:,}; make it again")
    return data


def file_inside(folder: str | Path, name: str, advice: str) -> Path:
    """The path of the file `name` ("c/model_data.c") of an artefact's folder.

    An artefact is moved and copied as a folder, so that a link which leads out of it, or a name which does, is an
    error, even where the file is there. Raises InputError unless it is a regular file inside the folder.
    """
    folder, plain = Path(folder), PurePosixPath(name)
    if not plain.parts or plain.as_posix() != name or name.startswith("/") or ".." in plain.parts or "\0" in name:
        raise InputError(
            f"{folder}: refers to the file {shortened(name)}, expected a plain path inside the folder; {advice}"
        )
    path = folder / name
    try:
        leads_to, regular = path.resolve(strict=True), path.is_file()
        if not leads_to.is_relative_to(folder.resolve()):
            raise InputError(f"{path}: is a link to {leads_to}, expected a file inside the folder; copy it there")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; copy the whole folder again, or {advice}") from error
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle, before Python 3.13
        raise InputError(f"{path}: cannot be read ({reason(error)}); copy the folder again, or {advice}") from error
    if not regular:
        raise InputError(f"{path}: is not a regular file, expected one; copy the whole folder again, or {advice}")
    return path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; it takes `path`'s place when the block ends without an exception.

    A link is replaced, not what it points to. Raises InputError if nothing can be written there.
    """
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=temporary_prefix(path), dir=path.parent)
        os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with writing(path):
            os.chmod(temporary, 0o666 & ~umask())
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: str | Path, data: bytes) -> None:
    """Writes a file atomically, making its folder if need be. Raises InputError if that cannot be done."""
    with replacing(path) as temporary, writing(path):
        temporary.write_bytes(data)


@contextmanager
def writing(path: str | Path, instead: str = "another path") -> Iterator[None]:
    """Turns an OSError of the block into an InputError that names `path` and advises to choose `instead`."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({reason(error)}); make room or a writable folder for it, or choose {instead}"
        ) from error


def temporary_prefix(path: Path) -> str:
    """How the temporary neighbours of `path` begin: hidden, and short, as a name may have all the bytes it can."""
    return f".{path.name[:32]}."


def reason(error: Exception) -> str:
    """What an OSError says without the path, which the message has already."""
    return getattr(error, "strerror", None) or str(error)


def umask() -> int:
    """The process's file mode creation mask."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
