"""Damage at any place of the files that a user hands in: read or refused, in bounded time and memory.

A case that ends otherwise prints the command that runs it alone (tests/damaged_files.py).
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.damaged_files import FILES, INTERESTING, Damaged, damaged, main

PROGRAM = Path(__file__).parent / "damaged_files.py"
MOST_S, MOST_GB = 5.0, 1.0


def check(folder: Path, *arguments: str) -> None:
    """Runs the cases in a program of its own, so that neither a crash nor its memory is ours."""
    command = [sys.executable, PROGRAM, folder, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    cases = "; ".join(f"{path.parent.name}: {path.read_text()}" for path in folder.glob("*/case"))
    assert done.returncode == 0, f"the last cases were {cases}\n{done.stderr[-3000:]}"
    for line in done.stdout.splitlines():
        _, read, refused, slowest, gigabytes = line.split()
        assert int(refused) > int(read) and float(slowest) < MOST_S and float(gigabytes) < MOST_GB, line
    assert len(done.stdout.splitlines()) == sum(argument in FILES for argument in arguments)


def test_some_prefixes_and_mutations_of_every_file(tmp_path):
    check(tmp_path, *FILES, "--every", "151", "--mutations", "60")


@pytest.mark.faults
@pytest.mark.parametrize("name", FILES)
def test_every_prefix_and_2000_mutations(tmp_path, name):
    check(tmp_path, name)


def test_a_case_is_the_same_each_time_and_seeds_differ():
    data = bytes(range(256)) * 4
    assert damaged(data, "prefix-100") == data[:100]
    seeds = [damaged(data, f"mutation-{seed}") for seed in range(50)]
    assert seeds == [damaged(data, f"mutation-{seed}") for seed in range(50)] and len({*seeds, data}) > 45
    assert any(text in made for text in INTERESTING[2:] for made in seeds)


def test_what_is_no_refusal_says_how_to_run_it_again(tmp_path, monkeypatch):
    def made(folder: Path, name: str) -> Damaged:
        (folder / name).write_bytes(bytes(8))
        return Damaged(folder / name, lambda: 1 / (len((folder / name).read_bytes()) - 5))

    monkeypatch.setitem(FILES, "x", made)
    with pytest.raises(ZeroDivisionError) as caught:
        main([str(tmp_path), "x"])
    assert caught.value.__notes__ == ["again: python tests/damaged_files.py FOLDER x --case prefix-5"]
