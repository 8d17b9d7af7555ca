"""Columns of a CSV file: numbers, times and texts, with what is malformed counted."""

import io
import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from scl.artifacts import InputError, shortened
from scl.artifacts.fields import MOST_REAL, is_line
from scl.units import ISO, NS
from train.data.csv_layout import COMMENT, NUMBER, Layout, fields

MOST_BYTES = 1 << 30
MALFORMED_LIMIT = 0.01
NO_VALUE = ["", "NaN", "nan", "NAN", "NA", "N/A", "n/a", "null", "NULL", "None", "-", "<NA>"]
NO_NAME = ["", "NaN", "nan", "NA", "N/A", "<NA>", "null", "NULL"]  # of a class or person; None may be a class
EXACT = 2**53  # from here on, double precision has no place for every whole number


@dataclass(frozen=True, eq=False)
class Columns:
    """What was asked of a file: columns of numbers (n, k) with NaN where there is none, times and texts.

    Attributes:
        times_s: (n,) float64 from the first row's; None where none were asked for.
        texts: for each column of texts, (n,) codes and the texts that they stand for; -1: empty.
        malformed: rows with too many fields, or text where a number belongs.
    """

    numbers: np.ndarray
    times_s: np.ndarray | None
    texts: tuple[tuple[np.ndarray, tuple[str, ...]], ...]
    malformed: int

    def check_whole(self, where: str) -> None:
        """Raises InputError if rows are malformed: at a fixed rate none can be left out."""
        if self.malformed:
            raise InputError(
                f"{where}: {self.malformed} rows are malformed, and at a fixed rate none can be left out; mend them, "
                "or leave a value empty where it is not known"
            )


def read_columns(
    data: bytes, form: Layout, where: str, numbers: list[int], time: tuple[int, str] | None, texts: list[int]
) -> Columns:
    """Reads columns by their index; `time` is one and its unit.

    Raises InputError if more than 1 % of the rows are malformed, or there is none.
    """
    wanted = sorted({*numbers, *texts, *([time[0]] if time else [])})
    frame, skipped = _frame(data, form, where, wanted, texts + ([time[0]] if time and time[1] == ISO else []))
    bad = frame[form.width].notna().to_numpy(copy=True)
    values = np.empty((len(frame), len(numbers)))
    for index, place in enumerate(numbers):
        values[:, index], wrong = _numbers(frame[place])
        bad |= wrong
    times_s = None
    if time is not None:
        times_s, wrong = _times(data, form, where, frame[time[0]], *time)
        bad |= wrong
    malformed = int(bad.sum()) + skipped
    if malformed > MALFORMED_LIMIT * (len(frame) + skipped):
        raise _too_many(data, form, where, malformed, len(frame) + skipped, wanted, texts)
    if not len(frame):
        raise InputError(f"{where}: holds no row of data; remove the file, or record it again")
    keep = ~bad
    coded = tuple(_coded(frame[place][keep], where) for place in texts)
    return Columns(values[keep], None if times_s is None else times_s[keep], coded, malformed)


def _frame(data: bytes, form: Layout, where: str, wanted: list[int], texts: list[int]) -> tuple[Any, int]:
    """The wanted columns and one behind the last, which is empty in whole rows; and how many rows were too long."""
    import pandas

    body = data[form.start :] if form.start else data
    if b"#" in body or b"%" in body:
        body = re.sub(rb"(?m)^[ \t]*[#%][^\r\n]*", b"", body)
    if form.separator == ",":
        body = re.sub(rb";[ \t]*(?=\r?$)", b"", body, flags=re.MULTILINE) if re.search(rb";[ \t]*\r?\n", body) else body
    separator = form.separator.encode()
    heading = separator.join(b"%d" % place for place in range(form.width + 1)) + b"\n"
    columns = [*wanted, form.width]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = pandas.read_csv(
                io.BytesIO(heading + body),
                sep=r"\s+" if form.separator == " " else form.separator,
                usecols=[str(place) for place in columns],
                dtype={str(place): str for place in texts},
                decimal=form.decimal,
                skipinitialspace=form.separator != " ",
                keep_default_na=False,
                na_values={str(place): NO_VALUE for place in columns if place not in texts},
                encoding=form.encoding,
                on_bad_lines="warn",
                low_memory=False,
                index_col=False,
            )
        except (ValueError, pandas.errors.ParserError) as error:
            raise InputError(f"{where}: is no CSV ({error}); export it again") from error
    frame.columns = [int(name) for name in frame.columns]
    return frame, sum(str(warning.message).count("Skipping line") for warning in caught)


