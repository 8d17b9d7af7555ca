"""An ECG folder of your own: WFDB, EDF or CSV recordings, with what dataset.toml says of them (`ecg_dataset_file`).

One lead of each record is read, in mV and at the records' own rate. Groups are subjects where they are known, else
records.
"""

from pathlib import Path
from typing import Any

import numpy as np

from scl.artifacts import InputError
from scl.ec57.strips import MAX_SHIFT_S, STRIP_S
from train.data.cache import cached
from train.data.data_set import DataSet, Options, needed, text_option
from train.data.ecg_left_out import sentences as left_out
from train.data.ecg_measures import Measures, measured
from train.data.ecg_plausible import warnings
from train.data.ecg_record import EcgRecord, natural
from train.data.ecg_set import EcgSet, open_set
from train.data.ecg_split import explicit, split
from train.data.recordings import Block, Recordings, spans_within
from train.data.wfdb_files import stretches

NAME = "ecg-folder"


def load(path: str | Path, lead: str | None = None) -> Recordings:
    """Loads one lead of every record, a block for each stretch of valid samples.

    Args:
        path: folder or zip.
        lead: name, or number from 0; None: what dataset.toml says, else the ECG lead that most records have.

    Raises:
        InputError: no recordings, damaged ones, no such lead, no labels, or records of several rates.
    """
    found = open_set(path, lead)
    return cached(NAME, {"sha256": found.sha256}, lambda: _loaded(found))


def _loaded(found: EcgSet) -> Recordings:
    records, measures = [], {}
    for record in found.records():
        measures[record.name] = measured(record, found.labels.classes)
        records.append(record)
    return packed(found, records, measures)


def packed(found: EcgSet, records: list[EcgRecord], measures: dict[str, Measures]) -> Recordings:
    """Records that were read, as recordings. Raises InputError if no stretch holds a strip."""
    shortest = shortest_samples(records)
    subjects = {record.name: record.subject or record.name for record in records}
    names = sorted(set(subjects.values()), key=natural)
    place = {name: index for index, name in enumerate(names)}
    blocks, short, invalid, outside = [], [], [], 0
    classes, number = _classes(found, records)
    for record in records:
        parts = stretches(record.x)
        if len(parts) != 1 or len(record.x) != parts[0].stop:
            invalid.append(record.name)
        long = [part for part in parts if part.stop - part.start >= shortest]
        if not long:
            short.append(record.name)
        outside += len(record.beats)
        for part in long:
            inside = (record.beats[:, 0] >= part.start) & (record.beats[:, 0] < part.stop)
            outside -= int(inside.sum())
            beats = record.beats[inside] - [part.start, 0]
            beats[:, 1] = number[beats[:, 1]]
            label = record.label if record.label < 0 else int(number[record.label])
            flutter = spans_within(record.flutter, part)
            blocks.append(Block(place[subjects[record.name]], label, record.x[None, part], beats, flutter))
    if not blocks:
        rate_hz = records[0].rate_hz
        raise InputError(
            f"{found.source.path}: no record has {shortest / rate_hz:.3g} s of valid samples in lead "
            f"{found.choice.wanted}; choose another lead, or give other recordings"
        )
    groups = sorted({block.group for block in blocks})
    blocks = [Block(groups.index(b.group), b.label, b.x, b.beats, b.flutter) for b in blocks]
    group_names = tuple(names[group] for group in groups)
    report = _report(found, records, measures, group_names)
    report["warnings"] += left_out(found, short)
    report["amiss"] |= {
        "records_without_a_long_stretch": short,
        "records_with_invalid_samples": invalid,
        "beats_outside_the_stretches": outside,
    }
    return Recordings(
        name=NAME,
        rate_hz=records[0].rate_hz,
        window_s=STRIP_S,
        channels=("ecg",),
        units=("mV",),
        sensors=(("ecg", (0,)),),
        labels=classes,
        blocks=tuple(blocks),
        sha256=found.sha256,
        report=report,
        group_names=group_names,
    )


def shortest_samples(records: list[EcgRecord]) -> int:
    """Samples below which a stretch is left out: those of a strip and its shift, or of the median record's longest
    stretch where that is shorter.
    """
    longest = [max((p.stop - p.start for p in stretches(record.x)), default=0) for record in records]
    return int(min((STRIP_S + MAX_SHIFT_S) * records[0].rate_hz, np.median([n for n in longest if n] or [1])))


def _classes(found: EcgSet, records: list[EcgRecord]) -> tuple[tuple[str, ...], np.ndarray]:
    """The classes that occur, and the place of each of the labels' classes among them, or -1."""
    every = found.labels.classes
    counts = np.zeros(len(every), np.int64)
    for record in records:
        counts += np.bincount(record.beats[:, 1], minlength=len(every))
        if record.label >= 0:
            counts[record.label] += 1
    present = counts > 0
    if not present.any():
        raise InputError(
            f"{found.source.path}: {found.labels.said} hold no beat of {', '.join(every)}; name their symbols under "
            "[classes] in dataset.toml"
        )
    return tuple(np.array(every)[present].tolist()), np.where(present, np.cumsum(present) - 1, -1)


def _report(
    found: EcgSet, records: list[EcgRecord], measures: dict[str, Measures], group_names: tuple[str, ...]
) -> dict[str, Any]:
    """What run.json says of the set: leads, rates, subjects, polarity, the explicit split and warnings."""
    leads: dict[str, int] = {}
    for record in records:
        leads[record.lead] = leads.get(record.lead, 0) + 1
    whole = {record.name: record.label for record in records if record.label >= 0}
    known = [record for record in records if record.subject is not None]
    warned = warnings(measures, found.labels.classes, whole)
    if len(leads) > 1:
        listed = ", ".join(f"{lead} ({count})" for lead, count in leads.items())
        warned.append(f"lead {found.choice.wanted} is not the same in all records: {listed}")
    if len(group_names) == 1:
        warned.append(f"{group_names[0]} is the only {'subject' if known else 'record'}: nobody is left to test on")
    report: dict[str, Any] = {
        "labels_from": found.labels.said,
        "leads": leads,
        "subjects_from": found.subjects_from if known else "",
        "polarity": {name: round(m.polarity, 3) for name, m in measures.items() if m.polarity is not None},
        "warnings": warned,
    }
    if known:
        report["subjects"] = {record.name: record.subject for record in known}
    if found.parts is not None:
        owners = {record.name: record.subject or record.name for record in records}
        where = f"{found.source.path}: {found.split_from}"
        report["parts"] = explicit(found.parts, owners, group_names, where, found.subjects_from)
        report["split_from"] = found.split_from
    resampled = [record.name for record in records if record.own_hz != record.rate_hz]
    amiss: dict[str, object] = {
        **found.amiss,
        "records_resampled": resampled,
        "records_without_checksums": [record.name for record in records if not record.verified],
    }
    return report | {"amiss": amiss}


def _from_options(path: Path | None, options: Options) -> Recordings:
    lead = text_option(options, "lead", "")
    return load(needed(path, NAME), lead or None)


DATA_SET = DataSet(
    name=NAME,
    signal="ecg",
    load=_from_options,
    sensor="replay-ecg",
    places=(NAME,),
    rate_hz=180.0,
    split=split,
    owns=lambda path: True,  # whatever no other set of ECG owns
)
