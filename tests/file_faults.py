"""Faults in a process's file operations below a folder: it kills itself at one, or the disk is full from one on.

The operations are those that change something. They are counted by CPython's audit events, and by substitutes of what
has no such event: writing, fsync, sendfile, the exchange of two folders. To be injected into a process that ends
afterwards: an audit hook cannot be taken out.
"""

import builtins
import errno
import io
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scl.artifacts import folders

COUNT, KILL, COPY, FULL, BROKEN = "count", "kill", "copy", "full", "broken"
ROOM, NAME, REMOVAL = "room", "name", "removal"  # what an operation needs: room on the disk, or another name only
EVENTS = {
    "os.mkdir": ROOM,
    "os.symlink": ROOM,
    "os.rename": NAME,
    "os.chmod": NAME,
    "os.truncate": NAME,
    "os.remove": REMOVAL,
    "os.rmdir": REMOVAL,
}
START = {"os.mkdir": 2, "os.rename": 2, "os.remove": 1, "os.rmdir": 1}  # which argument is the folder's handle


@dataclass(frozen=True)
class Fault:
    """What happens at operation number `at`, from 1, below the folder `root`.

    Attributes:
        kind: COUNT, nothing; KILL, the process kills itself before the operation, or in the middle of a write; COPY,
            `root` is copied before every operation to `lines`.1, .2 and so on: what a kill would leave; FULL, all that
            needs room fails from then on; BROKEN, this one operation fails, unless it removes something.
        lines: file that gets a line for every operation.
        exchange: whether two folders can be exchanged here.
    """

    root: str
    kind: str = COUNT
    at: int = 0
    lines: str | None = None
    exchange: bool = True


class _Injector:
    def __init__(self, fault: Fault) -> None:
        self.fault, self.number, self.busy = fault, 0, False
        self.root = os.path.realpath(fault.root) + os.sep
        self.log = -1 if fault.lines is None else os.open(fault.lines, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def reach(self, need: str, what: str, path: Any) -> None:
        """An operation is about to be done, on a path or an open file's handle."""
        name = None if self.busy else self._below(path)
        if name is None:
            return
        self.number += 1
        if self.log >= 0:
            os.write(self.log, f"{self.number} {what} {name}\n".encode())
        kind, first = self.fault.kind, self.number == self.fault.at
        if kind == KILL and first:
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind == COPY:
            self.busy = True
            shutil.copytree(self.root, f"{self.fault.lines}.{self.number}", symlinks=True)
            self.busy = False
        elif kind == FULL and self.number >= self.fault.at and need == ROOM:
            raise _error(errno.ENOSPC, what, name)
        elif kind == BROKEN and first and need != REMOVAL:
            raise _error(errno.EIO, what, name)

    def _below(self, path: Any) -> str | None:
        """The path, if it is the root or below it; of an open file by its handle."""
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        name = os.path.abspath(os.fsdecode(path))
        real = os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name))
        return real if f"{real}{os.sep}".startswith(self.root) else None

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        path = arguments[0] if arguments else None
        if event in EVENTS:
            start = arguments[START[event]] if event in START else -1
            if start != -1:
                path = os.path.join(os.readlink(f"/proc/self/fd/{start}"), path)
            self.reach(EVENTS[event], event, path)
        elif event == "open" and arguments[2] & os.O_CREAT and not isinstance(path, int):
            self.reach(ROOM, "os.open", path)

    def opened(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """`open`, whose files count what is written."""

        def open_counted(file: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
            opened = original(file, mode, *more, **options)
            return _Counted(opened, self) if set(mode) & set("wax+") and self._below(opened.fileno()) else opened

        return open_counted

    def before(self, original: Callable[..., Any], need: str) -> Callable[..., Any]:
        """A function whose first argument is a path or a handle, and which counts."""

        def counted(first: Any, *more: Any, **options: Any) -> Any:
            self.reach(need, original.__name__, first)
            return original(first, *more, **options)

        return counted


class _Counted:
    """An open file of which each write is an operation, and its middle another one."""

    def __init__(self, file: Any, injector: _Injector) -> None:
        self._file, self._injector = file, injector

    def write(self, data: Any) -> int:
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            self._injector.reach(ROOM, "write", self._file.fileno())
            self._file.write(part)
            self._file.flush()
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_Counted":
        self._file.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._file.__exit__(*error)


def _error(code: int, what: str, name: str) -> OSError:
    """As the system raises it: with the path where the operation had one, and not where it had a handle."""
    return OSError(code, os.strerror(code), *([name] if what.startswith("os.") else []))


def inject(fault: Fault) -> None:
    """Makes this process's file operations faulty, for good."""
    injector = _Injector(fault)
    builtins.open = injector.opened(builtins.open)
    io.open = injector.opened(io.open)  # type: ignore[assignment]
    os.fsync = injector.before(os.fsync, ROOM)
    os.sendfile = injector.before(os.sendfile, ROOM)
    folders.exchange = injector.before(folders.exchange, NAME) if fault.exchange else lambda one, other: False
    sys.addaudithook(injector.audit)
