"""Hidden neighbours: those of living writers stay, those of dead ones go, and nothing else is touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scl.artifacts.hidden import PREVIOUS, UNFINISHED, hidden_file, hidden_folder, sweep

LEFT = ".out.abcdefgh"
LIVING = """
import sys
from pathlib import Path
from scl.artifacts import hidden
with getattr(hidden, sys.argv[1])(Path(sys.argv[2])) as path:
    print(path, flush=True)
    sys.stdin.read()
"""


def test_what_a_living_process_writes_stays_until_it_is_dead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("hidden_file", "hidden_folder"):
        arguments = [sys.executable, "-c", LIVING, kind, tmp_path / "out"]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            path = Path(process.stdout.readline().strip())
            assert path.name.startswith(".out.") and path.name.endswith(UNFINISHED)
            sweep(tmp_path / "out")
            assert path.exists() and capsys.readouterr().err == ""
            process.kill()
        sweep(tmp_path / "out")
        assert list(tmp_path.iterdir()) == []
        assert capsys.readouterr().err == f"{path}: left behind by a command that was killed; removed\n"


def test_what_this_process_writes_stays_and_is_removed_at_the_end(tmp_path: Path) -> None:
    with hidden_file(tmp_path / "out") as file, hidden_folder(tmp_path / "out") as folder:
        (folder / "below").write_text("")
        sweep(tmp_path / "out")
        assert {file, folder} == set(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        ".out.settings", ".out.abcdefgh", ".out.abcdefg.unfinished", ".out.ABCDEFGH.unfinished", ".out", "out.partial",
        "out.abcdefgh.unfinished", ".out.abcdefgh.unfinished.x", ".outer.abcdefgh.unfinished", ".ou.abcdefgh.previous",
    ],
)  # fmt: skip
def test_no_other_name_is_touched(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).mkdir()
    sweep(tmp_path / "out")
    assert (tmp_path / name).is_dir() and capsys.readouterr().err == ""


def test_links_pipes_and_odd_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A link is not followed, a pipe has no writer to wait for, and letters that mean something in patterns do not."""
    (tmp_path / "target").mkdir()
    (tmp_path / f"{LEFT}{UNFINISHED}").symlink_to("target")
    os.mkfifo(tmp_path / f".out.pipepipe{UNFINISHED}")
    sweep(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{LEFT}{UNFINISHED}", "target"]
    for name in ("a.*b", "n" * 255, "[x", "é" * 127):
        with hidden_file(tmp_path / name) as path:
            left = path.with_name(path.name.replace(UNFINISHED, "")[:-8] + f"abcdefgh{UNFINISHED}")
            left.mkdir()
            sweep(tmp_path / name)
            assert not left.exists() and path.exists()
    for path in (Path("/proc/nothing/out"), tmp_path / "target" / "below" / "out", Path("/"), Path("")):
        sweep(path)


def test_what_was_moved_aside_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for there in (False, True):
        moved = tmp_path / f"{LEFT}{PREVIOUS}" / "out"
        moved.mkdir(parents=True)
        (moved / "text").write_text("old")
        if there:
            (tmp_path / "out" / "text").write_text("new")
        sweep(tmp_path / "out")
        assert (tmp_path / "out" / "text").read_text() == ("new" if there else "old")
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        assert ("is restored" in capsys.readouterr().err) != there


def test_two_writers_of_one_name_end_with_one_of_them(tmp_path: Path) -> None:
    """And neither sweeps what the other still writes."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom scl.artifacts import folder, write_bytes\n"
        "for _ in range(30):\n"
        "    with folder(Path(sys.argv[1]) / 'out', 'run') as new:\n"
        "        for name in ('a', 'b'):\n            write_bytes(new / name, sys.argv[2].encode())\n"
        "        (new / 'run.json').write_text('{\"kind\": \"run\"}')\n"
        "    write_bytes(Path(sys.argv[1]) / 'file', sys.argv[2].encode() * 1000)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path, name], stderr=subprocess.PIPE, text=True)
        for name in "123"
    ]
    errors = [writer.communicate()[1] for writer in writers]
    whole = {(tmp_path / "out" / name).read_text() for name in "ab"}
    assert len(whole) == 1 and len(set((tmp_path / "file").read_text())) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]
    assert [writer.returncode for writer in writers] == [0, 0, 0], errors
