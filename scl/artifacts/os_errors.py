"""What an OSError means to who runs a command: its cause, the path that it is about, and what to do next."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from scl.artifacts.errors import InputError

ANOTHER = "another path"
_LACKS_ROOM = "make room on that disk (df -h shows what is free)"
_NO_RIGHT = "get the right to use it (ls -ld shows whose it is)"
_NO_FOLDER = "a file, or a link to nothing, stands where a folder is expected: move it away"
_MOUNTED = "it is a mount point, or its parts lie on several disks: name a folder inside it"
ADVICE: dict[int | None, str] = {
    errno.ENOSPC: _LACKS_ROOM,
    errno.EDQUOT: _LACKS_ROOM,
    errno.EFBIG: "raise the limit of a file's size (ulimit -f shows it)",
    errno.EROFS: "mount that file system for writing",
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
    errno.EISDIR: "a folder stands where a file is expected: move it away",
    errno.ENOENT: "check the name",
    errno.ENAMETOOLONG: "a name has 255 bytes at most: shorten it",
    errno.ELOOP: "links lead in a circle: remove one",
    errno.EBUSY: _MOUNTED,
    errno.EXDEV: _MOUNTED,
    errno.EIO: "check the disk and its connection (dmesg shows errors)",
    errno.EMFILE: "raise the limit of open files (ulimit -n shows it)",
}
DEFAULT = "make room or a writable folder for it"


class WriteError(InputError):
    """A file cannot be written: the message says why and what to do. What it was is still there."""


def reason(error: Exception) -> str:
    """What an OSError says without the path, which the message has already."""
    return getattr(error, "strerror", None) or str(error)


def advice(error: Exception, instead: str = ANOTHER) -> str:
    """What to do about it; `instead` is what can be chosen otherwise."""
    return f"{ADVICE.get(getattr(error, 'errno', None), DEFAULT)}, or choose {instead}"


def unhandled(error: OSError) -> str:
    """The sentence for an OSError that nothing nearer to its cause has turned into an InputError."""
    name = "a file" if error.filename is None else error.filename
    return f"{name}: cannot be read or written ({reason(error)}); {advice(error)}"


@contextmanager
def writing(path: str | Path, instead: str = ANOTHER) -> Iterator[None]:
    """Turns an OSError about `path` into a WriteError that names it and says what to do, or to choose `instead`.

    Errors about another file pass.
    """
    try:
        yield
    except OSError as error:
        if not _is_about(error, Path(path)):
            raise
        raise WriteError(f"{path}: cannot be written ({_cause(error, path)}); {advice(error, instead)}") from error


class Output:
    """A stream for what a command prints, whose errors say that they are its own and not those of a file that is
    written meanwhile. That its reader has left stays a BrokenPipeError.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._named():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._named():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise WriteError(f"the output: cannot be written ({reason(error)}); {advice(error)}") from error


def _is_about(error: OSError, path: Path) -> bool:
    """Whether it names `path`, a folder above it, or a temporary neighbour or what is in one; or names nothing, as a
    full disk does while a file is written.
    """
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    if not names:
        return not isinstance(error, BrokenPipeError)
    path = _absolute(path)
    around = (path, *path.parents)
    return any(name in around or path.parent in name.parents for name in map(_absolute, names))


def _cause(error: OSError, path: str | Path) -> str:
    """The reason, with the folder above `path` that it is about, if it is one."""
    culprit = error.filename
    above = isinstance(culprit, str) and _absolute(culprit) in _absolute(path).parents
    return f"{culprit}: {reason(error)}" if above else reason(error)


def _absolute(path: str | bytes | Path) -> Path:
    """Also of one that is not there."""
    return Path(os.path.abspath(os.fsdecode(path)))
