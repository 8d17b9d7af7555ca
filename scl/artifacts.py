"""Files between the stages: written whole or not at all, read with their kind and schema checked, never executed.

Every JSON artefact carries "kind" and "schema". Folders and files are written under a temporary name beside their
place and renamed.
"""

import hashlib
import json
import os
import shutil
import struct
import sys
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ARTEFACT_FILES = ("run.json", "manifest.json", "validation.json", "scl_package.json")
# What zipfile raises when it reads a damaged archive: each layer has exceptions of its own.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)


class InputError(Exception):
    """The user's input is wrong. The message names the file or port, what was found, expected, and what to do."""


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of `data` as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes as lower-case hex. Raises InputError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


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
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: str | Path, data: bytes) -> None:
    """Writes a file atomically, making its folder if need be."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: str | Path, value: dict[str, Any]) -> None:
    """Writes JSON atomically. Raises ValueError for NaN and infinities, which JSON has not."""
    write_bytes(path, (json.dumps(value, indent=2, allow_nan=False) + "\n").encode())


def read_json(path: str | Path, kind: str, schema: int = 1) -> dict[str, Any]:
    """Reads a JSON artefact. Raises InputError unless it is an object of this kind and schema."""
    path = Path(path)
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); expected a {kind} file") from error
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error}); make it again or restore it") from error
    found = value.get("kind") if isinstance(value, dict) else type(value).__name__
    if found != kind:
        raise InputError(f"{path}: holds {found!r}, expected kind {kind!r}")
    if value.get("schema") != schema:
        raise InputError(
            f"{path}: has {kind} schema {value.get('schema')!r}, this version reads schema {schema}; "
            "make it again with this version"
        )
    return value


def write_npz(path: str | Path, **arrays: np.ndarray) -> None:
    """Writes arrays to a compressed npz atomically. Raises ValueError for object arrays, which would be pickled."""
    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"{name}: object arrays are not written")
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def read_npz(path: str | Path, *names: str) -> dict[str, np.ndarray]:
    """Reads arrays from an npz: those named, or all. Raises InputError if damaged, lacking one or holding a pickle."""
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in names if name not in archive.files]
            if missing:
                raise InputError(
                    f"{path}: lacks {', '.join(missing)}; it holds {', '.join(archive.files) or 'nothing'}"
                )
            return {name: archive[name] for name in names or archive.files}
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected arrays {', '.join(names) or '(npz)'}") from error
    except (*ZIP_ERRORS, AttributeError, SyntaxError, tokenize.TokenError) as error:
        raise InputError(f"{path}: is not a readable npz without objects ({error}); make it again") from error


@contextmanager
def folder(path: str | Path) -> Iterator[Path]:
    """Yields a temporary folder that becomes `path` when the block ends without an exception.

    An existing `path` is replaced only if it is empty or holds an artefact of this project.

    Raises:
        InputError: `path` is a file, or a folder with something else in it.
    """
    path = Path(path)
    check_replaceable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        os.chmod(temporary, 0o777 & ~_umask())
        replace_folder(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(folder: str | Path, path: str | Path) -> None:
    """Renames `folder` onto `path`; what `path` was is removed. Raises InputError as `check_replaceable` does."""
    folder, path = Path(folder), Path(path)
    check_replaceable(path)
    old = None
    if path.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent)) / path.name
        os.rename(path, old)
    os.rename(folder, path)
    if old is not None:
        shutil.rmtree(old.parent)


def check_replaceable(path: str | Path) -> None:
    """Raises InputError unless `path` is free, an empty folder, or a folder with an artefact of this project."""
    path = Path(path)
    if not path.exists():
        return
    if not path.is_dir():
        raise InputError(f"{path}: is a file, expected a folder to write to; choose another name")
    if any(path.iterdir()) and not any((path / name).is_file() for name in ARTEFACT_FILES):
        raise InputError(
            f"{path}: holds files, but none of {', '.join(ARTEFACT_FILES)}, so it is not an artefact of this project; "
            "choose another folder"
        )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def command(main: Callable[[Sequence[str]], int | None]) -> None:
    """Runs a command line's `main(argv)` and exits: 0 or its status, 2 for an InputError, 130 when interrupted."""
    try:
        status = main(sys.argv[1:]) or 0
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # the reader of our output, such as head, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)
