"""What the system's errors are made of: the path, the cause, what to do next, and never a traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scl.artifacts import InputError, WriteError, command, folder, write_bytes
from scl.artifacts.os_errors import ADVICE, writing

ALL = sorted(errno.errorcode)


@pytest.mark.parametrize("code", ALL)
def test_every_error_that_a_system_has(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """About the path that is written, and left to `command`."""
    error = OSError(code, os.strerror(code), "runs/.a.abcdefgh.unfinished/x")
    if isinstance(error, BrokenPipeError):
        return  # the reader of the output has left: nothing to complain about
    with pytest.raises(WriteError) as caught, writing("runs/a", "another folder with --out"):
        raise error
    said = str(caught.value)
    assert said.startswith(f"runs/a: cannot be written ({os.strerror(code)}); ")
    assert said.endswith(", or choose another folder with --out")

    def main(_: object) -> int:
        raise OSError(code, os.strerror(code), "some/file")

    with pytest.raises(SystemExit) as stop:
        command(main)
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: some/file: cannot be read or written ({os.strerror(code)}); ")
    assert said.endswith(", or choose another path\n") and said.count("\n") == 1


def test_the_kinds_that_users_meet_have_an_advice_of_their_own() -> None:
    for code in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "ENOTDIR", "EISDIR", "EEXIST", "ENOENT", "ELOOP"):
        assert getattr(errno, code) in ADVICE
    for code in ("ENAMETOOLONG", "EBUSY", "EXDEV", "EFBIG", "EIO", "EMFILE"):
        assert getattr(errno, code) in ADVICE


def test_errors_about_other_files_are_not_blamed_on_what_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), writing(tmp_path / "out" / "x"):
        (tmp_path / "recordings" / "missing").read_bytes()
    with pytest.raises(FileNotFoundError), folder(tmp_path / "out", "run"):
        Path("/nowhere/recordings").read_bytes()
    with pytest.raises(BrokenPipeError), writing(tmp_path / "out"):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert list(tmp_path.iterdir()) == []


def test_the_user_never_reads_of_hidden_names(tmp_path: Path) -> None:
    for act in (lambda new: (new / "x" / "y").write_text(""), lambda new: write_bytes(new / "x" / "y", b"")):
        with pytest.raises(InputError) as error, folder(tmp_path / "out", "run") as new:
            (new / "x").write_text("")
            act(new)
        assert ".unfinished" not in str(error.value) and str(tmp_path / "out") in str(error.value)


@pytest.mark.parametrize("code", ["print('x' * 100_000)", "print('x')", "print('x', flush=True)"])
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, inside: bool, unbuffered: str
) -> None:
    """Not blamed on the folder that is written meanwhile."""
    program = (
        "import sys\nfrom scl.artifacts import command, folder\n"
        + "def main(argv):\n"
        + (f"    with folder(argv[0]) as new:\n        {code}\n" if inside else f"    {code}\n")
        + "command(main)"
    )
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program, tmp_path / "out"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert done.stderr == (
        "error: the output: cannot be written (No space left on device); make room on that disk (df -h shows "
        "what is free), or choose another path\n"
    )
    closed = f"{sys.executable} -c \"$0\" '{tmp_path / 'closed'}' >&-"
    done = subprocess.run(["sh", "-c", closed, program], stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")
