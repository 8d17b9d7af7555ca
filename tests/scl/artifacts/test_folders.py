"""Atomic folders: whole or not at all, and only one of the same kind is replaced."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scl.artifacts import InputError, check_replaceable, folder, folders, kinds_in, replace_folder
from scl.artifacts.folders import MARKS

FILES = {
    "run": "run.json",
    "bundle": "manifest.json",
    "report": "validation.json",
    "comparison": "compare.json",
    "package": "scl_package.json",
}
SAID = {kind: "validation" if kind == "report" else kind for kind in FILES}  # in those files


def make(path: Path, kind: str, text: str = "old") -> Path:
    """A folder of this kind."""
    path.mkdir(parents=True)
    (path / FILES[kind]).write_text(json.dumps({"kind": SAID[kind], "schema": 1}))
    (path / "text").write_text(text)
    return path


def write(path: Path, kind: str | None, text: str = "new") -> None:
    """What a command does."""
    with folder(path, kind) as temporary:
        (temporary / "text").write_text(text)
        if kind:
            (temporary / FILES[kind]).write_text(json.dumps({"kind": SAID[kind], "schema": 1}))


def contents(path: Path) -> dict[str, str]:
    """Of every file below, by its path."""
    return {str(p.relative_to(path)): p.read_text() for p in sorted(path.rglob("*")) if p.is_file()}


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "runs" / "a"
    with folder(out, "run") as temporary:
        (temporary / "run.json").write_text('{"kind": "run"}')
        assert not out.exists()
    with pytest.raises(RuntimeError), folder(out, "run") as temporary:
        (temporary / "run.json").write_text("half")
        raise RuntimeError
    assert contents(out) == {"run.json": '{"kind": "run"}'} and [p.name for p in out.parent.iterdir()] == ["a"]


@pytest.mark.parametrize("kind", FILES)
def test_a_command_replaces_its_own_kind_and_no_other(tmp_path: Path, kind: str) -> None:
    assert set(MARKS) == set(FILES)
    for other in FILES:
        path = make(tmp_path / other, other)
        assert kinds_in(path) == [other]
        before = contents(path)
        if other == kind:
            write(path, kind)
            assert contents(path)["text"] == "new"
            continue
        with pytest.raises(InputError, match=rf"{other}: holds a {other} \({FILES[other]}\), which a {kind} would rep"):
            write(path, kind)
        with pytest.raises(InputError, match=f"{other}: holds a {other}"):
            replace_folder(make(tmp_path / "new" / other, kind), path, kind)
        assert contents(path) == before
    path = make(tmp_path / "of a run too", kind)
    (path / "run.json").write_text('{"kind": "run"}')
    (path / "manifest.json").write_text('{"kind": "bundle"}')
    with pytest.raises(InputError, match="holds a "):
        write(path, kind)


@pytest.mark.parametrize("kind", [*FILES, None])
def test_what_is_no_artefact_is_left_alone(tmp_path: Path, kind: str | None) -> None:
    """Another program's manifest.json, a damaged mark, a link or a pipe for a mark, and a thesis."""
    for name in FILES.values():
        for index, text in enumerate(('{"manifest_version": 3}', "{", "[]", '{"kind": "other"}', "[" * 100_000)):
            path = tmp_path / f"{name}{index}"
            path.mkdir()
            (path / name).write_text(text)
            with pytest.raises(InputError, match="holds files, .*; choose another folder with --out"):
                write(path, kind)
            assert contents(path) == {name: text}
    path = tmp_path / "pipe"
    path.mkdir()
    os.mkfifo(path / "run.json")
    (path / "manifest.json").symlink_to("/dev/zero")
    (path / "validation.json").symlink_to("nowhere")
    with pytest.raises(InputError, match="holds files"):
        write(path, kind)
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="thesis.tex: is a file, expected a folder"):
        write(tmp_path / "thesis.tex", kind)
    with pytest.raises(InputError, match="holds files"):
        write(tmp_path, kind)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_a_network_from_a_file_is_a_bundle_and_a_pair_of_fused_models_a_run(tmp_path: Path) -> None:
    for kind, said in (("bundle", "network"), ("run", "fusion")):
        path = make(tmp_path / kind, kind)
        (path / FILES[kind]).write_text(json.dumps({"kind": said}))
        write(path, kind)
        assert contents(path)["text"] == "new"


