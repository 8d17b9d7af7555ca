"""Who trained is recognized by archive, samples, a published set's numbers or a name, and by nothing less."""

from dataclasses import replace

import numpy as np
import pytest

from scl.artifacts.architecture import Architecture
from scl.artifacts.run import DataSource, RunInfo, Split, WindowInfo
from scl.partition import Partition
from tests.run_info import run_info
from tests.train.data.blocks import recordings
from train.data.data_set import DataSet
from train.data.recordings import Block, Recordings
from train.run.people import People, group_names, recognized

WINDOW = WindowInfo(10, 10.0, ("a", "b", "c"), ("m/s^2",) * 3)
SPLIT = Split("subject", False, 0, (0, 1), (2,), (3,))


def run(names: list[str] | None = None, name: str = "made-up", sha256: str = "1" * 64, split: Split = SPLIT) -> RunInfo:
    report: dict[str, object] = {"group_names": names} if names else {}
    info = run_info(Architecture(), Partition(4, 4, 4), WINDOW, ("x", "y"), split=split)
    return replace(info, data=DataSource(name, {}, sha256, report))


def a_set(name: str) -> DataSet:
    return DataSet(name, "imu", lambda path, options: recordings({0: [10]}), "replay-imu")


def other(groups: int, names: tuple[str, ...] = ()) -> Recordings:
    found = recordings({group: [20, 20] for group in range(groups)})
    blocks = tuple(replace(b, x=b.x + 100) for b in found.blocks)
    return replace(found, group_names=names, blocks=blocks)


def parts(people: People) -> dict[str, tuple[str, str | None]]:
    return {person.name: (person.part, person.reason) for person in people.persons}


def test_the_same_archive_is_divided_as_the_run_was() -> None:
    people = recognized(run(sha256="0" * 64), other(5), a_set("made-up"), None)
    assert people.same_archive and people.compared and not people.doubtful
    assert parts(people) == {
        "0": ("train", "archive"),
        "1": ("train", "archive"),
        "2": ("validation", "archive"),
        "3": ("test", "archive"),
        "4": ("new", "archive"),
    }
    assert [person.name for person in people.of("new", "test")] == ["3", "4"]


def test_who_is_in_every_part_of_a_leaky_split_has_trained() -> None:
    everybody = (0, 1)
    people = recognized(
        run(sha256="0" * 64, split=Split("random", True, 0, everybody, everybody, everybody)),
        other(2),
        a_set("x"),
        None,
    )
    assert {person.part for person in people.persons} == {"train"}


def test_numbers_say_nothing_but_in_another_archive_of_a_set_that_numbers_its_people() -> None:
    people = recognized(run(name="another"), other(5), a_set("made-up"), None)
    assert {person.part for person in people.persons} == {"new"} and not people.compared
    assert people.doubtful == ("0", "1", "2")  # those that trained or validated
    known = recognized(run(), other(5), a_set("made-up"), None)
    assert parts(known)["0"] == ("train", "number") and parts(known)["4"] == ("new", None) and not known.doubtful
    named = tuple(f"s{k}" for k in range(5))  # a folder's own: s0 may be anybody
    for info, names in ((run(list(named)), named), (run(list(named)), ()), (run(), named)):
        assert {person.part for person in recognized(info, other(5, names), a_set("made-up"), None).persons} == {"new"}


def test_names_count_where_they_are_more_than_a_number() -> None:
    info = run(["Anna", "s01", "Ben", "Carl"])
    people = recognized(info, other(5, ("Ben", "Dora", "s01", "Anna", "Carl")), a_set("made-up"), None)
    assert parts(people) == {
        "Ben": ("validation", "name"),
        "Dora": ("new", None),
        "s01": ("new", None),
        "Anna": ("train", "name"),
        "Carl": ("test", "name"),
    }
    assert people.doubtful == ("s01",)


def test_equal_samples_are_noticed_under_any_number() -> None:
    own = recordings({group: [20, 20] for group in range(4)})
    foreign = other(3)
    # Its subject 2 is the run's subject 1, and subject 0 the run's test subject.
    swapped = [b for b in foreign.blocks if b.group == 1]
    swapped += [replace(own.blocks[2], group=2), replace(own.blocks[7], group=0)]
    people = recognized(run(name="another"), replace(foreign, blocks=tuple(swapped)), a_set("made-up"), own)
    assert parts(people) == {"0": ("test", "content"), "1": ("new", None), "2": ("train", "content")}
    assert people.compared and people.doubtful == ("1",)


def test_one_sample_makes_another_block_and_stillness_is_nobodys() -> None:
    own = recordings({0: [20], 1: [20]})
    changed = own.blocks[0].x.copy()
    changed[0, 5] = np.nextafter(changed[0, 5], np.float32(9))
    flat = Block(1, 0, np.zeros((3, 20), np.float32))
    own = replace(own, blocks=(own.blocks[0], flat))
    foreign = replace(own, blocks=(replace(own.blocks[0], x=changed, group=5), replace(flat, group=6)))
    people = recognized(run(name="another"), foreign, a_set("made-up"), own)
    assert parts(people) == {"5": ("new", None), "6": ("new", None)}


@pytest.mark.parametrize("name", ["7", "s07", "subject 7", "walk.3.csv", "7 b"])
def test_a_name_with_a_number_is_anybodys(name: str) -> None:
    people = recognized(run([name, "Ben"]), other(1, (name,)), a_set("made-up"), None)
    assert people.persons[0].part == "new" and people.doubtful == (name,)


@pytest.mark.parametrize("report", [{}, {"group_names": None}, {"group_names": 3}])
def test_a_run_without_names(report: dict[str, object]) -> None:
    assert group_names(report) == {}
