"""A table of numbers from a text file: CSV of any usual separator, with a line of names or without.

Cells are separated by commas, semicolons, tabs or, where the first line has none of these, by spaces. Lines that begin
with # or % are left out. Behind a semicolon or a tab a comma is a decimal comma. A cell without a number is NaN.
"""

import csv
import io
import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, read_bytes, shortened
from scl.artifacts.capture import is_capture
from scl.artifacts.fields import MOST_REAL

MOST_BYTES = 1 << 28
MOST_COLUMNS = 4096
MOST_HEADER = 1 << 16  # bytes in which a capture says that it is one
MISSING = ("", "na", "n/a", "null", "none")  # besides what Python reads as NaN
HELP = "repair the line, or save the recording as CSV again"


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of a file.

    Attributes:
        numbers: (rows, columns asked for) float64, NaN where a cell is empty.
        texts: of the column of texts, one a row; empty without one.
        lines: (rows) where each stands in the file.
    """

    numbers: np.ndarray
    texts: tuple[str, ...]
    lines: np.ndarray


class TableFile:
    """A file whose columns are known, and whose rows are read once they are chosen.

    Attributes:
        names: of the columns: those of the first line, or "1", "2", ... where it holds numbers alone.
        named: whether the file names its columns.
        first: cells of the first row of values.
    """

    def __init__(self, path: Path) -> None:
        """Raises InputError for a file that cannot be read, is too large, is no text or has no row of values."""
        self.path = path
        data = read_bytes(path, MOST_BYTES, "a recording as CSV")
        if is_capture(data[:MOST_HEADER]):
            raise InputError(f"{path}: is a capture file already; play it with python -m firmware_host.stream")
        if b"\0" in data[:4096]:
            raise InputError(f"{path}: is no text, expected a recording as CSV; export it as CSV first")
        self._lines = _Lines(path, data)
        self.separator = _separator(self._lines.peek())
        self._decimal_comma = self.separator in ";\t"
        self._rows = self._parsed()
        first = next(self._rows, None)
        if first is None:
            raise InputError(f"{path}: is empty, expected a recording as CSV")
        if len(first) > MOST_COLUMNS:
            raise InputError(f"{path}: has {len(first)} columns, expected {MOST_COLUMNS} at most; {HELP}")
        self.named = not all(self.is_number(cell) for cell in first)
        self.names = [cell.strip() for cell in first] if self.named else [str(i + 1) for i in range(len(first))]
        while self.named and len(self.names) > 1 and not self.names[-1]:
            self.names.pop()  # a separator behind the last name
        begin = next(self._rows, None) if self.named else first
        if begin is None:
            raise InputError(f"{path}: holds no row of values below its line of names; record it again")
        self.first = begin

    def is_number(self, cell: str) -> bool:
        """Whether a cell holds a number or is empty."""
        try:
            self._number(cell)
        except ValueError:
            return False
        return True

    def read(self, columns: Sequence[int], text: int | None = None) -> Table:
        """These columns as numbers, and one as texts. Raises InputError with the line for a row that has not all of
        them, or a cell that is no number.
        """
        values, lines = array("d"), array("q")
        texts: list[str] = []
        known: dict[str, str] = {}  # one string for all rows of a label
        last = max([*columns, -1 if text is None else text])
        row: list[str] | None = self.first
        while row is not None:
            if len(row) <= last:
                raise InputError(f"{self}: has {len(row)} cells, expected {len(self.names)}; {HELP}")
            lines.append(self._lines.number)
            for column in columns:
                try:
                    values.append(self._number(row[column]))
                except ValueError:
                    raise InputError(
                        f"{self}: column {shortened(self.names[column])} is {shortened(row[column])}, expected a "
                        f"number; {HELP}"
                    ) from None
            if text is not None:
                label = row[text].strip()
                texts.append(known.setdefault(label, label))
            row = next(self._rows, None)
        numbers = np.frombuffer(values, np.float64).reshape(len(lines), len(columns))
        return Table(numbers, tuple(texts), np.frombuffer(lines, np.int64))

    def __str__(self) -> str:
        """Where the last row stands, for messages."""
        return f"{self.path}, line {self._lines.number}"

    def _number(self, cell: str) -> float:
        try:
            value = float(cell)
        except ValueError:
            cell = cell.strip()
            if cell.lower() in MISSING:
                return math.nan
            if not self._decimal_comma or "." in cell:
                raise
            value = float(cell.replace(",", "."))
        if abs(value) > MOST_REAL or "_" in cell:
            raise ValueError
        return value

    def _parsed(self) -> Iterator[list[str]]:
        spaces = self.separator == " "
        reader = csv.reader(self._lines, delimiter=self.separator, skipinitialspace=True, strict=True)
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise InputError(f"{self}: is no CSV ({error}); {HELP}") from error
            if row is None:
                return
            if spaces:
                row = [cell for cell in row if cell]
            if any(cell.strip() for cell in row):
                yield row


class _Lines(Iterator[str]):
    """The lines of a text that are no comments, counted."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.number = 0
        self._file = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline=None)
        self._kept: str | None = None

    def __next__(self) -> str:
        if self._kept is not None:
            line, self._kept = self._kept, None
            return line
        try:
            for line in self._file:
                self.number += 1
                if line.strip() and line.lstrip()[0] not in "#%":
                    return line
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: is no UTF-8 text ({error}), expected a recording as CSV") from error
        raise StopIteration

    def peek(self) -> str:
        """The next line, which comes again; "" behind the last."""
        self._kept = next(self, None)
        return self._kept or ""


def _separator(line: str) -> str:
    """The one that a first line has most of. A comma may be a decimal comma where there is a semicolon or a tab."""
    count: Callable[[str], int] = line.count
    for separator in ("\t", ";"):
        if count(separator):
            return separator
    return "," if count(",") else " "