def test_a_free_or_an_empty_place_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "new", tmp_path / "deep" / "er", tmp_path / ("n" * 255)):
        write(path, None)
        assert contents(path) == {"text": "new"}
    with pytest.raises(InputError, match="expected an empty or a new folder"):
        write(tmp_path / "new", None)


def test_links_are_refused_and_folders_above_may_be_links(tmp_path: Path) -> None:
    target = make(tmp_path / "disk" / "demo", "run")
    (tmp_path / "to a run").symlink_to(target)
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "to a file").symlink_to(target / "text")
    for name in ("to a run", "dangling", "circle", "to a file"):
        with pytest.raises(InputError, match=f"{name}: is a link to .*; give that folder itself with --out, or remove"):
            write(tmp_path / name, "run")
        with pytest.raises(InputError, match="is a link to"):
            replace_folder(make(tmp_path / "new" / name, "run"), tmp_path / name, "run")
        assert (tmp_path / name).is_symlink()
    assert contents(target)["text"] == "old"
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    write(tmp_path / "runs" / "demo", "run")
    assert contents(target)["text"] == "new"


def test_the_folder_that_the_command_runs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(tmp_path / "runs" / "demo", "run")
    monkeypatch.chdir(run)
    for path in (".", "", "..", "../../runs", "/", str(run), "../demo"):
        with pytest.raises(InputError, match="is the folder that the command runs in, or one above it"):
            write(Path(path), "run")
    assert contents(run)["text"] == "old"
    write(Path("within"), "bundle")
    assert contents(run / "within")["text"] == "new"


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "\udcff", "n" * 256])
def test_names_that_no_file_could_hold_are_refused_first(tmp_path: Path, name: str) -> None:
    """A run's name is its folder's, and stands in run.json: a day of training must not end in that error."""
    with pytest.raises(InputError, match="expected a name that can be printed|cannot be read .File name too long"):
        check_replaceable(tmp_path / name, "run")


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "x", tmp_path / "file" / "x" / "y", Path("/proc/nowhere")):
        with pytest.raises(InputError, match=r"cannot be (read|written) .*another folder with --out") as error:
            write(path, "run")
        assert str(path) in str(error.value)


READ_ONLY = """
import os, sys
from scl.artifacts import InputError, folder
if os.getuid() == 0:
    os.setuid(65534)  # root may write everywhere
try:
    with folder(sys.argv[1], "run"):
        print("entered")
except InputError as error:
    print(error)
"""


def test_a_parent_that_may_not_be_written() -> None:
    with tempfile.TemporaryDirectory() as parent:  # not pytest's, which only its owner may enter
        os.chmod(parent, 0o555)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, f"{parent}/x"], capture_output=True, text=True, timeout=60
        )
    assert (
        "x: cannot be written (Permission denied); get the right to use it (ls -ld shows whose it is), or choose"
        in done.stdout
    ), done.stderr


def test_an_interruption_between_two_renames_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system that cannot exchange two folders."""
    monkeypatch.setattr(folders, "exchange", lambda one, other: False)
    old, new = make(tmp_path / "a", "run"), make(tmp_path / "b", "run", "new")
    rename = os.rename

    def interrupted(source: Path, target: Path) -> None:
        if source == new:
            raise KeyboardInterrupt
        rename(source, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "rename", interrupted)
        replace_folder(new, old, "run")
    assert contents(old)["text"] == "old" and contents(new)["text"] == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    replace_folder(new, old, "run")
    assert contents(old)["text"] == "new" and [path.name for path in tmp_path.iterdir()] == ["a"]
