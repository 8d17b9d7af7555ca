"""Unfinished neighbours of a file or folder: hidden, locked by the process that writes them, and swept when it is dead.

`.NAME.xxxxxxxx.unfinished` is being written and will be NAME. `.NAME.xxxxxxxx.previous` holds what NAME was while it is
replaced on a file system that cannot exchange two folders. The lock is flock's: the system takes it back however a
process ends, so what can be locked has no writer any more. Where there are no such locks, nothing is swept.
"""

import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scl.text import say

UNFINISHED, PREVIOUS = ".unfinished", ".previous"
_RANDOM = "[a-z0-9_]{8}"  # of tempfile's names


@contextmanager
def hidden_file(path: Path) -> Iterator[Path]:
    """Yields a new, empty, locked file beside `path`; it is removed at the end, if it has that name still."""

    def make() -> Path:
        handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=UNFINISHED, dir=path.parent)
        os.close(handle)
        return Path(name)

    with _held(make) as temporary:
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def hidden_folder(path: Path, suffix: str = UNFINISHED) -> Iterator[Path]:
    """Yields a new, empty, locked folder beside `path`; what has its name at the end is removed."""
    with _held(lambda: Path(tempfile.mkdtemp(prefix=_prefix(path), suffix=suffix, dir=path.parent))) as temporary:
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def sweep(path: Path) -> None:
    """Removes what dead processes left of `path` beside it, and says so. If `path` is missing and one of them had moved
    it aside to replace it, it is put back first.
    """
    pattern = re.compile(re.escape(_prefix(path)) + _RANDOM + f"({re.escape(UNFINISHED)}|{re.escape(PREVIOUS)})")
    with suppress(OSError):  # no such folder, or not ours: then there is nothing to sweep
        for name in sorted(os.listdir(path.parent)):
            if pattern.fullmatch(name):
                _sweep_one(path.parent / name, path)


def _sweep_one(left: Path, path: Path) -> None:
    handle = _lock(left, wait=False)
    if handle is None:
        return
    try:
        moved = left / path.name
        if left.name.endswith(PREVIOUS) and os.path.lexists(moved) and not os.path.lexists(path):
            os.rename(moved, path)
            say(f"{path}: a command was killed while it replaced it; what it was is restored", error=True)
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
        if not os.path.lexists(left):
            say(f"{left}: left behind by a command that was killed; removed", error=True)
    finally:
        os.close(handle)


@contextmanager
def _held(make: Callable[[], Path]) -> Iterator[Path]:
    """What `make` makes, locked; made again if a sweeper was faster than the lock."""
    while True:
        new, handle = make(), None
        try:
            if sys.platform == "win32" or (handle := _lock(new, wait=True)) is not None or new.exists():
                yield new
                return
        finally:
            if handle is not None:
                os.close(handle)


def _lock(path: Path, wait: bool) -> int | None:
    """A handle that locks a file or folder; None if it is locked and shall not be waited for, if it has gone meanwhile,
    or if there are no locks here.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    try:  # neither follow a link nor wait for a pipe's writer
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.path.samestat(os.lstat(path), os.fstat(handle)):
            return handle
    os.close(handle)
    return None


def _prefix(path: Path) -> str:
    """Short, as a name may have all the bytes it can."""
    return f".{path.name[:32]}."
