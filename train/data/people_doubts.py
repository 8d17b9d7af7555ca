"""What looks wrong with the people and classes of a set: data that is there twice, names that may be one, classes and
people that cannot be divided.
"""

from collections.abc import Sequence

from scl.text import folded
from train.data.imu_copies import same_movements, same_values
from train.data.imu_figures import FileFigures
from train.data.spellings import alike, same_number

LEAST_SUBJECTS = 3


def of_people(files: Sequence[FileFigures]) -> list[str]:
    """The doubts, one line each."""
    return _duplicates(files) + _spellings(files) + _people(files)


def _duplicates(files: Sequence[FileFigures]) -> list[str]:
    """The same values twice: in two files, of two people, or in two classes."""
    copies = [(file.name, file.copies) for file in files]
    seconds = {(file.name, *key): length for file in files for key, length in file.seconds.items()}
    equal = same_values(copies)
    lines = [
        _twice(one, other, f"the same {round(share * seconds[other]) or 1} s") for (one, other), share in equal.items()
    ]
    changed = {pair: count for pair, count in same_movements(copies).items() if pair not in equal}
    return lines + [
        _twice(one, other, f"{count} movements that are alike and equally far apart")
        for (one, other), count in changed.items()
    ]


def _twice(one: tuple[str, str, str], other: tuple[str, str, str], what: str) -> str:
    (name, subject, label), (second, person, activity) = one, other
    files_of = f"{name} and {second} hold" if name != second else f"{name} holds"
    if subject != person:
        return f"{files_of} {what} twice, as {subject} and as {person}: " + (
            "one recording under two names leaks from training to test"
        )
    return f"{files_of} {what} twice" + (f", as {label} and as {activity}" * (label != activity)) + ": remove one"


def _spellings(files: Sequence[FileFigures]) -> list[str]:
    """Classes and people whose names may be one."""
    people: dict[str, set[str]] = {}
    for file in files:
        for subject, label in file.seconds:
            if label:
                people.setdefault(label, set()).add(subject or file.name)
    named = {subject for file in files for subject, _ in file.seconds if subject}
    found = [(a, b, "classes") for a, b in alike(list(people), lambda a, b: not people[a] & people[b])]
    found += [(a, b, "people") for a, b in same_number(list(named))]
    lines = []
    for a, b, what in found:
        merged = "are taken for one" if folded(a) == folded(b) else "count as two"
        lines.append(
            f"{a!r} and {b!r} {merged}: the {what} differ in spelling alone; write them alike where they are one"
        )
    return lines


def _people(files: Sequence[FileFigures]) -> list[str]:
    of_class: dict[str, set[str]] = {}
    nobody = False
    for file in files:
        for (subject, label), _ in file.seconds.items():
            if label:
                nobody |= not subject
                of_class.setdefault(folded(label), set()).add(folded(subject or file.name))
    everybody = set().union(*of_class.values()) if of_class else set()
    lines = []
    if nobody:
        lines.append(
            "nobody is named: each file counts as a person of its own, so that a person may be in training and test; "
            "say who with [subject] in dataset.toml, or capture with --subject"
        )
    if len(everybody) < LEAST_SUBJECTS:
        lines.append(
            f"recordings of {len(everybody)} {'person' if len(everybody) == 1 else 'people'}, a split by subject needs "
            f"{LEAST_SUBJECTS} or more; record others, or give --split random, which flatters"
        )
    alone = sorted(label for label, people in of_class.items() if len(people) == 1)
    if alone and len(everybody) > 1:
        lines.append(
            f"{', '.join(alone[:5])}{', ...' if len(alone) > 5 else ''}: recorded of one person alone; a split by "
            "subject trains or tests without the class: record others, or leave it out with --activities"
        )
    return lines
