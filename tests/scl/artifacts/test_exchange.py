"""The exchange of two folders, and where there is none."""

import ctypes
import errno
import threading
from pathlib import Path

import pytest

from scl.artifacts import exchange as module
from scl.artifacts.exchange import MISSING, exchange


def pair(tmp_path: Path) -> tuple[Path, Path]:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "text").write_text(name)
    return tmp_path / "a", tmp_path / "b"


def test_two_folders_change_names_and_neither_is_ever_missing(tmp_path: Path) -> None:
    a, b = pair(tmp_path)
    if not exchange(a, b):
        pytest.skip("this file system cannot exchange two folders")
    assert (a / "text").read_text() == "b" and (b / "text").read_text() == "a"
    stop, missing = threading.Event(), []

    def watch() -> None:
        while not stop.is_set():
            if not a.exists() or not b.exists():
                missing.append(1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(2000):
        assert exchange(a, b)
    stop.set()
    watcher.join()
    assert not missing


class NoExchange:
    """A C library whose renameat2 always ends with this errno; None: it has no such function."""

    def __init__(self, code: int | None) -> None:
        if code is not None:
            self.renameat2 = lambda *_: ctypes.set_errno(code) or -1


@pytest.mark.parametrize("code", [None, *MISSING, errno.EBUSY, errno.EXDEV, errno.EROFS])
def test_a_system_without_it_is_told_from_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    a, b = pair(tmp_path)
    monkeypatch.setattr(module.ctypes, "CDLL", lambda *_, **__: NoExchange(code))
    if code is None or code in MISSING:
        assert not exchange(a, b)
    else:
        with pytest.raises(OSError) as error:
            exchange(a, b)
        assert error.value.errno == code and error.value.filename == str(b)
    assert (a / "text").read_text() == "a"
