"""The folder that a run is trained in: what is replaced, what is resumed, and what is asked for first."""

import argparse
import shlex
from pathlib import Path

import pytest

from scl.artifacts import InputError
from train.run.working_folder import CHECKPOINT, MARK, WorkingFolder, add_flags

IDENTITY: dict[str, object] = {"config": {"epochs": 3, "draws": [1, 2]}, "data": "abc"}
FINISHED = '{"kind": "run"}'


def finished(out: Path) -> Path:
    out.mkdir()
    (out / "run.json").write_text(FINISHED)
    return out


def interrupted(out: Path, epochs: int = 1) -> WorkingFolder:
    """A run at `out` that was interrupted after some epochs."""
    folder = WorkingFolder(out)
    folder.open(IDENTITY)
    if epochs:
        (folder.partial / CHECKPOINT).write_text("weights")
    return folder


def test_a_new_run_takes_its_name_at_the_end(tmp_path: Path) -> None:
    folder = interrupted(tmp_path / "runs" / "a")
    (folder.partial / "run.json").write_text(FINISHED)
    folder.finish()
    assert {p.name for p in folder.out.iterdir()} == {"run.json"} and not folder.partial.exists()


def test_a_finished_run_is_replaced_with_force_only_and_at_the_end(tmp_path: Path) -> None:
    out = finished(tmp_path / "a")
    with pytest.raises(InputError, match="a: holds a finished run; give --force to replace it, or another folder"):
        WorkingFolder(out).check()
    folder = WorkingFolder(out, force=True)
    partial = folder.open(IDENTITY)
    (partial / CHECKPOINT).write_text("")
    assert (out / "run.json").read_text() == FINISHED  # until the new one is whole
    (partial / "run.json").write_text('{"kind": "run", "new": 1}')
    folder.finish()
    assert (out / "run.json").read_text() == '{"kind": "run", "new": 1}'


@pytest.mark.parametrize("mark", ["manifest.json", "validation.json", "scl_package.json", "chapter.tex"])
@pytest.mark.parametrize("force", [False, True])
def test_no_other_artefact_is_replaced(tmp_path: Path, mark: str, force: bool) -> None:
    (tmp_path / mark).write_text("precious")
    with pytest.raises(InputError, match=f"{tmp_path.name}: holds .*choose another folder with --out"):
        WorkingFolder(tmp_path, force=force).check()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match="a: is a file, expected a folder"):
        WorkingFolder(tmp_path / "a", force=True).check()
    (tmp_path / "b.partial").write_text("")
    with pytest.raises(InputError, match="b.partial: is in the way and is not an interrupted run; remove or rename it"):
        WorkingFolder(tmp_path / "b", force=True).check()
    with pytest.raises(
        InputError, match="run.partial: cannot be written .*a file, or .*: move it away, or choose another --out"
    ):
        WorkingFolder(tmp_path / "a" / "run").open(IDENTITY)


def test_trained_epochs_are_kept_or_removed_as_asked(tmp_path: Path) -> None:
    out = interrupted(tmp_path / "a").out
    with pytest.raises(InputError, match="a.partial: holds an interrupted run; go on with --resume, or start anew"):
        WorkingFolder(out).check()
    partial = WorkingFolder(out, resume=True).open(IDENTITY)
    assert (partial / CHECKPOINT).read_text() == "weights"
    partial = WorkingFolder(out, force=True).open(IDENTITY)
    assert not (partial / CHECKPOINT).exists()


def test_an_interruption_before_the_first_epochs_end_asks_for_nothing(tmp_path: Path) -> None:
    folder = interrupted(tmp_path / "a", epochs=0)
    folder.check()
    assert folder.open(IDENTITY).is_dir()


def test_only_the_same_run_goes_on(tmp_path: Path) -> None:
    out = interrupted(tmp_path / "a").out
    with pytest.raises(InputError, match="the interrupted run had another config, seed; give the same options"):
        WorkingFolder(out, resume=True).open(IDENTITY | {"config": {"epochs": 4}, "seed": 1})
    with pytest.raises(InputError, match="b.partial: there is no interrupted run to resume; leave out --resume"):
        WorkingFolder(tmp_path / "b", resume=True).check()


def test_a_run_that_replaces_another_is_resumed_with_force_again(tmp_path: Path) -> None:
    out = finished(tmp_path / "a")
    partial = WorkingFolder(out, force=True).open(IDENTITY)
    (partial / CHECKPOINT).write_text("weights")
    with pytest.raises(InputError, match="holds a finished run; give --force"):
        WorkingFolder(out, resume=True).check()
    assert (WorkingFolder(out, resume=True, force=True).open(IDENTITY) / CHECKPOINT).is_file()


@pytest.mark.parametrize("epochs", [0, 1])
def test_an_interruption_prints_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str], epochs: int) -> None:
    """Only where something was trained; the line is read back by a shell as the same command with --resume."""
    parser = argparse.ArgumentParser()
    add_flags(parser, "runs/x")
    argv = ["--out", str(tmp_path / "my run's $(name)"), "--force"]
    folder = WorkingFolder.of_command("train.imu", argv, parser.parse_args(argv))
    folder.open(IDENTITY)
    if epochs:
        (folder.partial / CHECKPOINT).write_text("weights")
    with pytest.raises(KeyboardInterrupt), folder.resumable():
        raise KeyboardInterrupt
    lines = capsys.readouterr().err.splitlines()
    if not epochs:
        assert lines == []
        return
    command = shlex.split(lines[1])
    assert lines[0] == "interrupted; to go on:" and command[1:] == ["-m", "train.imu", *argv, "--resume"]
    again = WorkingFolder.of_command("train.imu", command[3:], parser.parse_args(command[3:]))
    assert again == WorkingFolder(folder.out, resume=True, force=True, again=lines[1])
    assert MARK in {p.name for p in again.open(IDENTITY).iterdir()}
