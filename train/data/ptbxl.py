"""PTB-XL 1.0.3 (doi:10.13026/kfzx-aw45): 10 s records of 12 leads at 500 or 100 Hz with diagnostic superclasses.

A record may have several of the five superclasses, or none. As in the publisher's example, it has the class of every
diagnostic statement among its SCP codes, of whatever likelihood. Where scp_statements.csv is not there, the classes
come from superclass_labels.csv, a table of the same.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, sha256_bytes, shortened
from scl.artifacts.run import Split
from train.data.archive import names_in
from train.data.cache import cached
from train.data.data_set import DataSet, Options, needed, text_option
from train.data.ptbxl_tables import (
    CLASSES,
    DATABASE,
    FILES,
    LABELS,
    STATEMENTS,
    Row,
    numbers,
    rows_from_classes,
    rows_from_statements,
    table,
)
from train.data.recordings import Block, Recordings
from train.data.splits import divided
from train.data.wfdb_files import Source, longest_constant, read_lead

ARCHIVE = "ptb-xl-a-large-publicly-available-electrocardiography-dataset-1.0.3"  # as PhysioNet names it
DURATION_S = 10
FLAT_S = 1.0  # of an unchanging signal: a lost electrode
# The publisher's folds: records of 9 and 10 were looked at by a human at least once.
FOLDS = {"train": range(1, 9), "validation": range(9, 10), "test": range(10, 11)}
SMOKE_BELOW = 1000  # records; figures on fewer are no figures of PTB-XL
SMOKE = {"validation": 0.15, "test": 0.25}
ADVICE = (
    "expected the official ptb-xl-a-large-publicly-available-electrocardiography-dataset-1.0.3 as zip or folder "
    "(physionet.org/content/ptb-xl)"
)


def load(path: str | Path, lead: str = "I", rate_hz: int = 500) -> Recordings:
    """Loads one lead of every record that is there in mV, a block for each; the group is the record's ecg_id.

    A label is a bit mask, bit i for class i. Under "folds" and "patients" the report has the publisher's fold and the
    patient by ecg_id, where the database names them.

    Args:
        path: zip or folder.
        lead: one of I, II, III, AVR, AVL, AVF and V1 to V6.
        rate_hz: 500 or 100.

    Raises:
        InputError: not the database, a table that cannot be understood, a damaged record, no record at this rate, or
            no such lead.
    """
    if rate_hz not in FILES:
        raise InputError(
            f"PTB-XL has no records at {rate_hz} samples per second, expected {' or '.join(map(str, FILES))}"
        )
    lead = lead.upper()
    source = Source(path, DATABASE, ADVICE)
    database = table(source, DATABASE, "ecg_id", "patient_id", "scp_codes", "strat_fold", FILES[rate_hz])
    if STATEMENTS in source.names:
        labels_from, rows = STATEMENTS, rows_from_statements(source, database, rate_hz)
    elif CLASSES in source.names:
        labels_from, rows = CLASSES, rows_from_classes(source, rate_hz)
    else:
        raise InputError(f"{path}: has neither {STATEMENTS} nor {CLASSES}; {ADVICE}")
    there = {i: r for i, r in rows.items() if {f"{r.record}.hea", f"{r.record}.dat"} <= source.names}
    if not there:
        (other,) = FILES.keys() - {rate_hz}
        elsewhere = any(f"{row.get(FILES[other])}.hea" in source.names for row in database.values())
        advice = f"choose {other} (--records)" if elsewhere else ADVICE
        raise InputError(
            f"{path}: has the signals of none of the {len(rows)} records at {rate_hz} samples per second; {advice}"
        )
    tables = [name for name in (DATABASE, STATEMENTS, CLASSES) if name in source.names]
    checksum = source.checksum(tables + [f"{r.record}.{suffix}" for r in there.values() for suffix in ("hea", "dat")])
    sha256 = sha256_bytes(f"{checksum} {lead} {rate_hz}".encode())
    report: dict[str, str | dict[str, int]] = {
        "labels_from": labels_from,
        "folds": numbers(source, database, "strat_fold", there),
        "patients": numbers(source, database, "patient_id", there),
    }
    missing = len(rows) - len(there)
    return cached("ptbxl", {"sha256": sha256}, lambda: _parse(source, there, missing, lead, rate_hz, sha256, report))


def _parse(
    source: Source,
    rows: dict[int, Row],
    missing: int,
    lead: str,
    rate_hz: int,
    sha256: str,
    report: dict[str, str | dict[str, int]],
) -> Recordings:
    blocks, flat, invalid = [], [], []
    for ecg_id, row in sorted(rows.items()):
        x = read_lead(source, row.record, rate_hz, lead).x
        if len(x) != DURATION_S * rate_hz:
            raise InputError(
                f"{source.path}: {row.record} has {len(x)} samples, expected {DURATION_S * rate_hz}; download it again"
            )
        if not np.isfinite(x).all():
            invalid.append(ecg_id)
            continue
        if longest_constant(x) >= FLAT_S * rate_hz:
            flat.append(ecg_id)
        blocks.append(Block(ecg_id, row.label, x[None]))
    if not blocks:
        raise InputError(f"{source.path}: every record has invalid samples in lead {lead}; choose another lead")
    amiss = {
        "missing_records": missing,
        "records_left_out_for_invalid_samples": invalid,
        "records_with_a_flat_second": flat,
        "records_without_a_fold": len(blocks) - sum(str(b.group) in report["folds"] for b in blocks),
        "records_without_a_class": sum(b.label == 0 for b in blocks),
    }
    return Recordings(
        name="ptbxl",
        rate_hz=float(rate_hz),
        window_s=float(DURATION_S),
        channels=("ecg",),
        units=("mV",),
        sensors=(("ecg", (0,)),),
        labels=LABELS,
        blocks=tuple(blocks),
        sha256=sha256,
        report=report | {"amiss": amiss},
        multilabel=True,
    )


def split(recordings: Recordings, seed: int) -> Split:
    """The publisher's folds: 1 to 8 train, 9 validates, 10 tests; records without a fold are in no part.

    Fewer than 1000 records are divided at random instead, by patient where known, into about 60, 15 and 25 %, so that
    training has every class (and the other parts too, where a draw with that is found): a smoke test, as its name says.

    Raises:
        InputError: fewer than 3 records, a part without records, or a class that only one patient has.
    """
    if len(recordings.blocks) < SMOKE_BELOW:
        return divided("smoke test", seed, _drawn(recordings, seed))
    fold = recordings.report["folds"]
    parts = {
        part: [i for i in recordings.groups.tolist() if fold.get(str(i)) in folds] for part, folds in FOLDS.items()
    }
    empty = [part for part, ids in parts.items() if not ids]
    if empty:
        raise InputError(f"{recordings.name}: no record is in the folds of {', '.join(empty)}; give the whole database")
    return divided("fold", seed, parts)


def _drawn(recordings: Recordings, seed: int) -> dict[str, list[int]]:
    """Parts of whole patients, by their shares of the records."""
    patient = recordings.report["patients"]
    label = {b.group: b.label for b in recordings.blocks}
    units: dict[object, list[int]] = {}
    for i in label:
        units.setdefault(patient.get(str(i), f"record {i}"), []).append(i)
    if len(units) < 3:
        raise InputError(
            f"{recordings.name}: a split needs records of at least 3 patients, found {len(units)}; "
            "give the whole database"
        )
    validation, test = (max(round(SMOKE[part] * len(units)), 1) for part in ("validation", "test"))
    members, rng = list(units.values()), np.random.default_rng(seed)
    whole = _union(label, label)
    best: dict[str, list[int]] = {}
    for _ in range(1000):
        order = rng.permutation(len(units)).tolist()
        cuts = {"train": order[test + validation :], "validation": order[test:][:validation], "test": order[:test]}
        drawn = {part: sorted(i for unit in chosen for i in members[unit]) for part, chosen in cuts.items()}
        if all(_union(label, ids) == whole for ids in drawn.values()):
            return drawn
        if not best and _union(label, drawn["train"]) == whole:
            best = drawn
    if not best:
        raise InputError(f"{recordings.name}: no division has every class in training; give more records")
    return best


def _union(label: dict[int, int], ids: Iterable[int]) -> int:
    """Mask of the classes that any of these records has."""
    return int(np.bitwise_or.reduce([label[i] for i in ids]))


def _from_options(path: Path | None, options: Options) -> Recordings:
    rate = options.get("rate_hz", 500)
    if not isinstance(rate, int):
        raise InputError(f"data option rate_hz is {shortened(rate)}, expected {' or '.join(map(str, FILES))}")
    return load(needed(path, "ptbxl"), text_option(options, "lead", "I"), rate)


DATA_SET = DataSet(
    name="ptbxl",
    signal="ecg",
    load=_from_options,
    sensor="mitdb",
    places=tuple(f"ptbxl/{name}" for name in (f"{ARCHIVE}.zip", ARCHIVE, "ptb-xl-subset.zip", DATABASE)),
    index=(DATABASE,),
    rate_hz=100.0,
    split=split,
    owns=lambda path: any(name.rpartition("/")[2] == DATABASE for name in names_in(path)),
)
