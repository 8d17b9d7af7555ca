"""Atomic files: written whole under a temporary name beside their place, then renamed; and their hashes."""

import errno
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path, PurePosixPath

from scl.artifacts.errors import InputError, shortened
from scl.artifacts.hidden import hidden_file, sweep
from scl.artifacts.os_errors import ANOTHER, advice, reason, writing

MARK_BYTES = 64  # of a file's start, within which its kind stands


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
        raise InputError(f"{path}: is not a regular file, expected one; give the name of one")
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
        raise InputError(f"{path}: cannot be read ({reason(error)}); expected {what}; {advice(error)}") from error
    if len(data) > most:
        raise InputError(f"{path}: has {size:,} bytes, expected {what} of at most {most:,}; make it again")
    return data


def file_inside(folder: str | Path, name: str, again: str) -> Path:
    """The path of the file `name` ("c/model_data.c") of an artefact's folder.

    An artefact is moved and copied as a folder, so that a link which leads out of it, or a name which does, is an
    error, even where the file is there. Raises InputError unless it is a regular file inside the folder.
    """
    folder, plain = Path(folder), PurePosixPath(name)
    if not plain.parts or plain.as_posix() != name or name.startswith("/") or ".." in plain.parts or "\0" in name:
        raise InputError(
            f"{folder}: refers to the file {shortened(name)}, expected a plain path inside the folder; {again}"
        )
    path = folder / name
    try:
        leads_to, regular = path.resolve(strict=True), path.is_file()
        if not leads_to.is_relative_to(folder.resolve()):
            raise InputError(f"{path}: is a link to {leads_to}, expected a file inside the folder; copy it there")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; copy the whole folder again, or {again}") from error
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle, before Python 3.13
        raise InputError(f"{path}: cannot be read ({reason(error)}); copy the folder again, or {again}") from error
    if not regular:
        raise InputError(f"{path}: is not a regular file, expected one; copy the whole folder again, or {again}")
    return path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; it takes `path`'s place when the block ends without an exception, and is
    on the disk before it does: a full disk, or a power cut, leaves what was there.

    A link is replaced, not what it points to. Raises InputError as `check_writable` does, or if it cannot be written.
    """
    path = Path(path)
    _check_place(path, ANOTHER)
    with writing(path), hidden_file(path) as temporary:
        yield temporary
        os.chmod(temporary, 0o666 & ~umask())
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)


def check_writable(path: str | Path, instead: str = ANOTHER) -> None:
    """Tries whether `path` can be written, and sweeps what killed commands left beside it.

    To be called before what takes time and is to be written there; folders above it that it has to make are removed
    again. Raises InputError if nothing can be written, or `path` is a folder, a device or a pipe.
    """
    path = Path(path)
    missing = [above for above in path.parents if not above.exists()]  # the nearest first
    try:
        _check_place(path, instead)
        with writing(path, instead), hidden_file(path):
            pass
    finally:
        for above in missing:
            with suppress(OSError):  # the same command on another path may use it meanwhile
                above.rmdir()


def check_own(path: str | Path, mark: bytes, what: str) -> None:
    """As `check_writable`, of a file that may take the place of one of its own kind alone: what it would replace is
    empty, or has `mark` among its first bytes. Raises InputError for any other file, which is the user's.
    """
    check_writable(path)
    path = Path(path)
    if not path.exists():
        return
    try:
        with open_regular(path) as file:
            head = file.read(MARK_BYTES)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({reason(error)}); {advice(error)}") from error
    if head and mark not in head:
        raise InputError(f"{path}: exists and is no {what}, so it is not overwritten; name another file with --out")


def stands(path: str | Path) -> bool:
    """Whether something is there, be it a link that leads nowhere. Raises InputError where that may not be seen."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({reason(error)}); {advice(error)}") from error
    return True


def _check_place(path: Path, instead: str) -> None:
    with writing(path, instead):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is a device or a pipe, expected a file or a new name; choose {instead}")


def write_bytes(path: str | Path, data: bytes) -> None:
    """Writes a file atomically, making its folder if need be. Raises InputError if that cannot be done."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def sync(path: Path) -> None:
    """Has the disk take a file's bytes, or a folder's names. Raises OSError if it cannot take a file's."""
    if sys.platform == "win32":  # where neither a folder nor a file that is only read is taken
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():  # some file systems refuse it for folders
            raise
    finally:
        os.close(handle)


def umask() -> int:
    """The process's file mode creation mask."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
