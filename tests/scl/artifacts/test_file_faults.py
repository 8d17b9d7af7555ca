"""A kill, a full disk and a failing one at each file operation of every writer: what was there stays, or the new one is
there; nothing in between, and the next writer goes on as if nothing had been.
"""

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.artifact_writers import WRITERS, text_of
from tests.file_faults import BROKEN, COUNT, FULL, KILL, Fault
from tests.warm import Ended, Warm

FOLDERS = ("folder", "training")
OLD, NEW = "the old one", "another, longer one"
PAGE, DISK_PAGES = 4096, 64


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    warm = Warm(("artifact_writers", "pydantic", "pydantic_core", "numpy.lib.npyio"))
    yield warm
    warm.close()


def write(warm: Warm, place: Path, writer: str, text: str, fault: Fault | None = None) -> Ended:
    return warm.run("artifact_writers", writer, "out", text, cwd=place, fault=fault)


def operations(warm: Warm, place: Path, writer: str, exchange: bool) -> int:
    """How many there are when `out` is written."""
    lines = place.parent / "lines"
    ended = write(warm, place, writer, NEW, Fault(str(place), COUNT, lines=str(lines), exchange=exchange))
    assert ended.status == 0, ended.output
    return len(lines.read_text().splitlines())


def cases(warm: Warm, tmp_path: Path, writer: str, before: bool, exchange: bool) -> Iterator[tuple[int, Path]]:
    """A number of each operation, and a folder in which `out` is what it was before, if it was."""
    start, counted = tmp_path / "start", tmp_path / "counted"
    start.mkdir()
    if before:
        assert write(warm, start, writer, OLD).status == 0
    for number in range(operations(warm, shutil.copytree(start, counted), writer, exchange)):
        yield number + 1, shutil.copytree(start, tmp_path / str(number + 1))


def state(writer: str, place: Path) -> str | None:
    """The text of `out`, which has to be whole; None if it is not there."""
    return text_of(writer, place / "out") if (place / "out").exists() else None


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.rglob("*") if path.name.startswith(".") or path.parent == place)


WAYS = [(writer, before, True) for writer in WRITERS for before in (False, True)]
WAYS += [(writer, True, False) for writer in FOLDERS]
SAMPLE = [("bytes", True, True), ("folder", True, True)]


def ways(sample: list[tuple[str, bool, bool]]) -> list[ParameterSet]:
    """Writer, whether there was something before, whether folders can be exchanged; all but a sample are slow tests."""
    return [pytest.param(*way, marks=() if way in sample else pytest.mark.faults) for way in WAYS]


@pytest.mark.parametrize(("writer", "before", "exchange"), ways(SAMPLE))
def test_killed_at_each_operation(warm: Warm, tmp_path: Path, writer: str, before: bool, exchange: bool) -> None:
    seen = set()
    for number, place in cases(warm, tmp_path, writer, before, exchange):
        fault = Fault(str(place), KILL, number, exchange=exchange)
        ended = write(warm, place, writer, NEW, fault)
        assert ended.status == -9, (number, ended)
        found = state(writer, place)
        seen.add(found)
        hidden = [path.name for path in place.rglob(".*") if not path.parent.name.startswith(".")]
        if exchange:
            assert found in ((OLD, NEW) if before else (None, NEW)), (number, found)
        elif found is None:  # between the two renames
            assert any(name.endswith(".previous") for name in hidden), (number, hidden)
        again = write(warm, place, writer, NEW)
        assert again.status == 0, (number, again.output)
        assert state(writer, place) == NEW and names(place) == ["out"], (number, names(place))
        assert all(name in again.output for name in hidden), (number, hidden, again.output)
        restored = "out: a command was killed while it replaced it; what it was is restored" in again.output
        assert restored == (before and found is None), (number, again.output)
    assert seen == {OLD if before else None, NEW} | ({None} if not exchange else set())


@pytest.mark.parametrize(("writer", "before", "exchange"), ways(SAMPLE))
@pytest.mark.parametrize("kind", [FULL, BROKEN])
def test_a_full_and_a_failing_disk_at_each_operation(
    warm: Warm, tmp_path: Path, writer: str, before: bool, exchange: bool, kind: str
) -> None:
    failed = 0
    for number, place in cases(warm, tmp_path, writer, before, exchange):
        ended = write(warm, place, writer, NEW, Fault(str(place), kind, number, exchange=exchange))
        found = state(writer, place)
        left = [name for name in names(place) if name != "out" and not (writer == "training" and "partial" in name)]
        assert left == [], (number, left)
        if ended.status == 0:  # what needs no room, or may fail: a folder's fsync, a removal
            assert found == NEW, number
            continue
        failed += 1
        why, advice = ("No space left", "make room") if kind == FULL else ("Input/output error", "check the disk")
        assert ended.status == 2 and "Traceback" not in ended.output, (number, ended.output)
        last = ended.output.splitlines()[-1]
        assert last.startswith("error: out") and why in last and advice in last, (number, last)
        assert ".unfinished" not in last, (number, last)
        assert found in ((OLD, NEW) if before else (None, NEW)), (number, found)
        assert write(warm, place, writer, NEW).status == 0 and state(writer, place) == NEW, number
    assert failed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 pages; skips where it cannot be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_PAGES * PAGE}", "none", place], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here, which needs root: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_real_disk_that_is_full_at_each_page(warm: Warm, small_disk: Path, writer: str, before: bool) -> None:
    """Every number of free pages, from none to as many as are needed."""
    place, ballast = small_disk / "place", small_disk / "ballast"
    new = random.Random(0).randbytes(8000).hex()  # pages of it, also packed
    place.mkdir()
    for free in range(DISK_PAGES):
        if before:
            assert write(warm, place, writer, OLD).status == 0
        room = shutil.disk_usage(small_disk).free - free * PAGE
        ballast.write_bytes(bytes(max(room, 0)))
        ended = write(warm, place, writer, new)
        ballast.unlink()
        found = state(writer, place)
        if ended.status == 0:
            assert found == new and names(place) == ["out"]
            assert free > 1  # it was full before
            return
        last = ended.output.splitlines()[-1]
        assert ended.status == 2 and last.startswith("error: out") and "No space left" in last, (free, ended.output)
        assert found == (OLD if before else None), (free, found)
        if writer == "training":
            assert write(warm, place, writer, new).status == 0 and state(writer, place) == new
            shutil.rmtree(place / "out")
        else:
            assert names(place) == (["out"] if before else []), (free, names(place))
    raise AssertionError(f"{DISK_PAGES} pages were not enough")
