"""What an ECG folder was understood as, record by record, and what looks wrong in it."""

from dataclasses import dataclass
from pathlib import Path

from scl.artifacts import InputError, read_toml
from train.data.archive import names_in
from train.data.check_file import EcgFile
from train.data.dataset_file import NAME
from train.data.ecg_dataset_file import WHAT
from train.data.ecg_folder import packed
from train.data.ecg_measures import Measures, measured
from train.data.ecg_record import EcgRecord
from train.data.ecg_set import open_set

HEADING = ("record", "subject", "lead", "Hz", "minutes", "labels", "beats per minute", "R peak, mV", "polarity")


@dataclass(frozen=True)
class Checked:
    """A table with a row for each record, what the set is as a whole, and warnings, all for people; `files` are the
    rows for programs.
    """

    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    files: tuple[EcgFile, ...]
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


def is_ecg(path: Path) -> bool:
    """Whether a folder says that it holds ECG: by headers of WFDB, EDF files, or the kind in its dataset.toml."""
    names = names_in(path)
    if any(name.lower().endswith((".hea", ".edf")) for name in names):
        return True
    try:
        return NAME in names and read_toml(path / NAME, WHAT).get("kind") == "ecg"
    except InputError:
        return False


def check(path: str | Path, lead: str | None = None) -> Checked:
    """Reads a folder as training does. Raises InputError as `ecg_folder.load` does."""
    found = open_set(path, lead)
    records, measures = [], {}
    for record in found.records():
        measures[record.name] = measured(record, found.labels.classes)
        records.append(record)
    recordings = packed(found, records, measures)
    report = recordings.report
    subjects = f"subjects from {report['subjects_from']}" if report["subjects_from"] else "no subjects known"
    split = report.get("split_from")
    sentences = (
        recordings.summary(),
        f"{report['labels_from']}: {_totals(measures, records, found.labels.classes)}",
        f"{subjects}; split by {split}" if split else f"{subjects}; split drawn",
    )
    rows = tuple(_row(record, measures[record.name], found.labels.classes) for record in records)
    files = tuple(_file(record, measures[record.name], found.labels.classes) for record in records)
    return Checked(HEADING, rows, files, sentences, tuple(report["warnings"]))


def _row(record: EcgRecord, m: Measures, classes: tuple[str, ...]) -> tuple[str, ...]:
    labels = ", ".join(f"{name} {count}" for name, count in zip(classes, m.beats, strict=True) if count)
    return (
        record.name,
        record.subject or "-",
        record.lead,
        f"{record.own_hz:g}",
        f"{m.seconds / 60:.1f}",
        classes[record.label] if record.label >= 0 else labels,
        "-" if m.rr_s is None else f"{60 / m.rr_s:.0f}",
        "-" if m.r_mv is None else f"{m.r_mv:.2f}",
        "-" if m.polarity is None else f"{m.polarity:+.2f}",
    )


def _file(record: EcgRecord, m: Measures, classes: tuple[str, ...]) -> EcgFile:
    return EcgFile(
        name=record.name,
        subject=record.subject or None,
        lead=record.lead,
        rate_hz=float(record.own_hz),
        seconds=float(m.seconds),
        label=classes[record.label] if record.label >= 0 else None,
        beats={name: int(count) for name, count in zip(classes, m.beats, strict=True) if count},
        beats_per_minute=None if m.rr_s is None else 60 / float(m.rr_s),
        r_mv=None if m.r_mv is None else float(m.r_mv),
        polarity=None if m.polarity is None else float(m.polarity),
    )


def _totals(measures: dict[str, Measures], records: list[EcgRecord], classes: tuple[str, ...]) -> str:
    """How many beats of each class, or records."""
    counts = [sum(m.beats[place] for m in measures.values()) for place in range(len(classes))]
    if any(record.label >= 0 for record in records):
        counts = [sum(record.label == place for record in records) for place in range(len(classes))]
    return ", ".join(f"{name} {count}" for name, count in zip(classes, counts, strict=True))
