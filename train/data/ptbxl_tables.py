"""The tables of PTB-XL: which record has which classes, and where its signals lie."""

import csv
import io
import re
from dataclasses import dataclass

from scl.artifacts import InputError, shortened
from train.data.wfdb_files import Source

LABELS = ("NORM", "MI", "STTC", "CD", "HYP")
DATABASE, STATEMENTS, CLASSES = "ptbxl_database.csv", "scp_statements.csv", "superclass_labels.csv"
FILES = {500: "filename_hr", 100: "filename_lr"}
MOST_TABLE_BYTES = 1 << 26
MOST_NUMBER = 10**9  # of an ecg_id, a patient or a fold
CODE = r"(?:'([^'\\]*)'|\"([^\"\\]*)\")\s*:\s*[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?\s*"
CODES = re.compile(rf"\s*\{{\s*(?:{CODE}(?:,\s*{CODE})*(?:,\s*)?)?\}}\s*")  # no two ways to read a space


@dataclass(frozen=True)
class Row:
    """A record's bit mask of classes and its path without suffix."""

    label: int
    record: str


def table(source: Source, name: str, key: str, *columns: str) -> dict[str, dict[str, str]]:
    """Rows of a CSV by their column `key`. Raises InputError if a column is missing or a row is there twice."""
    try:
        reader = csv.DictReader(
            io.StringIO(source.read(name, MOST_TABLE_BYTES).decode("utf-8-sig"), newline=""), restval=""
        )
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{source.path}: {name} is not a CSV table ({error}); download it again") from error
    missing = {key, *columns} - set(reader.fieldnames or [])
    if missing:
        raise InputError(f"{source.path}: {name} lacks the columns {', '.join(sorted(missing))}; download it again")
    keyed = {row[key]: row for row in rows}
    if not rows or len(keyed) != len(rows):
        raise InputError(f"{source.path}: {name} is empty or has two rows of one {key or 'code'}; download it again")
    return keyed


def _number(source: Source, name: str, row: str, column: str, text: str) -> int:
    """A whole number, which the publisher's tables write as 3 or 3.0."""
    try:
        value = float(text)
        if value != int(value) or abs(value) > MOST_NUMBER:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{source.path}: {name} has {text[:40]!r} as {column} of {row[:40]}, expected a whole number; "
            "download it again"
        ) from error
    return int(value)


def numbers(source: Source, database: dict[str, dict[str, str]], column: str, ids: dict[int, Row]) -> dict[str, int]:
    """A column by ecg_id (as JSON has it, a string), without rows that have no value."""
    by_id = {_number(source, DATABASE, key, "ecg_id", key): (key, row[column]) for key, row in database.items()}
    return {
        str(ecg_id): _number(source, DATABASE, key, column, text)
        for ecg_id, (key, text) in by_id.items()
        if text and ecg_id in ids
    }


def rows_from_statements(source: Source, database: dict[str, dict[str, str]], rate_hz: int) -> dict[int, Row]:
    """Rows by ecg_id, classes by the SCP codes of the database."""
    statements = table(source, STATEMENTS, "", "diagnostic", "diagnostic_class")
    classes = {
        code: row["diagnostic_class"]
        for code, row in statements.items()
        if row["diagnostic"] and _number(source, STATEMENTS, code, "diagnostic", row["diagnostic"]) == 1
    }
    unknown = set(classes.values()) - set(LABELS)
    if unknown:
        raise InputError(
            f"{source.path}: {STATEMENTS} has the class {shortened(sorted(unknown)[0])}, expected one of "
            f"{', '.join(LABELS)}; download it again"
        )
    rows: dict[int, Row] = {}
    for key, row in database.items():
        present = {classes[code] for code in _codes(source, key, row["scp_codes"]) if code in classes}
        label = sum(1 << i for i, name in enumerate(LABELS) if name in present)
        _add(rows, source, DATABASE, key, Row(label, row[FILES[rate_hz]]))
    return rows


def _codes(source: Source, key: str, text: str) -> set[str]:
    """Keys of a dictionary that is written as Python writes it: {'NORM': 100.0, 'SR': 0.0}."""
    if not CODES.fullmatch(text):
        raise InputError(
            f"{source.path}: {DATABASE} has {text[:40]!r} as scp_codes of {key[:40]}, expected a dictionary such as "
            "{'NORM': 100.0}; download it again"
        )
    return {single or double for single, double in re.findall(CODE, text)}


def _add(rows: dict[int, Row], source: Source, name: str, key: str, row: Row) -> None:
    """Adds a row by its ecg_id. Raises InputError if there is one: 7 and 7.0 are the same."""
    ecg_id = _number(source, name, key, "ecg_id", key)
    if ecg_id in rows:
        raise InputError(f"{source.path}: {name} has two rows of ecg_id {ecg_id}, expected one; download it again")
    rows[ecg_id] = row


def rows_from_classes(source: Source, rate_hz: int) -> dict[int, Row]:
    """Rows by ecg_id, classes by their columns of 0 and 1."""
    rows: dict[int, Row] = {}
    for key, row in table(source, CLASSES, "ecg_id", FILES[rate_hz], *LABELS).items():
        odd = [name for name in LABELS if row[name] not in ("0", "1")]
        if odd:
            raise InputError(
                f"{source.path}: {CLASSES} has {row[odd[0]]!r} as {odd[0]} of {key[:40]}, expected 0 or 1; "
                "download it again"
            )
        label = sum(int(row[name]) << i for i, name in enumerate(LABELS))
        _add(rows, source, CLASSES, key, Row(label, row[FILES[rate_hz]]))
    return rows
