"""Train, ranges, export and validate, killed at random moments and at each file operation, and on a full disk: the
artefact is the former one or the new one, whole and readable, the next command works, and a resumed training ends in
the metrics of one that was left alone.

A case that fails is run again by its id, such as `pytest -m faults -k "random_moments and train-7"`: the number is the
seed of the moment, as a share of the command's time when it is left alone.
"""

import hashlib
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.file_faults import COPY, FULL, KILL, Fault
from tests.killed_project import COMMANDS, PRELOAD, Project, make_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Of training alone."""
    yield from make_project(tmp_path_factory.mktemp("project"), PRELOAD, ("train",))


@pytest.fixture(scope="module")
def whole_project(tmp_path_factory: pytest.TempPathFactory, board_tools: None) -> Iterator[Project]:
    """Of all commands."""
    preload = ("tensorflow", "export.pipeline", "export.report", *PRELOAD)
    yield from make_project(tmp_path_factory.mktemp("project"), preload, tuple(COMMANDS))


MOMENTS = {"train": 14, "ranges": 16, "export": 5, "validate": 15}
NEXT_COMMANDS = {"export": 1}  # it takes long: after so many of the kills only
FULL_CASES = {"train": 5, "ranges": 100, "export": 3, "package": 8, "recording": 100, "validate": 10}


@pytest.mark.faults
@pytest.mark.parametrize(("name", "number"), [(name, n) for name, count in MOMENTS.items() for n in range(count)])
def test_killed_at_random_moments(whole_project: Project, tmp_path: Path, name: str, number: int) -> None:
    place, share = whole_project.copy(tmp_path / "place"), random.Random(f"{name} {number}").random()
    moment = share * whole_project.seconds[name]
    ended = whole_project.run(name, place, 1, after_s=moment)
    print(f"{name} {number}: killed after {moment:.3f} s of {whole_project.seconds[name]:.3f}")
    assert ended.status in (-9, 0), ended.output
    assert whole_project.check(name, place) == "new" or ended.status == -9
    if number < NEXT_COMMANDS.get(name, number + 1):
        whole_project.go_on(name, place)


def visible(place: Path) -> str:
    """A folder's state as the next command meets it: contents by name, without what is hidden."""
    contents: list[object] = []
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        if "/." not in name and "events" not in name:  # TensorBoard's, which nothing here reads
            contents.append((name, path.is_file() and path.read_bytes()))
    return hashlib.sha256(repr(contents).encode()).hexdigest()


@pytest.mark.faults
@pytest.mark.parametrize("name", MOMENTS)
def test_killed_at_each_operation(whole_project: Project, tmp_path: Path, name: str) -> None:
    """The folder is copied before each file operation of the command, which is what a kill there leaves: every copy
    holds an artefact, and the next command works in all that differ in more than what is hidden, of which it meets
    those where something is.
    """
    operations = whole_project.operations(name, tmp_path / "killed", COPY)
    found: dict[str, Path] = {}
    kinds = set()
    for number in range(1, operations + 1):
        copy = tmp_path / f"killed at.{number}"
        kinds.add(whole_project.check(name, copy))
        state = visible(copy)
        if state not in found or any(copy.rglob(".*")):
            copy, found[state] = found.get(state, Path()), copy
        if copy != Path():
            shutil.rmtree(copy)
    assert kinds == {"former", "new"}
    for copy in found.values():
        whole_project.go_on(name, copy)


@pytest.mark.faults
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_at_each_operation(whole_project: Project, tmp_path: Path, name: str) -> None:
    """Of the many alike some, in the same places every time."""
    operations = whole_project.operations(name, tmp_path / "counted")
    for number in range(1, operations, max(1, operations // FULL_CASES[name])):
        full_disk(whole_project, tmp_path / f"full {number}", name, number)


def full_disk(project: Project, folder: Path, name: str, number: int) -> None:
    place = project.copy(folder)
    ended = project.run(name, place, 1, fault=Fault(str(place), FULL, number))
    kept = project.check(name, place)
    if ended.status == 0:  # nothing needed room any more
        assert kept == "new", number
        return
    out, last = COMMANDS[name][1], ended.output.splitlines()[-1]
    assert ended.status == 2 and "Traceback" not in ended.output, (number, ended.output)
    assert last.startswith(f"error: {out}") and "No space left on device); make room" in last, (number, last)
    assert kept == "former", number
    assert not list(place.rglob(".*")), number
    if name == "train" and (place / "runs/a.partial/checkpoint.safetensors").is_file():
        assert "interrupted; to go on:" in ended.output and "--resume" in ended.output, (number, ended.output)
        project.go_on(name, place)


@pytest.mark.parametrize("share", [0.6, 0.95])
def test_a_training_killed_at_some_operations(project: Project, tmp_path: Path, share: float) -> None:
    """A fast sample of the above: after an epoch, and while the run gets its name."""
    place = project.copy(tmp_path / "place")
    number = round(share * project.operations("train", tmp_path / "counted"))
    ended = project.run("train", place, 1, fault=Fault(str(place), KILL, number))
    assert ended.status == -9 and project.check("train", place) in ("former", "new")
    project.go_on("train", place)


def test_a_training_on_a_full_disk(project: Project, tmp_path: Path) -> None:
    full_disk(project, tmp_path / "early", "train", 1)
    full_disk(project, tmp_path / "late", "train", 60)
