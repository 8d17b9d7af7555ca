"""Which lead of each record is read: one name for the whole set. A record without it is named, never given another."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scl.artifacts import InputError, shortened
from train.data.ecg_record import Listed
from train.data.wfdb_header import ECG_LEAD

# Of leads that equally many records have: the rhythm leads first, then a watch's.
PREFERRED = ("mlii", "ml ii", "ml2", "ii", "d2", "i", "d1", "mli", "v5", "v2", "v1", "ecg", "ekg")
PREFIX = re.compile(r"^(ecg|ekg|lead)[ _-]+")


@dataclass(frozen=True)
class Choice:
    """The number of the lead in each record that has it, those that lack it, and what was looked for."""

    index: dict[str, int]
    lacking: tuple[str, ...]
    wanted: str


def choose(listed: Sequence[Listed], wanted: str | int | None, where: str) -> Choice:
    """The lead of this name, or of this number from 0; None: the ECG lead that most records have.

    Letter case, and "ECG" or "lead" before the name, do not count. A text of digits that names no lead is a number.

    Raises InputError if no record has it.
    """
    if wanted is None:
        wanted = _usual(listed, where)
    places = {record.name: _place(record.leads, wanted) for record in listed}
    if isinstance(wanted, str) and wanted.isdecimal() and not any(place is not None for place in places.values()):
        wanted = int(wanted)
        places = {record.name: _place(record.leads, wanted) for record in listed}
    index = {name: place for name, place in places.items() if place is not None}
    said = f"number {wanted}" if isinstance(wanted, int) else wanted
    if not index:
        raise InputError(f"{where}: no record has lead {shortened(said)}; choose one with --lead: {_found(listed)}")
    return Choice(index, tuple(name for name, place in places.items() if place is None), said)


def plain(name: str) -> str:
    """A lead's name as it is compared."""
    return PREFIX.sub("", " ".join(name.casefold().split()))


def _place(leads: tuple[str, ...], wanted: str | int) -> int | None:
    if isinstance(wanted, int):
        return wanted if wanted < len(leads) else None
    names = list(leads)
    if wanted in names:
        return names.index(wanted)
    plains = [plain(name) for name in leads]
    return plains.index(plain(wanted)) if plain(wanted) in plains else None


def _usual(listed: Sequence[Listed], where: str) -> str:
    """The ECG lead that most records have."""
    names = [dict.fromkeys(plain(lead) for lead in r.leads if ECG_LEAD.fullmatch(lead.strip())) for r in listed]
    counts = Counter(name for record in names for name in record)
    if not counts:
        raise InputError(
            f"{where}: none of its signals is known as an ECG lead; choose one with --lead, or lead in dataset.toml: "
            f"{_found(listed)}"
        )
    order = list(counts)
    rank = {name: PREFERRED.index(name) if name in PREFERRED else len(PREFERRED) + order.index(name) for name in order}
    best = min(order, key=lambda name: (-counts[name], rank[name]))
    return next(lead for record in listed for lead in record.leads if plain(lead) == best)


def _found(listed: Sequence[Listed]) -> str:
    """The leads that there are, and in how many records each."""
    counts = Counter(lead for record in listed for lead in dict.fromkeys(record.leads))
    return shortened(", ".join(f"{lead} ({count})" for lead, count in counts.most_common()), 300)
