"""Who trains and who tests in an ECG folder: as its owner says, else drawn, by subject where subjects are known."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.run import Split
from train.data.recordings import Recordings
from train.data.splits import FRACTIONS, divided

DRAWS = 1000  # of which the one with the most classes in every part is taken
PARTS = ("train", "test", "validation")


def explicit(
    parts: Mapping[str, Sequence[str]],
    subjects: Mapping[str, str],
    group_names: Sequence[str],
    where: str,
    subjects_from: str,
) -> dict[str, list[int]]:
    """The groups of each part, of parts that name records.

    Args:
        subjects: of every record that was read; the record itself where its subject is not known.
        group_names: of those whose recordings are long enough.
        where: what says the parts, for messages.

    Raises InputError if one subject is in two parts, or a part is empty.
    """
    number = {name: group for group, name in enumerate(group_names)}
    seen: dict[str, tuple[str, str]] = {}
    groups: dict[str, list[int]] = {}
    for part, records in parts.items():
        for record in records:
            if record not in subjects:
                continue
            subject = subjects[record]
            before, other = seen.setdefault(subject, (part, record))
            if before != part:
                raise InputError(
                    f"{where} has {other} in {before} and {record} in {part}, but both are of subject {subject} "
                    f"({subjects_from}); put them into one part"
                )
        groups[part] = sorted({number[subjects[r]] for r in records if r in subjects and subjects[r] in number})
        if not groups[part]:
            raise InputError(f"{where} leaves no record that can be read in {part}; give it others")
    return groups


def split(recordings: Recordings, seed: int) -> Split:
    """The explicit split, else one that is drawn: about 65 % of the subjects or records train, 15 % validate and 20 %
    test, with as many classes in training, then in the other parts, as a draw has.

    Raises InputError for fewer than 3 subjects or records.
    """
    unit = "subject" if recordings.report.get("subjects_from") else "record"
    if "parts" in recordings.report:
        return divided(f"{unit}, by {recordings.report['split_from']}", seed, recordings.report["parts"])
    groups = recordings.groups.tolist()
    if len(groups) < 3:
        raise InputError(
            f"{recordings.name}: a split needs at least 3 {unit}s, found {len(groups)} "
            f"({', '.join(recordings.group_names)}); give more recordings"
        )
    classes: dict[int, set[int]] = {group: set() for group in groups}
    for block in recordings.blocks:
        classes[block.group] |= {block.label} if block.label >= 0 else set(block.beats[:, 1].tolist())
    test, validation = (max(round(FRACTIONS[part] * len(groups)), 1) for part in ("test", "validation"))
    rng = np.random.default_rng(seed)
    best: dict[str, list[int]] = {}
    most: tuple[int, ...] = ()
    for _ in range(DRAWS):
        order = [groups[i] for i in rng.permutation(len(groups))]
        cuts = {"train": order[test + validation :], "validation": order[test:][:validation], "test": order[:test]}
        drawn = {part: sorted(members) for part, members in cuts.items()}
        reached = tuple(len(_union(classes, drawn[part])) for part in PARTS)
        if reached > most:
            best, most = drawn, reached
        if min(reached) == len(_union(classes, groups)):
            break
    return divided(unit, seed, best)


def _union(classes: Mapping[int, set[int]], groups: Iterable[int]) -> set[int]:
    return set[int]().union(*(classes[group] for group in groups))
