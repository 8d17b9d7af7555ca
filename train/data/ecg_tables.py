"""CSV tables beside an ECG set: what records are labelled with and whose they are, and when beats came."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scl.artifacts import InputError, shortened
from train.data.csv_layout import cleaned
from train.data.ecg_dataset_file import PARTS, RecordSettings
from train.data.ecg_record import matched
from train.data.wfdb_files import Source

MOST_BYTES = 1 << 26
SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Table:
    """Rows of texts, each with the number of its line.

    Attributes:
        where: the file, for messages.
    """

    where: str
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_table(source: Source, name: str, columns: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """The columns of a CSV with a header row; those of `optional` may be missing. Empty lines are left out.

    Raises InputError for what is no such table, or a row of another length.
    """
    where = f"{source.path}: {name}"
    try:
        data, encoding = cleaned(source.read(name, MOST_BYTES))
        text = data.decode(encoding)
        first = text.split("\n", 1)[0]
        separator = max(SEPARATORS, key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        header = [column.strip() for column in next(reader, [])]
        missing = [column for column in columns if column not in header]
        if missing:
            raise InputError(
                f"{where} has no column {', '.join(missing)}, expected it in the first row; it has "
                f"{shortened(', '.join(header), 200)}"
            )
        wanted = {column: header.index(column) for column in (*columns, *optional) if column in header}
        rows = []
        for row in reader:
            if any(cell.strip() for cell in row):
                if len(row) != len(header):
                    raise InputError(
                        f"{where}, line {reader.line_num}: has {len(row)} fields, expected {len(header)} as in the "
                        "first row; mend it"
                    )
                rows.append((reader.line_num, {column: row[place].strip() for column, place in wanted.items()}))
    except csv.Error as error:
        raise InputError(f"{where} is not a CSV table ({error}); save it as CSV again") from error
    return Table(where, tuple(rows))


@dataclass(frozen=True)
class Known:
    """What the table of records says of one; None where it says nothing."""

    label: str | None = None
    subject: str | None = None
    part: str | None = None


def read_records(source: Source, settings: RecordSettings, names: Sequence[str]) -> tuple[dict[str, Known], list[str]]:
    """What is known of each record by its name, and the names in the table that are no record's.

    Raises InputError for a column that dataset.toml names and the table lacks, a record that is there twice, or a part
    that is none.
    """
    columns, asked = settings.columns, settings.asked
    table = read_table(source, settings.file, asked, [column for column in columns.values() if column not in asked])
    known: dict[str, Known] = {}
    strange = []
    for line, row in table.rows:
        name = matched(row[columns["record"]], names, table.where)
        if name is None:
            strange.append(row[columns["record"]])
            continue
        if name in known:
            raise InputError(f"{table.where}, line {line}: has {name} a second time, expected one row; leave one out")
        label, subject, part = (row.get(columns[key]) or None for key in ("label", "subject", "split"))
        if part is not None and part not in PARTS:
            raise InputError(
                f"{table.where}, line {line}: {columns['split']} is {shortened(part)}, expected {' or '.join(PARTS)}, "
                "or nothing"
            )
        known[name] = Known(label, subject, part)
    if not known:
        raise InputError(
            f"{table.where} names no record that is there, such as {shortened(names[0])}; it names "
            f"{shortened(', '.join(strange) or 'nothing', 200)}"
        )
    return known, strange


@dataclass(frozen=True)
class BeatTable:
    """Beats of one record: times (k,) float64, in order, and their symbols (k)."""

    times: np.ndarray
    symbols: tuple[str, ...]


def read_beats(source: Source, file: str, names: Sequence[str], by_record: bool) -> dict[str, BeatTable]:
    """Beats by record, of a table of all records (`by_record`), or of the only one of `names`.

    Raises InputError for a time that is no number of 0 or more, or a record that is not there.
    """
    table = read_table(source, file, ["record", "time", "symbol"] if by_record else ["time", "symbol"])
    found: dict[str, list[tuple[float, str]]] = {}
    places: dict[str, str | None] = {}
    for line, row in table.rows:
        written = row["record"] if by_record else names[0]
        if written not in places:
            places[written] = matched(written, names, table.where) if by_record else written
        name = places[written]
        if name is None:
            raise InputError(f"{table.where}, line {line}: no record {shortened(written)}, such as {names[0]}; mend it")
        try:
            time = float(row["time"])
        except ValueError:
            time = math.nan
        if not 0 <= time < 1e9:
            raise InputError(
                f"{table.where}, line {line}: time is {shortened(row['time'])}, expected a number of 0 or more"
            )
        found.setdefault(name, []).append((time, row["symbol"]))
    beats = {}
    for name, rows in found.items():
        rows.sort(key=lambda beat: beat[0])
        beats[name] = BeatTable(np.array([time for time, _ in rows]), tuple(symbol for _, symbol in rows))
    return beats
