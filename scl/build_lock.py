"""One build at a time in a folder: the others wait, say for whom, and give up after a stated time.

The lock is flock's on the file `lock`, which holds the builder's process number while it builds. So a number that is
still there when the lock is free tells of a builder that was killed, and of a build that may be half done.
"""

import fcntl  # POSIX only, as are the boards that are built
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scl.artifacts import InputError, writing
from scl.text import say

WAIT_S = 300.0
SAY_AFTER_S = 1.0
_POLL_S = 0.1


@dataclass(frozen=True)
class Lock:
    """A lock that is held.

    Attributes:
        handle: to be left open in the programs that build: the lock is held until the last of them ends.
        half_done: the build before was killed.
    """

    handle: int
    half_done: bool


@contextmanager
def build_lock(folder: Path, wait_s: float = WAIT_S) -> Iterator[Lock]:
    """Makes the folder if need be, and locks it for the block; a block that raises counts as killed.

    Raises InputError if another program still builds there after `wait_s` seconds, or nothing can be written there.
    """
    path = folder / "lock"
    with writing(path):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _wait(handle, path, wait_s)
        with writing(path):
            half_done = os.fstat(handle).st_size > 0
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield Lock(handle, half_done)
        with writing(path):
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _wait(handle: int, path: Path, wait_s: float) -> None:
    started, said = time.monotonic(), False
    while True:
        with writing(path), suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        waited = time.monotonic() - started
        if waited >= wait_s:
            raise InputError(
                f"{path}: {_builder(handle)} has been building there for {wait_s:g} s or more; end it, or run the "
                "command again when it has ended"
            )
        if waited >= SAY_AFTER_S and not said:
            said = True
            say(f"{path}: {_builder(handle)} builds there; waiting up to {wait_s:g} s", error=True)
        time.sleep(_POLL_S)


def _builder(handle: int) -> str:
    number = os.pread(handle, 20, 0)
    return f"process {int(number)}" if number.isdigit() else "another program"
