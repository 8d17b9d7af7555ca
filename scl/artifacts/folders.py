"""Atomic folders: an artefact's folder takes its name when it is whole, and replaces only one of its own kind.

A folder's kind is told by the file that is written last into it, its mark.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scl.artifacts.errors import InputError
from scl.artifacts.files import umask

MARKS = {"run": "run.json", "bundle": "manifest.json", "report": "validation.json", "package": "scl_package.json"}


@contextmanager
def folder(path: str | Path, kind: str | None = None) -> Iterator[Path]:
    """Yields a temporary folder that becomes `path` when the block ends without an exception.

    Raises InputError as `check_replaceable` does.
    """
    path = Path(path)
    check_replaceable(path, kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        os.chmod(temporary, 0o777 & ~umask())
        replace_folder(temporary, path, kind)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(folder: str | Path, path: str | Path, kind: str | None = None) -> None:
    """Renames `folder` onto `path`; what `path` was is removed. Raises InputError as `check_replaceable` does."""
    folder, path = Path(folder), Path(path)
    check_replaceable(path, kind)
    old = None
    if path.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent)) / path.name
        os.rename(path, old)
    os.rename(folder, path)
    if old is not None:
        shutil.rmtree(old.parent)


def kinds_in(path: str | Path) -> list[str]:
    """Which kinds of artefact a folder holds, by their marks."""
    return [kind for kind, mark in MARKS.items() if (Path(path) / mark).is_file()]


def check_replaceable(path: str | Path, kind: str | None = None) -> None:
    """Raises InputError unless `path` is free, an empty folder, or a folder that holds an artefact of `kind` and no
    other.

    Args:
        kind: one of MARKS; None for what is no artefact, which replaces nothing.
    """
    path = Path(path)
    if not path.exists():
        return
    if not path.is_dir():
        raise InputError(f"{path}: is a file, expected a folder to write to; choose another name")
    if not any(path.iterdir()):
        return
    held = kinds_in(path)
    others = [name for name in held if name != kind]
    if others:
        raise InputError(
            f"{path}: holds a {others[0]} ({MARKS[others[0]]}), which {_named(kind)} would replace; choose another "
            "folder with --out"
        )
    if not held:
        expected = f"no {MARKS[kind]}, so it is no {kind}" if kind else "expected an empty or a new folder"
        raise InputError(f"{path}: holds files, {expected}; choose another folder with --out")


def _named(kind: str | None) -> str:
    return f"a {kind}" if kind else "other files"
