"""An ECG folder: what it holds, found out from its headers and tables, and its records, read one by one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, sha256_bytes, shortened
from scl.frontend.resampler import to_rate
from train.data.dataset_file import NAME
from train.data.ecg_csv import CsvRecords
from train.data.ecg_dataset_file import PARTS, EcgSettings, read_settings
from train.data.ecg_edf import EdfRecords
from train.data.ecg_labels import Labels, labels_of
from train.data.ecg_leads import Choice, choose
from train.data.ecg_record import EcgRecord, Format, matched
from train.data.ecg_tables import Known, read_records
from train.data.ecg_wfdb import WfdbRecords
from train.data.wfdb_files import Source, stretches

ADVICE = "expected a folder or zip of WFDB (.hea), EDF (.edf) or CSV recordings"
SUFFIXES = {"wfdb": ".hea", "edf": ".edf", "csv": ".csv"}
MOST_SETTINGS_BYTES = 1 << 20


@dataclass(frozen=True)
class EcgSet:
    """A folder whose records are known and not yet read.

    Attributes:
        choice: which lead of which record.
        subjects: of the records where they are known.
        parts: records of each part of an explicit split; None: to be drawn.
        split_from: what says so.
        amiss: what was skipped.
    """

    source: Source
    settings: EcgSettings
    format: Format
    choice: Choice
    labels: Labels
    subjects: dict[str, str]
    subjects_from: str
    parts: dict[str, list[str]] | None
    split_from: str
    names: tuple[str, ...]
    amiss: dict[str, list[str]]
    sha256: str

    def records(self) -> Iterator[EcgRecord]:
        """Reads the records one by one, in order of their names, all at one rate.

        Raises InputError for a damaged file, or for rates that differ where dataset.toml says none.
        """
        rates: dict[float, list[str]] = {}
        for name in self.names:
            lead = self.format.read(name, self.choice.index[name])
            beats, label = self.labels.of(name, lead.frame_hz, lead.rate_hz)
            rates.setdefault(lead.rate_hz, []).append(name)
            if len(rates) > 1 and self.settings.rate_hz is None:
                raise InputError(self._rates(rates))
            record = EcgRecord(
                name,
                self.subjects.get(name),
                lead.name,
                lead.x,
                lead.rate_hz,
                beats,
                label,
                lead.rate_hz,
                lead.verified,
                self.labels.flutter(name, lead.frame_hz, lead.rate_hz),
            )
            yield record if self.settings.rate_hz is None else _resampled(record, self.settings.rate_hz)

    def _rates(self, rates: dict[float, list[str]]) -> str:
        found = " and ".join(f"{rate:g} Hz ({names[0]})" for rate, names in sorted(rates.items()))
        slowest = min(rates)  # nothing is invented between its samples
        return (
            f"{self.source.path}: records have {found}, expected one rate; say in {NAME} to which they are resampled, "
            f"such as rate_hz = {slowest:g}"
        )


def open_set(path: str | Path, lead: str | None = None) -> EcgSet:
    """Finds out what a folder or zip holds; `lead` takes the place of that of dataset.toml.

    Raises:
        InputError: neither, no record in it, a header, table or dataset.toml that cannot be understood, no such lead,
            or no labels.
    """
    source = Source(path, None, ADVICE)
    settings = EcgSettings("ecg")
    if NAME in source.names:
        settings = read_settings(source.read(NAME, MOST_SETTINGS_BYTES), f"{source.path}: {NAME}")
    found = _format(source, settings)
    names = [record.name for record in found.listed]
    choice = choose(found.listed, settings.lead if lead is None else lead, str(source.path))
    known, strange = read_records(source, settings.records, names) if settings.records else ({}, [])
    labels = labels_of(source, settings, known, list(choice.index))
    used = tuple(name for name in names if name in choice.index and labels.has(name))
    if not used:
        raise InputError(
            f"{source.path}: no record has lead {choice.wanted} and {labels.said}; choose another lead, or mend the "
            "labels"
        )
    subjects = {r.name: r.subject for r in found.listed if r.subject is not None}
    tabled = {name: row.subject for name, row in known.items() if row.subject is not None}
    parts, split_from = _parts(source, settings, known, names)
    files = [file for name in used for file in [*found.files(name), *labels.files(name)]]
    files += [file for file in (NAME, *settings.tables) if file in source.names]
    checksum = source.checksum(sorted(set(files)))
    return EcgSet(
        source=source,
        settings=settings,
        format=found,
        choice=choice,
        labels=labels,
        subjects=tabled or subjects,
        subjects_from=settings.records.file if tabled and settings.records else found.subjects_from if subjects else "",
        parts=parts,
        split_from=split_from,
        names=used,
        amiss={
            f"records_without_lead_{choice.wanted}": list(choice.lacking),
            "records_without_labels": [name for name in names if name in choice.index and not labels.has(name)],
            "names_in_the_table_that_are_no_record's": strange,
        },
        sha256=sha256_bytes(f"{checksum} {choice.wanted}".encode()),
    )


def _format(source: Source, settings: EcgSettings) -> Format:
    """The format that dataset.toml names, else that of the files."""
    there = [name for name, suffix in SUFFIXES.items() if _count(source, settings, name, suffix)]
    kind: str | None = settings.format
    if kind is None and len(there) > 1 and "csv" in there and settings.csv is None:
        there.remove("csv")  # tables beside the recordings
    if kind is None and len(there) > 1:
        raise InputError(
            f"{source.path}: holds recordings in {' and '.join(there)}, expected one format; say in {NAME} which, such "
            f'as format = "{there[0]}"'
        )
    if not there or (kind is not None and kind not in there):
        wanted = f"no recordings in {kind}, as {NAME} says" if kind else "no recordings"
        raise InputError(f"{source.path}: holds {wanted}; {ADVICE}")
    kind = kind or there[0]
    if kind == "wfdb":
        return WfdbRecords(source)
    return EdfRecords(source) if kind == "edf" else CsvRecords(source, settings)


def _count(source: Source, settings: EcgSettings, kind: str, suffix: str) -> int:
    """How many files have the suffix of a format and are no tables of the set."""
    tables, beats = settings.tables, (settings.beats.suffix if settings.beats else None)
    return sum(
        name.lower().endswith(suffix) and name not in tables and not (kind == "csv" and beats and name.endswith(beats))
        for name in source.names
    )


def _parts(
    source: Source, settings: EcgSettings, known: dict[str, Known], names: list[str]
) -> tuple[dict[str, list[str]] | None, str]:
    """The explicit split of dataset.toml or of the table of records, and which of them it is from.

    Raises InputError if a record is in two parts, is not there, or a part is empty.
    """
    if settings.split is not None:
        where = f"{source.path}: {NAME}: [split]"
        parts: dict[str, list[str]] = {}
        for part in PARTS:
            written = settings.split[part]
            found = [matched(name, names, where) for name in written]
            absent = [name for name, record in zip(written, found, strict=True) if record is None]
            if absent:
                raise InputError(f"{where} {part} has {shortened(absent[0])}, expected records such as {names[0]}")
            parts[part] = [name for name in found if name is not None]
        twice = [name for name, count in Counter(n for p in parts.values() for n in p).items() if count > 1]
        if twice:
            raise InputError(f"{where} has record {twice[0]} twice, expected it in one part")
        return parts, NAME
    by_part = {part: [name for name, row in known.items() if row.part == part] for part in PARTS}
    if not any(by_part.values()):
        return None, ""
    assert settings.records is not None
    empty = [part for part, members in by_part.items() if not members]
    if empty:
        raise InputError(
            f"{source.path}: {settings.records.file} names no record of {' and '.join(empty)} in column "
            f"{settings.records.columns['split']}, expected train, validation and test"
        )
    return by_part, settings.records.file


def _resampled(record: EcgRecord, rate_hz: float) -> EcgRecord:
    """A record at another rate, between its invalid samples; beats keep their times."""
    if record.rate_hz == rate_hz:
        return record
    ratio = rate_hz / record.rate_hz
    x = np.full(int((len(record.x) - 1) * ratio) + 1, np.nan, np.float32)
    for part in stretches(record.x):
        first, last = int(np.ceil(part.start * ratio)), int(np.floor((part.stop - 1) * ratio)) + 1
        moved = to_rate(record.x[None, None, part].astype(np.float64), record.rate_hz, rate_hz)[0, 0]
        count = min(len(moved), len(x) - first, last - first)
        x[first : first + count] = moved[:count]
    beats = record.beats.copy()
    moved_beats = np.rint(beats[:, 0] * ratio)
    beats[:, 0] = np.where(beats[:, 0] < len(record.x), np.minimum(moved_beats, len(x) - 1), moved_beats)
    flutter = np.rint(np.minimum(record.flutter, len(record.x) - 1) * ratio).astype(np.int64)
    return replace(record, x=x, rate_hz=rate_hz, beats=beats, flutter=np.minimum(flutter, len(x) - 1))
