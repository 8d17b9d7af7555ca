"""How the rows of a CSV file are written, found from its first lines: the separator (comma, semicolon, tab, bar or
blanks), the decimal mark, the encoding, and whether there is a header row.

Comment lines (# or %) do not count; a header may be one of them, as numpy.savetxt writes it.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass

from scl.artifacts import InputError, shortened
from train.data.dataset_file import NAME, Column

SEPARATORS = ("\t", ";", ",", "|", " ")
COMMENT = ("#", "%")
SAMPLE_BYTES, SAMPLE_LINES = 1 << 16, 60
LONG_AGO_S = 1e9  # of 2001, in the seconds of a clock
NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?|[-+]?(nan|inf)", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """How a file's rows are written.

    Attributes:
        header: the columns' names; None without a header row.
        start: bytes before the first row of data.
        width: columns.
        first: the first row's fields.
        rate_hz: rows a second, where the file begins with its start and its rate; else None.
    """

    separator: str
    decimal: str
    header: tuple[str, ...] | None
    start: int
    width: int
    encoding: str
    first: tuple[str, ...]
    rate_hz: float | None = None

    def cell(self, place: int) -> str:
        """A column's text in the first row; empty where that has none."""
        return self.first[place].strip() if place < len(self.first) else ""

    def place(self, column: Column, where: str, by: str = NAME) -> int:
        """A column's index; `by` is what names it, for messages.

        Raises InputError where it is not there, or its name stands twice.
        """
        columns = shortened(", ".join(self.header), 200) if self.header else f"{self.width} columns without names"
        if isinstance(column, int):
            if not 0 < column <= self.width:
                raise InputError(f"{where}: has no column {column}, which {by} names; it has {columns}")
            return column - 1
        if self.header is None:
            raise InputError(
                f"{where}: has no header row, but {by} names column {shortened(column)}; give the columns' numbers, "
                f"from 1 to {self.width}"
            )
        for names, wanted in ((self.header, column), ([name.casefold() for name in self.header], column.casefold())):
            if wanted in names:
                if list(names).count(wanted) > 1:
                    raise InputError(
                        f"{where}: column {shortened(column)} stands there {list(names).count(wanted)} times; give "
                        "the number of the one that is meant, from 1"
                    )
                return list(names).index(wanted)
        raise InputError(f"{where}: has no column {shortened(column)}, which {by} names; it has {columns}")


def cleaned(data: bytes) -> tuple[bytes, str]:
    """A file's bytes without byte-order mark, comments made blank lines, and their encoding."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # of UTF-16, which spreadsheets call Unicode text
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "latin-1"
    return data, encoding


def layout(data: bytes, encoding: str, where: str) -> Layout:
    """How the rows of cleaned bytes are written. Raises InputError where that is no table of numbers."""
    if b"\0" in data[:SAMPLE_BYTES]:
        raise InputError(f"{where}: holds NUL bytes, expected CSV text; remove the file, or export it again as CSV")
    lines, start, comment, forced = _sampled(data, encoding)
    if not lines:
        raise InputError(f"{where}: holds no row; remove the file, or record it again")
    lines, start, rate_hz = _rate_above(data, lines, start)
    separator = forced or max(SEPARATORS, key=lambda one: _fit(lines, one))
    table = fields(lines, separator)
    header: tuple[str, ...] | None = tuple(name.strip() for name in table[0])
    width = Counter(len(row) for row in table[1:] or table).most_common(1)[0][0]
    assert header is not None
    if sum(bool(NUMBER.fullmatch(name)) for name in header) * 2 >= len([name for name in header if name]):
        header, named = None, fields([comment], separator)[0] if comment else []
        if len(named) == width and not any(NUMBER.fullmatch(name) for name in named):
            header = tuple(name.strip() for name in named)
    else:
        start, table = start + _length_of_line(data, start), table[1:]
        width = max(width, len(header)) if width > len(header) + 1 else len(header)
    cells = [cell.strip() for row in table for cell in row]
    commas = sum(bool(re.fullmatch(r"[-+]?\d*,\d+([eE][-+]?\d+)?", cell)) for cell in cells)
    points = sum(bool(re.fullmatch(r"[-+]?\d*\.\d+([eE][-+]?\d+)?", cell)) for cell in cells)
    first = tuple(table[0]) if table else ()
    return Layout(separator, "," if commas > points else ".", header, start, width, encoding, first, rate_hz)


def _rate_above(data: bytes, lines: list[str], start: int) -> tuple[list[str], int, float | None]:
    """Rows without the two above them that hold when the recording began and its rate, and that rate, as an Empatica E4
    writes them: the same number in every column.
    """
    if len(lines) < 3:
        return lines, start, None
    began, rate = ({cell.strip() for cell in row} for row in fields(lines[:2], ","))
    if len(began) != 1 or len(rate) != 1 or not all(NUMBER.fullmatch(cell) for cell in began | rate):
        return lines, start, None
    first, rate_hz = (float(min(cells).replace(",", ".")) for cells in (began, rate))
    if first < LONG_AGO_S or not 1 <= rate_hz <= 2000:
        return lines, start, None
    for _ in range(2):
        start += _length_of_line(data, start)
    return lines[2:], start, rate_hz


def _sampled(data: bytes, encoding: str) -> tuple[list[str], int, str, str]:
    """The first lines of rows, where they start, the last comment before them, and the separator that Excel names."""
    start, comment, forced = 0, "", ""
    while start < len(data):
        length = _length_of_line(data, start)
        text = data[start : start + length].decode(encoding, errors="replace").strip()
        if text.lower().startswith("sep=") and len(text) == 5:
            forced = text[4]
        elif text.startswith(COMMENT):
            comment = text.lstrip("#%").strip()
        elif text:
            break
        start += length
    sample = data[start : start + SAMPLE_BYTES].decode(encoding, errors="replace")
    lines = [line for line in sample.splitlines() if line.strip() and not line.lstrip().startswith(COMMENT)]
    if len(data) - start > SAMPLE_BYTES and len(lines) > 1:
        lines.pop()  # which may be cut
    return lines[:SAMPLE_LINES], start, comment, forced


def _length_of_line(data: bytes, start: int) -> int:
    match = re.compile(rb"[^\r\n]*(\r\n|\r|\n)?").match(data, start)
    return match.end() - start if match else 0


def fields(lines: list[str], separator: str) -> list[list[str]]:
    """The fields of lines; a semicolon that ends rows of commas is no field."""
    if separator == " ":
        return [line.split() for line in lines]
    if separator == ",":
        lines = [re.sub(r";\s*$", "", line) for line in lines]
    try:
        return list(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    except csv.Error:  # a quoted field without an end, or a stray line end
        return [line.split(separator) for line in lines]


def _fit(lines: list[str], separator: str) -> tuple[bool, float, int]:
    """How well a separator fits: rows as wide as the first one, the share of numbers in them, their width."""
    table = fields(lines, separator)
    rows = table[1:] or table
    width = Counter(map(len, rows)).most_common(1)[0][0]
    numbers = sum(bool(NUMBER.fullmatch(cell.strip())) for row in rows for cell in row)
    share = numbers / max(1, sum(len(row) for row in rows))
    return abs(width - len(table[0])) <= 1 < width, round(share, 1), width