def _numbers(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """A column as float64, NaN where it has none up to MOST_REAL; and where it holds something else than a number."""
    import pandas

    if pandas.api.types.is_bool_dtype(column):
        return np.zeros(len(column)), np.ones(len(column), bool)
    if pandas.api.types.is_numeric_dtype(column):
        values = column.to_numpy(np.float64)
        wrong = np.zeros(len(values), bool)
    else:
        # As texts: a whole number of hundreds of digits is an int that no float holds.
        values = pandas.to_numeric(column.astype(str), errors="coerce").to_numpy(np.float64)
        wrong = np.isnan(values) & column.notna().to_numpy()
    return np.where(np.abs(values) <= MOST_REAL, values, np.nan), wrong


def _times(data: bytes, form: Layout, where: str, column: Any, place: int, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Seconds from the first time on, NaN where there is none; whole numbers are subtracted before they are rounded."""
    import pandas

    if unit == ISO:
        stamps = pandas.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
        known = stamps.notna().to_numpy()
        whole = stamps.astype("datetime64[ns, UTC]").astype("int64").to_numpy()
        return _from_whole(whole, known, 1), ~known & (column.fillna("").str.strip() != "").to_numpy()
    if pandas.api.types.is_integer_dtype(column) and column.dtype.kind == "i":
        return _from_whole(column.to_numpy(), np.ones(len(column), bool), NS[unit]), np.zeros(len(column), bool)
    values, wrong = _numbers(column)
    if np.nanmax(np.abs(values), initial=0) >= EXACT:
        # Whole numbers with gaps among them, which pandas has rounded.
        texts = _frame(data, form, where, [place], [place])[0][place].str.strip()
        exact = texts.str.fullmatch(r"[-+]?\d{1,19}").fillna(False).to_numpy(bool)
        whole = np.array([int(text) if ok else 0 for text, ok in zip(texts, exact, strict=True)], dtype=object)
        wrong |= ~exact & ~np.isnan(values)
        fitting = exact & (np.abs(whole) < 2**63)
        return _from_whole(np.where(fitting, whole, 0).astype(np.int64), fitting, NS[unit]), wrong
    known = values[~np.isnan(values)]
    return (values - (known[0] if len(known) else 0.0)) * (NS[unit] * 1e-9), wrong


def _from_whole(whole: np.ndarray, known: np.ndarray, ns: int) -> np.ndarray:
    first = whole[known][0] if known.any() else 0
    return np.where(known, (whole - first).astype(np.float64) * (ns * 1e-9), np.nan)


def _coded(column: Any, where: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """A column of texts as codes; blanks around a text do not count."""
    import pandas

    codes, names = pandas.factorize(column.fillna("").str.strip())
    texts = [str(name) for name in names]
    wrong = next((name for name in texts if name and not is_line(name)), None)
    if wrong is not None:
        raise InputError(f"{where}: holds the name {shortened(wrong)}, expected one line of 1 to 255 characters")
    empty = [index for index, name in enumerate(texts) if name in NO_NAME]
    return np.where(np.isin(codes, empty), -1, codes), tuple(texts)


def _too_many(
    data: bytes, form: Layout, where: str, malformed: int, rows: int, wanted: list[int], texts: list[int]
) -> InputError:
    """The refusal of a file, with the first line that is wrong."""
    numbers = [place for place in wanted if place not in texts]
    before = data[: form.start].count(b"\n")
    lines = data[form.start :].decode(form.encoding, errors="replace").split("\n")
    for number, line in enumerate(lines, before + 1):
        if not line.strip() or line.lstrip().startswith(COMMENT):
            continue
        row = fields([line], form.separator)[0]
        cells = [row[place].strip() for place in numbers if place < len(row)]
        if len(row) > form.width + 1 or any(c not in NO_VALUE and not NUMBER.fullmatch(c) for c in cells):
            return InputError(
                f"{where}: {malformed} of {rows} rows are malformed, more than {MALFORMED_LIMIT:.0%}; line {number} is "
                f"{shortened(line.strip())}, expected {form.width} fields with numbers in columns "
                f"{', '.join(str(place + 1) for place in numbers)}; repair or remove the file"
            )
    return InputError(
        f"{where}: {malformed} of {rows} rows are malformed, more than {MALFORMED_LIMIT:.0%}, as in a column of times "
        "that are none; repair the file, or the unit in dataset.toml"
    )
