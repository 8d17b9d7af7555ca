"""What an ECG set is labelled with: beats by annotators or a table, or whole records by a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from scl.artifacts import InputError, shortened
from scl.ec57.beats import AAMI, of_symbols
from train.data.ecg_dataset_file import BeatSettings, EcgSettings
from train.data.ecg_tables import BeatTable, Known, read_beats
from train.data.recordings import NO_BEATS
from train.data.wfdb_annotations import numbers, read_annotations
from train.data.wfdb_files import Source

ANNOTATORS = ("atr", "ecg", "qrs")  # that are looked for, in this order, where dataset.toml names none
CLASSES = {name: tuple(symbols) for name, symbols in AAMI.items()}


class Labels(Protocol):
    """Where labels come from."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all there may be."""
        ...

    @property
    def said(self) -> str:
        """What they are, for people."""
        ...

    def has(self, record: str) -> bool:
        """Whether a record is labelled."""
        ...

    def files(self, record: str) -> list[str]:
        """The files that a record's labels are read from."""
        ...

    def of(self, record: str, frame_hz: float, rate_hz: float) -> tuple[np.ndarray, int]:
        """A record's beats (k, 2), at the lead's rate, and the class of the whole record, or -1."""
        ...

    def flutter(self, record: str, frame_hz: float, rate_hz: float) -> np.ndarray:
        """First and last sample of its ventricular flutter or fibrillation, (k, 2) int64, at the lead's rate."""
        ...


@dataclass
class Annotated:
    """Beats by WFDB's annotators; `symbols` counts those that are in no class."""

    source: Source
    annotator: str
    members: dict[str, tuple[str, ...]]
    symbols: Counter[str] = field(default_factory=Counter)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.members)

    @property
    def said(self) -> str:
        return f"beats of .{self.annotator}"

    def has(self, record: str) -> bool:
        return f"{record}.{self.annotator}" in self.source.names

    def files(self, record: str) -> list[str]:
        return [f"{record}.{self.annotator}"]

    def of(self, record: str, frame_hz: float, rate_hz: float) -> tuple[np.ndarray, int]:
        found = read_annotations(self.source, record, self.annotator, frame_hz, rate_hz)
        return _beats(found.samples, found.symbols, self.members, self.symbols), -1

    def flutter(self, record: str, frame_hz: float, rate_hz: float) -> np.ndarray:
        found = read_annotations(self.source, record, self.annotator, frame_hz, rate_hz)
        return of_symbols(found.samples, found.symbols).flutter


@dataclass
class Tabled:
    """Beats by tables of times and symbols; `symbols` counts those that are in no class."""

    tables: dict[str, BeatTable]
    of_record: dict[str, list[str]]  # the tables' files
    seconds: bool
    members: dict[str, tuple[str, ...]]
    said: str
    symbols: Counter[str] = field(default_factory=Counter)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.members)

    def has(self, record: str) -> bool:
        return record in self.tables

    def files(self, record: str) -> list[str]:
        return self.of_record.get(record, [])

    def of(self, record: str, frame_hz: float, rate_hz: float) -> tuple[np.ndarray, int]:
        table = self.tables[record]
        samples = np.rint(table.times * (rate_hz if self.seconds else 1.0)).astype(np.int64)
        return _beats(samples, table.symbols, self.members, self.symbols), -1

    def flutter(self, record: str, frame_hz: float, rate_hz: float) -> np.ndarray:
        return NO_BEATS


@dataclass
class Whole:
    """One class for each record."""

    number: dict[str, int]
    classes: tuple[str, ...]
    said: str

    def has(self, record: str) -> bool:
        return record in self.number

    def files(self, record: str) -> list[str]:
        return []

    def of(self, record: str, frame_hz: float, rate_hz: float) -> tuple[np.ndarray, int]:
        return NO_BEATS, self.number[record]

    def flutter(self, record: str, frame_hz: float, rate_hz: float) -> np.ndarray:
        return NO_BEATS


def labels_of(source: Source, settings: EcgSettings, known: dict[str, Known], names: Sequence[str]) -> Labels:
    """Where a set's labels come from: [beats], else the labels of its table of records, else annotations.

    Raises InputError if there are none, or they are damaged.
    """
    members = settings.classes or CLASSES
    if settings.beats is not None:
        return _by_settings(source, settings.beats, members, names)
    if any(row.label is not None for row in known.values()):
        assert settings.records is not None
        return _whole(source, settings, known)
    annotator = next((a for a in ANNOTATORS if any(f"{name}.{a}" in source.names for name in names)), None)
    if annotator is None:
        raise InputError(
            f"{source.path}: has neither annotated beats ({', '.join(f'.{a}' for a in ANNOTATORS)}) nor labels of "
            "records; say in dataset.toml where they are, as [beats] or [records]"
        )
    odd = [name for name in members if name not in AAMI]
    if odd:
        raise InputError(
            f"{source.path}: dataset.toml: [classes] has {shortened(odd[0])}, expected classes of beats: "
            f"{', '.join(AAMI)}; or give labels of records in [records]"
        )
    return Annotated(source, annotator, members)


def _by_settings(
    source: Source, beats: BeatSettings, members: dict[str, tuple[str, ...]], names: Sequence[str]
) -> Labels:
    if beats.annotator is not None:
        if not any(f"{name}.{beats.annotator}" in source.names for name in names):
            raise InputError(f"{source.path}: no record has annotations .{beats.annotator}, as [beats] says; mend it")
        return Annotated(source, beats.annotator, members)
    seconds = beats.time_unit == "s"
    if beats.file is not None:
        tables = read_beats(source, beats.file, names, by_record=True)
        files = {name: [beats.file] for name in tables}
        return Tabled(tables, files, seconds, members, f"beats of {beats.file}")
    files = {name: [f"{name}{beats.suffix}"] for name in names if f"{name}{beats.suffix}" in source.names}
    if not files:
        raise InputError(f"{source.path}: no record has a table {names[0]}{beats.suffix}, as [beats] says; mend it")
    tables = {}
    for name, (file,) in files.items():
        tables |= read_beats(source, file, [name], by_record=False)
    return Tabled(tables, files, seconds, members, f"beats of *{beats.suffix}")


def _whole(source: Source, settings: EcgSettings, known: dict[str, Known]) -> Whole:
    assert settings.records is not None
    said = f"labels of {settings.records.file}"
    written = {name: row.label for name, row in known.items() if row.label is not None}
    if not settings.classes:
        classes = tuple(sorted(set(written.values())))
        return Whole({name: classes.index(label) for name, label in written.items()}, classes, said)
    classes = tuple(settings.classes)
    number = {label: place for place, members in enumerate(settings.classes.values()) for label in members}
    inside = {name: number[label] for name, label in written.items() if label in number}
    if not inside:
        raise InputError(
            f"{source.path}: {settings.records.file} has no label that [classes] names; it has "
            f"{shortened(', '.join(sorted(set(written.values()))), 200)}"
        )
    return Whole(inside, classes, said)


def _beats(
    samples: np.ndarray, symbols: Sequence[str], members: dict[str, tuple[str, ...]], others: Counter[str]
) -> np.ndarray:
    """Beats (k, 2) of those whose symbol is in a class; the others are counted."""
    classes = numbers(symbols, members)
    kept = classes >= 0
    others.update(symbol for symbol, inside in zip(symbols, kept, strict=True) if not inside)
    return np.stack([samples[kept], classes[kept]], axis=1).astype(np.int64)
