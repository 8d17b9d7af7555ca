"""Atomic folders: an artefact's folder takes its name when it is whole, and replaces only one of its own kind.

A folder's kind is told by the file that is written last into it, its mark, and by the "kind" that the mark holds:
other programs have a manifest.json, too.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scl.artifacts.errors import InputError
from scl.artifacts.exchange import exchange
from scl.artifacts.fields import is_name
from scl.artifacts.files import read_bytes, sync, umask
from scl.artifacts.hidden import PREVIOUS, hidden_folder, sweep
from scl.artifacts.json_files import MOST_BYTES
from scl.artifacts.os_errors import advice, reason, writing

INSTEAD = "another folder with --out"


@dataclass(frozen=True)
class Mark:
    """The file that says of what kind a folder is, and the values that its "kind" may have."""

    file: str
    kinds: tuple[str, ...]


MARKS = {
    "run": Mark("run.json", ("run", "fusion")),
    "bundle": Mark("manifest.json", ("bundle", "network")),
    "report": Mark("validation.json", ("validation", "beat_validation")),
    "comparison": Mark("compare.json", ("comparison",)),
    "package": Mark("scl_package.json", ("package",)),
}


@contextmanager
def folder(path: str | Path, kind: str | None = None) -> Iterator[Path]:
    """Yields a temporary folder that becomes `path` when the block ends without an exception.

    Raises InputError as `check_replaceable` does, or if it cannot be written.
    """
    path = Path(path)
    sweep(path)
    check_replaceable(path, kind)
    with writing(path, INSTEAD):
        path.parent.mkdir(parents=True, exist_ok=True)
        with hidden_folder(path) as temporary:
            with _called(temporary, path):
                yield temporary
            os.chmod(temporary, 0o777 & ~umask())
            replace_folder(temporary, path, kind)


def replace_folder(folder: str | Path, path: str | Path, kind: str | None = None) -> None:
    """Gives `folder` the name `path`, of the same file system; what `path` was is removed.

    All of it is on the disk before. Where two folders can be exchanged, there is no moment without the one or the
    other; elsewhere a kill between two renames leaves the former one hidden, and `sweep` restores it.

    Raises InputError as `check_replaceable` does, or if it cannot be renamed: then `path` is what it was.
    """
    folder, path = Path(folder), Path(path)
    check_replaceable(path, kind)
    with writing(path, INSTEAD):
        for below in folder.rglob("*"):
            sync(below)
        sync(folder)
        if not path.exists():
            os.rename(folder, path)
        elif exchange(folder, path):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            _rename_twice(folder, path)
        sync(path.parent)


def remove_folder(path: Path) -> None:
    """Removes a folder at once: killed meanwhile, it is gone, and what is left of it hidden. Raises InputError if it
    cannot be removed.
    """
    with writing(path, INSTEAD), hidden_folder(path) as temporary:
        os.rename(path, temporary / "former")


def _rename_twice(folder: Path, path: Path) -> None:
    with hidden_folder(path, PREVIOUS) as previous:
        try:
            os.rename(path, previous / path.name)
            os.rename(folder, path)
        finally:
            if not path.exists():
                os.rename(previous / path.name, path)


@contextmanager
def _called(temporary: Path, path: Path) -> Iterator[None]:
    """Errors of the block that name the temporary folder, which the user never sees, name `path` instead."""
    try:
        yield
    except InputError as error:
        error.args = tuple(str(part).replace(str(temporary), str(path)) for part in error.args)
        raise


def kinds_in(path: str | Path) -> list[str]:
    """Which kinds of artefact a folder holds, by their marks, of whatever schema."""
    return [kind for kind, mark in MARKS.items() if kind_of(Path(path) / mark.file) in mark.kinds]


def check_replaceable(path: str | Path, kind: str | None = None) -> None:
    """Raises InputError unless `path` is free, an empty folder, or a folder that holds an artefact of `kind` and no
    other.

    A link is refused, whatever it points to: to replace the link would leave its target behind, to replace the target
    would remove what was not named. Folders above `path` may be links. Mount points, the folder that the command runs
    in, and those above it, are refused too.

    Args:
        kind: one of MARKS; None for what is no artefact, which replaces nothing.
    """
    path = Path(path)
    try:
        if path.is_symlink():
            raise InputError(
                f"{path}: is a link to {os.readlink(path)}, expected a folder or a new name; give that folder itself "
                "with --out, or remove the link"
            )
        if Path.cwd().is_relative_to(path.resolve()):
            raise InputError(
                f"{path}: is the folder that the command runs in, or one above it; choose a folder in it with --out"
            )
        if os.path.ismount(path):
            raise InputError(
                f"{path}: is a mount point, which nothing can replace, expected a folder; choose one in it with --out"
            )
        if not is_name(path.name):
            raise InputError(
                f"{path}: ends in {path.name!r}, expected a name that can be printed, of 255 bytes at most; choose "
                "another folder with --out"
            )
        if not path.exists():
            return
        if not path.is_dir():
            raise InputError(f"{path}: is a file, expected a folder to write to; choose another name with --out")
        empty = not any(path.iterdir())
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle, before Python 3.13
        raise InputError(f"{path}: cannot be read ({reason(error)}); {advice(error, INSTEAD)}") from error
    if not empty:
        _check_kind(path, kind)


def _check_kind(path: Path, kind: str | None) -> None:
    held = kinds_in(path)
    others = [name for name in held if name != kind]
    if others:
        raise InputError(
            f"{path}: holds a {others[0]} ({MARKS[others[0]].file}), which {f'a {kind}' if kind else 'other files'} "
            f"would replace; choose {INSTEAD}"
        )
    if not held:
        expected = f"no {MARKS[kind].file}, so it is no {kind}" if kind else "expected an empty or a new folder"
        if kind and os.path.lexists(path / MARKS[kind].file):
            expected = f"and its {MARKS[kind].file} is not that of a {kind}"
        raise InputError(f"{path}: holds files, {expected}; choose {INSTEAD}")


def kind_of(mark: Path) -> Any:
    """The "kind" that a JSON file says; None if it says none or cannot be read."""
    from pydantic_core import from_json

    try:
        value = from_json(read_bytes(mark, MOST_BYTES, "a mark"))
    except (InputError, ValueError):
        return None
    return value.get("kind") if isinstance(value, dict) else None
