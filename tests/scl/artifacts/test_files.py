"""Atomic files, hashes, and names that lead out of a folder."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError, check_own, command, read_bytes, replacing, sha256_bytes, sha256_file, write_bytes
from scl.artifacts.bundle import read_bundle
from scl.artifacts.files import file_inside, stands
from scl.artifacts.run import read_run_info


def test_sha256_of_the_standard_vector(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
    assert sha256_file(tmp_path / "abc") == sha256_bytes(b"abc") == expected


def test_what_is_no_regular_file_is_neither_read_nor_hashed(unreadable: list[Path]) -> None:
    for path in unreadable:
        start = time.monotonic()
        for read in (sha256_file, lambda path: read_bytes(path, 10, "ten bytes")):
            with pytest.raises(InputError) as error:
                read(path)
            assert str(path) in str(error.value) and time.monotonic() - start < 1


def test_a_file_has_an_upper_size(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"1234")
    assert read_bytes(tmp_path / "x", 4, "four bytes") == b"1234"
    with pytest.raises(InputError, match="x: has 4 bytes, expected three bytes of at most 3"):
        read_bytes(tmp_path / "x", 3, "three bytes")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x"
    write_bytes(path, b"old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old" and list(path.parent.iterdir()) == [path]
    mask = os.umask(0o027)
    try:
        write_bytes(path, b"new")
    finally:
        os.umask(mask)
    assert path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "with space", "a$(b)"])
def test_every_name_that_a_file_may_have(tmp_path: Path, name: str) -> None:
    write_bytes(tmp_path / name, b"1")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "x", tmp_path / "file" / "x" / "y", tmp_path / ("n" * 256), tmp_path / "folder"):
        with pytest.raises(InputError, match=r"cannot be written \(.*\); .* choose another path") as error:
            write_bytes(path, b"1")
        assert str(path) in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_link_is_replaced_and_its_target_left(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"precious" and not (tmp_path / "link").is_symlink()


def test_a_file_inside_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    (folder / "c").mkdir(parents=True)
    (folder / "c" / "x").write_bytes(b"1")
    (folder / "beside").symlink_to("c/x")
    (tmp_path / "by another name").symlink_to(folder)
    assert file_inside(folder, "c/x", "make it again") == folder / "c" / "x"
    assert file_inside(folder, "beside", "make it again").read_bytes() == b"1"
    assert file_inside(tmp_path / "by another name", "c/x", "make it again").read_bytes() == b"1"


def test_names_that_lead_out_of_a_folder_or_to_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    (folder / "c").mkdir(parents=True)
    (tmp_path / "outside").write_bytes(b"1")
    (folder / "link").symlink_to("../outside")
    (folder / "up").symlink_to("..")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    names = (
        "",
        ".",
        "..",
        "/etc/passwd",
        "../outside",
        "c/../../outside",
        "a\0b",
        "c//x",
        "./c/x",
        "c/./x",
        "c/x/",
        "link",
        "up/outside",
        "dangling",
    )
    for name in (*names, "circle", "pipe", "c", "missing", "n" * 300, "c/" * 3000):
        with pytest.raises(InputError, match="make it again|copy it there") as error:
            file_inside(folder, name, "make it again")
        assert str(folder) in str(error.value)


@pytest.mark.parametrize(("error", "status"), [(InputError("x: wrong"), 2), (KeyboardInterrupt(), 130), (None, 0)])
def test_command_exit_status(error: BaseException | None, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    def main(_: object) -> int:
        if error:
            raise error
        return 0

    with pytest.raises(SystemExit) as stop:
        command(main)
    assert stop.value.code == status
    assert capsys.readouterr().err == ("error: x: wrong\n" if status == 2 else "")


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- 2>&-"])
def test_a_command_whose_stderr_is_closed(closed: str) -> None:
    """It has nowhere to complain; what it does and its exit status stay."""
    code = (
        "import sys; from scl.artifacts import InputError, command; from scl.text import say\n"
        "def main(argv):\n    say(str(sys.stderr.isatty()), error=True)\n    say('done')\n"
        "    if argv:\n        raise InputError('x')\n"
        "command(main)"
    )
    for argument, status in (("", 0), ("x", 2)):
        line = f'{sys.executable} -c "$0" {argument} {closed}'
        done = subprocess.run(["sh", "-c", line, code], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (status, "")


def ended(main: Callable[[object], None], capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as stop:
        command(main)
    return stop.value.code, capsys.readouterr().err


def test_memory_that_does_not_suffice(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = ended(lambda _: np.ones((1 << 40, 1 << 16), np.uint8), capsys)
    assert status == 2 and said.startswith("error: this computer's memory does not suffice (Unable to allocate 64.0 Pi")
    assert said.endswith("); ask for less, or end other programs\n")


def test_a_reader_that_leaves_is_no_command_s_own_status() -> None:
    """`validate | head` must not end as a validation that missed something does."""
    code = "from scl.artifacts import command; command(lambda argv: [print('x' * 10000) for _ in range(1000)] and None)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 141)


def test_an_interruption_that_a_library_makes_another_error_of(capsys: pytest.CaptureFixture[str]) -> None:
    """As torch's C code does of Ctrl-C during its import: TypeError, expected a message argument."""

    def main(fault: Exception) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise fault from None

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert ended(lambda _: main(TypeError("expected a message argument")), capsys) == (130, "")
        # What could not be written on the way out is said.
        assert ended(lambda _: main(InputError("x: wrong")), capsys) == (2, "error: x: wrong\n")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_only_a_file_of_its_own_kind_is_overwritten(tmp_path: Path, unreadable: list[Path]) -> None:
    """A name that was mistyped must not cost a user's file."""
    path = tmp_path / "out.csv"
    for data in (None, b"", b"# kind: capture\nmore"):
        if data is not None:
            path.write_bytes(data)
        check_own(path, b"# kind: capture\n", "capture file")
    for data in (b"x", b"\n" * 100 + b"# kind: capture\n", b'{"kind": "run"}'):
        path.write_bytes(data)
        with pytest.raises(
            InputError, match="out.csv: exists and is no capture file, so it is not overwritten; name an"
        ):
            check_own(path, b"# kind: capture\n", "capture file")
        assert path.read_bytes() == data
    for path in filter(os.path.exists, unreadable):
        with pytest.raises(InputError):
            check_own(path, b"x", "x")


def test_what_may_not_be_seen_is_not_said_to_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert stands(tmp_path / "a") and stands(tmp_path / "dangling")
    assert not stands(tmp_path / "b") and not stands(tmp_path / "a" / "b")

    def refused(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "lstat", refused)
    for read in (read_bundle, read_run_info):
        with pytest.raises(InputError, match=r"json: cannot be read \(Permission denied\); get the right to use it"):
            read(tmp_path)
