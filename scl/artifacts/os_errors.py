"""What an OSError means to who runs a command: its cause, the path that it is about, and what to do next."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    name = error.filename if error.filename is not None else "the output" if output_fails() else "a file"
    return f"{name}: cannot be read or written ({reason(error)}); {advice(error)}"


@contextmanager
def writing(path: str | Path, instead: str = ANOTHER) -> Iterator[None]:
    """Turns an OSError about `path` into a WriteError that names it and says what to do, or to choose `instead`.

    Errors about another file or about the command's own output pass.
    """
    try:
        yield
    except OSError as error:
        if not _is_about(error, Path(path)):
            raise
        raise WriteError(f"{path}: cannot be written ({_cause(error, path)}); {advice(error, instead)}") from error


def output_fails() -> bool:
    """Whether what was printed cannot be written, such as to a full disk."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):  # ValueError: it is closed
        return True
    return False


def _is_about(error: OSError, path: Path) -> bool:
    """Whether it names `path`, a folder above it, or a temporary neighbour or what is in one; or names nothing, as a
    full disk does while a file is written.
    """
    names = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    if not names:
        return not isinstance(error, BrokenPipeError) and not output_fails()
    around = (path, *path.parents)
    return any(name in around or path.parent in name.parents for name in names)


def _cause(error: OSError, path: str | Path) -> str:
    """The reason, with the folder above `path` that it is about, if it is one."""
    culprit = error.filename
    above = isinstance(culprit, str) and Path(culprit) in Path(path).parents
    return f"{culprit}: {reason(error)}" if above else reason(error)
