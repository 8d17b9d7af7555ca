"""MIT-BIH Arrhythmia Database 1.0.0 (doi:10.13026/C2F305): 48 half-hour records at 360 Hz with annotated beats.

One lead of each record is read, chosen by name: MLII, and where a record has none (102 and 104) its first ECG lead; or,
where the second lead is asked for, the other of its two.
Beats are divided into the five classes of ANSI/AAMI EC57; flutter waves and non-conducted P waves are no beats. A
record that cannot be read whole is refused, since a figure on part of a fixed test set is not that set's figure.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, sha256_bytes, shortened
from scl.artifacts.run import Split
from scl.ec57.beats import AAMI, of_symbols
from train.data.archive import names_in
from train.data.cache import cached
from train.data.data_set import BOTH_LEADS, DataSet, Options, needed
from train.data.recordings import Block, Recordings, spans_within
from train.data.wfdb_annotations import numbers, read_annotations
from train.data.wfdb_files import Lead, Source, lead_names, longest_constant, read_lead, stretches

RATE_HZ = 360.0
LEAD = "MLII"
# The inter-patient split of de Chazal et al. 2004 (IEEE Trans. Biomed. Eng. 51(7)); the paced records are in
# neither part. 201 and 202 are of the same patient, in the published split too.
DS1 = (101, 106, 108, 109, 112, 114, 115, 116, 118, 119, 122, 124, 201, 203, 205, 207, 208, 209, 215, 220, 223, 230)
DS2 = (100, 103, 105, 111, 113, 117, 121, 123, 200, 202, 210, 212, 213, 214, 219, 221, 222, 228, 231, 232, 233, 234)
PACED = (102, 104, 107, 217)
SAME_PATIENT = (201, 202)
VALIDATION_RECORDS = 4  # of DS1's 22
RHYTHM = ("N", "S", "V")  # the classes that every part needs
ARCHIVE = "mit-bih-arrhythmia-database-1.0.0"  # as PhysioNet names it
SHORTEST_S = 15.0  # of a stretch between invalid samples: a shorter one hardly holds a 10 s strip and its shifts
FLAT_S = 1.0  # of an unchanging signal: a lost electrode
RAILS_MV = (-5.12, 5.115)  # of the 11-bit converter
ADVICE = (
    "expected the official mit-bih-arrhythmia-database-1.0.0 as zip or folder (physionet.org/content/mitdb); "
    "python -m train.ecg --download fetches it"
)


def load(path: str | Path, second: bool = False) -> Recordings:
    """Loads every record that is there at 360 Hz in mV, a block for each (or for each stretch of valid samples).

    Groups are record numbers; beats carry the classes. Beats outside the blocks are dropped and counted.

    Args:
        second: the other lead of each record: V1 of 40, V2, V4 or V5 of the rest.

    Raises:
        InputError: not the database, or a record is damaged, truncated or without its annotations.
    """
    source = Source(path, "RECORDS", ADVICE)
    listed = list(dict.fromkeys(source.read("RECORDS").decode("ascii", "replace").split()))
    odd = [name for name in listed if not name.isdecimal() or len(name) > 9]
    if odd or not listed:
        raise InputError(
            f"{path}: RECORDS names {shortened(odd[0]) if odd else 'nothing'}, expected record numbers; {ADVICE}"
        )
    records = [name for name in listed if f"{name}.hea" in source.names]
    if not records:
        raise InputError(
            f"{path}: holds none of the records that RECORDS names ({', '.join(listed[:5])}, ...); {ADVICE}"
        )
    files = [f"{record}.{suffix}" for record in records for suffix in ("hea", "atr")]
    files += sorted({name for record in records for name in source.signal_files(record)})
    missing = [name for name in files if name not in source.names]
    if missing:
        raise InputError(f"{path}: lacks {', '.join(missing[:5])}; {ADVICE}")
    sha256 = source.checksum(files)
    absent = sorted({*map(int, listed), *DS1, *DS2, *PACED} - set(map(int, records)))
    if second:
        sha256 = sha256_bytes(f"{sha256} second lead".encode())
    key: dict[str, object] = {"sha256": sha256, "missing": absent}
    return cached("mitdb", key, lambda: _parse(source, records, absent, sha256, second))


def _parse(source: Source, records: list[str], absent: list[int], sha256: str, second: bool) -> Recordings:
    blocks: list[Block] = []
    leads: dict[str, list[str]] = {}
    past, flat, saturated, invalid, annotations, outside = [], [], [], [], 0, 0
    for record in records:
        lead = _lead(source, record, second)
        leads.setdefault(lead.name, []).append(record)
        samples, classes, flutter, total = _beats(source, record, lead.frame_hz)
        annotations += total
        outside += len(samples)
        if (samples >= len(lead.x)).any():
            past.append(record)
        if longest_constant(lead.x) >= FLAT_S * RATE_HZ:
            flat.append(record)
        if ((lead.x <= RAILS_MV[0]) | (lead.x >= RAILS_MV[1])).any():
            saturated.append(record)
        parts = [slice(0, len(lead.x))]
        if not np.isfinite(lead.x).all():
            invalid.append(record)
            parts = [part for part in stretches(lead.x) if part.stop - part.start >= SHORTEST_S * RATE_HZ]
        for part in parts:
            inside = (samples >= part.start) & (samples < part.stop)
            outside -= int(inside.sum())
            beats = np.stack([samples[inside] - part.start, classes[inside]], axis=1)
            blocks.append(Block(int(record), -1, lead.x[None, part], beats, spans_within(flutter, part)))
    if not blocks:
        raise InputError(f"{source.path}: no record has {SHORTEST_S:g} s of valid samples; {ADVICE}")
    amiss = {
        "missing_records": absent,
        "records_with_annotations_past_the_end": past,
        "records_with_invalid_samples": invalid,
        "beats_outside_the_valid_samples": outside,
        "records_with_a_flat_second": flat,
        "records_that_saturate": saturated,
    }
    return Recordings(
        name="mitdb",
        rate_hz=RATE_HZ,
        window_s=10.0,
        channels=("ecg",),
        units=("mV",),
        sensors=(("ecg", (0,)),),
        labels=tuple(AAMI),
        blocks=tuple(blocks),
        sha256=sha256,
        report={"annotations": annotations, "leads": leads, "amiss": amiss},
    )


def _lead(source: Source, record: str, second: bool) -> Lead:
    """The lead of a record that is read. Raises InputError for a second one where there is none."""
    first = read_lead(source, record, RATE_HZ, LEAD, or_first=True)
    if not second:
        return first
    others = [name for name in lead_names(source, record) if name != first.name]
    if not others:
        raise InputError(f"{source.path}: {record} has no lead but {first.name}; {ADVICE}")
    return read_lead(source, record, RATE_HZ, others[0])


def _beats(source: Source, record: str, frame_hz: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Samples (k,) and classes (k,) of a record's beats, its flutter (any, 2), the number of all its annotations."""
    found = read_annotations(source, record, "atr", frame_hz, RATE_HZ)
    classes = numbers(found.symbols, AAMI)
    if not (classes >= 0).any():
        raise InputError(f"{source.path}: {record}.atr names no beat, expected those of the record; download it again")
    flutter = of_symbols(found.samples, found.symbols).flutter
    return found.samples[classes >= 0], classes[classes >= 0], flutter, len(classes)


