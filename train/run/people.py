"""Who of other recordings a run knows already: people (or records) that trained are named and kept apart."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scl.artifacts.run import RunInfo
from train.data.data_set import DataSet
from train.data.recordings import Recordings

Part = Literal["train", "validation", "test", "new"]
Reason = Literal["archive", "content", "number", "name"]
PARTS: tuple[Part, ...] = ("test", "validation", "train")  # who is in several of a leaky split has trained
NUMBERED = re.compile(r"\d")  # 7, s07, walk.3.csv: a name that any other set may give to somebody else
REASONS: dict[Reason, str] = {
    "archive": "by the archive",
    "content": "by equal samples",
    "number": "by the data set's own numbers",
    "name": "by name",
}


@dataclass(frozen=True)
class Person:
    """A subject or a record.

    Attributes:
        group: number in the recordings.
        part: of the run: what it did with this person; "new" if none of its parts has them, as far as can be known.
        reason: how the run's person is recognized; None for a new one. An archive's that are in no part of the run are
            new too.
    """

    name: str
    group: int
    part: Part
    reason: Reason | None = None


@dataclass(frozen=True)
class People:
    """Everybody in the recordings.

    Attributes:
        same_archive: the recordings are those that the run was trained on, by their checksum.
        compared: whether samples could be compared with the run's own.
        doubtful: names of new people that people of the run have too, who trained or validated: numbers tell nobody.
    """

    persons: tuple[Person, ...]
    same_archive: bool
    compared: bool
    doubtful: tuple[str, ...] = ()

    def of(self, *parts: Part) -> tuple[Person, ...]:
        return tuple(person for person in self.persons if person.part in parts)


def recognized(info: RunInfo, recordings: Recordings, data_set: DataSet, own: Recordings | None) -> People:
    """What the run did with each person of recordings of `data_set`, which have its channels and rate.

    Args:
        own: the run's own recordings, if they are at hand.

    Equal checksums mean the same people. Else a person is recognized by a block of equal samples, by the number where
    both are of one set that numbers its people itself, or by a name without a number.
    """
    parts: dict[int, Part] = {}
    for part in PARTS:
        parts |= dict.fromkeys(info.split.part(part), part)
    names = group_names(info.data.report)
    same_archive = recordings.sha256 == info.data.sha256
    twins = {} if same_archive or own is None else shared_blocks(recordings, own)
    numbered_alike = data_set.name == info.data.name and not names and not recordings.group_names
    numbers = {names.get(group, str(group)): group for group in parts}
    persons, doubtful = [], []
    for group in recordings.groups.tolist():
        name = recordings.group_names[group] if recordings.group_names else str(group)
        same_name = numbers.get(name)
        found: tuple[int | None, Reason | None] = (None, None)
        if same_archive:
            found = same_name, "archive"
        elif group in twins:
            found = twins[group], "content"
        elif same_name is not None and numbered_alike:
            found = same_name, "number"
        elif same_name is not None and not NUMBERED.search(name):
            found = same_name, "name"
        elif same_name is not None and parts[same_name] != "test":
            doubtful.append(name)
        part = "new" if found[0] is None else parts.get(found[0], "new")
        persons.append(Person(name, group, part, None if part == "new" and not same_archive else found[1]))
    return People(tuple(persons), same_archive, same_archive or own is not None, tuple(doubtful))


def group_names(report: Mapping[str, object]) -> dict[int, str]:
    """The names of a run's groups, as run.json's data.report has them; none where their numbers are the names."""
    names = report.get("group_names")
    return dict(enumerate(map(str, names))) if isinstance(names, list | tuple) else {}


def shared_blocks(recordings: Recordings, own: Recordings) -> dict[int, int]:
    """Groups of the recordings that hold a block of `own` in every sample, and whose it is there.

    Blocks that never change are passed over: they are alike without being anybody's.
    """
    known = dict(_hashes(own))
    return {group: known[digest] for digest, group in _hashes(recordings) if digest in known}


def _hashes(recordings: Recordings) -> Iterable[tuple[bytes, int]]:
    for block in recordings.blocks:
        if block.x.size and (block.x != block.x[:, :1]).any():
            yield hashlib.sha256(np.ascontiguousarray(block.x).tobytes()).digest(), block.group
