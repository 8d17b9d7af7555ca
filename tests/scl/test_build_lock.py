"""The build lock: who waits says so, gives up, and builds anew what a killed builder left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scl import toolchain
from scl.artifacts import InputError
from scl.build_lock import build_lock

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "tests" / "firmware" / "fixture_model"
HOLD = """
import sys, time
from pathlib import Path
from scl.build_lock import build_lock
with build_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""
COMPILE = """
import subprocess, sys
from pathlib import Path
from scl.build_lock import build_lock
with build_lock(Path(sys.argv[1])) as lock:
    compiler = subprocess.Popen(["sleep", "60"], pass_fds=(lock.handle,))
    print("held", flush=True)
    compiler.wait()
"""


def holder(folder: Path, seconds: float) -> "subprocess.Popen[str]":
    """Another program that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_one_at_a_time(tmp_path: Path) -> None:
    with build_lock(tmp_path / "new" / "folder") as lock:
        assert not lock.half_done
        with pytest.raises(InputError, match="has been building there"), build_lock(tmp_path / "new" / "folder", 0.0):
            pass
    with build_lock(tmp_path / "new" / "folder", 0.0) as lock:
        assert not lock.half_done


def test_who_waits_says_for_whom_and_gives_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with holder(tmp_path, 60.0) as other:
        start = time.monotonic()
        with pytest.raises(InputError) as error, build_lock(tmp_path, 1.5):
            pass
        assert 1.5 <= time.monotonic() - start < 10
        other.kill()
    said = f"{tmp_path / 'lock'}: process {other.pid}"
    assert capsys.readouterr().err == f"{said} builds there; waiting up to 1.5 s\n"
    assert str(error.value) == (
        f"{said} has been building there for 1.5 s or more; end it, or run the command again when it has ended"
    )


def test_who_waits_gets_the_lock_in_its_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with holder(tmp_path, 0.3), build_lock(tmp_path, 60.0) as lock:
        assert not lock.half_done
    assert capsys.readouterr().err == ""  # a short wait needs no word


def test_what_a_killed_builder_left_is_known(tmp_path: Path) -> None:
    for end in ("killed", "interrupted"):
        if end == "killed":
            with holder(tmp_path, 60.0) as other:
                other.kill()
        else:
            with pytest.raises(KeyboardInterrupt), build_lock(tmp_path):
                raise KeyboardInterrupt
        with build_lock(tmp_path, 0.0) as lock:
            assert lock.half_done, end


def test_a_killed_builder_s_compilers_keep_the_lock(tmp_path: Path) -> None:
    """make goes on when Python is killed, and writes into the same folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMPILE, tmp_path], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    try:
        process.kill()
        process.wait()
        with pytest.raises(InputError, match="has been building"), build_lock(tmp_path, 0.3):
            pass
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()


def test_a_lock_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="lock: cannot .*file: File exists.*move it"), build_lock(tmp_path / "file"):
        pass
    (tmp_path / "lock").mkdir()
    with pytest.raises(InputError, match="lock: cannot be written .Is a directory"), build_lock(tmp_path):
        pass


def test_a_half_done_build_is_made_anew(board_tools: None, tmp_path: Path) -> None:
    """An object file that is cut off is newer than its source, so make alone would take it."""
    built = toolchain.build(FIXTURE, tmp_path)
    whole = built.read_bytes()
    for path in (built, *built.parent.rglob("*.o")):
        path.write_bytes(path.read_bytes()[:100])
    (tmp_path / "lock").write_text("4194305")
    assert toolchain.build(FIXTURE, tmp_path).read_bytes() == whole


def test_a_build_that_does_not_end_is_stopped(
    board_tools: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolchain, "MAKE_S", 0.5)
    monkeypatch.setenv("CCACHE_DISABLE", "1")  # it reads no pipe
    model = tmp_path / "c"
    model.mkdir()
    (model / "model_data.h").write_text("")
    os.mkfifo(tmp_path / "pipe")
    (model / "model_data.c").write_text(f'#include "{tmp_path / "pipe"}"\n')  # the compiler waits for a writer
    start = time.monotonic()
    with pytest.raises(InputError, match="out: building the firmware took longer than 0.5 s"):
        toolchain.build(model, tmp_path / "out")
    assert time.monotonic() - start < 20