def split(recordings: Recordings, seed: int, classes: tuple[str, ...] = RHYTHM) -> Split:
    """The inter-patient split of MIT-BIH: DS2 tests, and of DS1 four records drawn by `seed` validate, so that both
    parts have every class.

    Raises InputError if that cannot be, as where records are missing.
    """
    present = set(recordings.groups.tolist())
    train, test = (sorted(present & set(part)) for part in (DS1, DS2))
    wanted = {recordings.labels.index(name) for name in classes}
    rng = np.random.default_rng(seed)

    def complete(records: list[int]) -> bool:
        return wanted <= {int(c) for b in recordings.blocks if b.group in records for c in b.beats[:, 1]}

    for _ in range(1000 if test else 0):
        drawn = sorted(rng.permutation(train)[:VALIDATION_RECORDS].tolist())
        rest = sorted(set(train) - set(drawn))
        if complete(drawn) and complete(rest):
            # Of one patient's two records one trains, the other tests, as published.
            return Split(
                *("record (DS1/DS2)", False, seed, tuple(rest), tuple(drawn), tuple(test)), same_patient=SAME_PATIENT
            )
    raise InputError(
        f"{recordings.name}: records {sorted(present)} leave no split with {', '.join(classes)} in training and "
        "validation; give the whole database"
    )


def owns(path: Path) -> bool:
    """Whether a zip or folder holds records of this database, and RECORDS."""
    names = names_in(path)
    headers = {name.rpartition("/")[2].removesuffix(".hea") for name in names if name.endswith(".hea")}
    records = {str(record) for record in (*DS1, *DS2, *PACED)}
    return bool(headers) and headers <= records and any(name.rpartition("/")[2] == "RECORDS" for name in names)


def _from_options(path: Path | None, options: Options) -> Recordings:
    first = load(needed(path, "mitdb"))
    return replace(first, other_lead=load(needed(path, "mitdb"), second=True)) if options == BOTH_LEADS else first


DATA_SET = DataSet(
    name="mitdb",
    signal="ecg",
    load=_from_options,
    sensor="mitdb",
    places=tuple(f"mitdb/{name}" for name in (f"{ARCHIVE}.zip", ARCHIVE, "RECORDS")),
    index=("RECORDS",),
    rate_hz=180.0,
    split=split,
    owns=owns,
    two_leads=True,
)
