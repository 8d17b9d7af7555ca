"""Records of an ECG set, whatever their format: what is known of one before and after its samples are read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from scl.artifacts import InputError, shortened
from train.data.recordings import NO_BEATS
from train.data.wfdb_files import Lead


@dataclass(frozen=True)
class Listed:
    """A record before its samples are read.

    Attributes:
        name: path without suffix below the set's folder.
        leads: names of its signals, in order.
        subject: whom the record itself names, or its folder.
    """

    name: str
    leads: tuple[str, ...]
    subject: str | None = None


class Format(Protocol):
    """The records of a folder in one format.

    Attributes:
        listed: all of them, in order of their names.
        subjects_from: where their subjects are from, for people.
    """

    listed: tuple[Listed, ...]
    subjects_from: str

    def read(self, name: str, index: int) -> Lead:
        """A record's lead in mV. Raises InputError for a file that is not what it should be."""
        ...

    def files(self, name: str) -> list[str]:
        """The files that a record is read from, below the set's folder."""
        ...


@dataclass(frozen=True, eq=False)
class EcgRecord:
    """A record that is read.

    Attributes:
        x: (samples,) float32 mV, NaN where there is no sample.
        beats: (k, 2) int64, sample and class of each beat in order of time; those outside the record too.
        label: class of the whole record, else -1.
        own_hz: the rate at which it was recorded.
        verified: whether checksums show that it is whole.
        flutter: (k, 2) int64, first and last sample of ventricular flutter or fibrillation, in order of time.
    """

    name: str
    subject: str | None
    lead: str
    x: np.ndarray
    rate_hz: float
    beats: np.ndarray
    label: int
    own_hz: float
    verified: bool = True
    flutter: np.ndarray = field(default_factory=lambda: NO_BEATS)


def matched(name: str, names: Sequence[str], where: str) -> str | None:
    """The record that a table or a split names: by its path, or by the path's last part where that is one record's
    alone. None if there is none.

    Raises InputError for a last part that several records have.
    """
    name = name.strip()
    if name in names:
        return name
    ends = [full for full in names if full.rpartition("/")[2] == name]
    if len(ends) > 1:
        raise InputError(f"{where}: {shortened(name)} may be {ends[0]} or {ends[1]}; write the path, such as {ends[0]}")
    return ends[0] if ends else None


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which names are sorted, numbers in them by their size."""
    pieces, text = [], ""
    for char in name:
        if text and (char.isdecimal() and char.isascii()) != (text[-1].isdecimal() and text[-1].isascii()):
            pieces.append(text)
            text = ""
        text += char
    pieces.append(text)
    return tuple((0, int(p), "") if p.isdecimal() and p.isascii() and len(p) < 20 else (1, 0, p) for p in pieces)
