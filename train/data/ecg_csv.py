"""CSV recordings anywhere below a folder: a column for each lead, and a rate or a column of times."""

import csv
import io
import math

import numpy as np

from scl.artifacts import InputError, shortened
from train.data.ecg_dataset_file import NAME, SECONDS_PER, CsvSettings, EcgSettings
from train.data.ecg_record import Listed, natural
from train.data.resample import resample, segments
from train.data.voltage import millivolts_per
from train.data.wfdb_files import Lead, Source

SUFFIX = ".csv"
MOST_BYTES = 1 << 28
SEPARATORS = (",", ";", "\t")
EMPTY = ("", "nan", "na", "null", "none")
GAP = 1.5  # times the usual step: a sample is missing
LEAST_ROWS = 2
EXAMPLE = '[csv] with unit = "mV", and rate_hz = 250 or time = "t" and time_unit = "s"'


class CsvRecords:
    """The `Format` of CSV, by what dataset.toml says under [csv].

    Raises InputError where that is missing, or for a file without a row.
    """

    subjects_from = ""

    def __init__(self, source: Source, settings: EcgSettings) -> None:
        if settings.csv is None:
            raise InputError(
                f'{source.path}: holds CSV files; say in {NAME} what they are: kind = "ecg", lead (a column\'s name), '
                f"{EXAMPLE}"
            )
        self.source, self.settings = source, settings.csv
        suffix = settings.beats.suffix if settings.beats else None
        self.names = sorted(
            (
                name[: -len(SUFFIX)]
                for name in source.names
                if name.lower().endswith(SUFFIX)
                and name not in settings.tables
                and not (suffix and name.endswith(suffix))
            ),
            key=natural,
        )
        self.paths = {name: next(n for n in source.names if n[: -len(SUFFIX)] == name) for name in self.names}
        self.columns = {name: self._header(name)[0] for name in self.names}
        time = self.settings.time
        self.listed = tuple(Listed(name, tuple(c for c in self.columns[name] if c != time)) for name in self.names)

    def files(self, name: str) -> list[str]:
        return [self.paths[name]]

    def read(self, name: str, index: int) -> Lead:
        columns, rows, where = self._rows(name)
        lead = self.listed[self.names.index(name)].leads[index]
        wanted = [columns.index(lead)]
        if self.settings.time is not None:
            if self.settings.time not in columns:
                raise InputError(f"{where} has no column {self.settings.time}, which {NAME} names as time; mend it")
            wanted.append(columns.index(self.settings.time))
        values = np.array([[_value(row[place], where, line) for place in wanted] for line, row in rows])
        factor = millivolts_per(self.settings.unit)
        assert factor is not None  # read_settings has seen to it
        x = values[:, 0] * factor
        if self.settings.time is None:
            assert self.settings.rate_hz is not None
            return Lead(lead, x.astype(np.float32), self.settings.rate_hz, self.settings.rate_hz)
        times_s = (values[:, 1] - values[0, 1]) * SECONDS_PER[self.settings.time_unit]
        samples, rate_hz = _uniform(times_s, x, self.settings, where)
        return Lead(lead, samples, rate_hz, rate_hz)

    def _header(self, name: str) -> tuple[tuple[str, ...], bool, str, str]:
        """Columns, whether the first row names them, the separator, and the text."""
        where, path = f"{self.source.path}: {self.paths[name]}", self.paths[name]
        try:
            text = self.source.read(path, MOST_BYTES).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{where} is not UTF-8 ({error}); save it as CSV in UTF-8") from error
        first = text.split("\n", 1)[0]
        separator = max(SEPARATORS, key=first.count)
        names = tuple(cell.strip().strip('"') for cell in first.rstrip("\r").split(separator))
        if not any(names):
            raise InputError(f"{where} has no first row, expected the names of columns; record it again")
        if all(_is_number(cell) for cell in names):
            return tuple(map(str, range(len(names)))), False, separator, text
        twice = [column for column in names if names.count(column) > 1]
        if twice:
            raise InputError(f"{where} has two columns {shortened(twice[0])}, expected different names; rename one")
        return names, True, separator, text

    def _rows(self, name: str) -> tuple[tuple[str, ...], list[tuple[int, list[str]]], str]:
        where = f"{self.source.path}: {self.paths[name]}"
        columns, named, separator, text = self._header(name)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            rows = [(reader.line_num, row) for row in reader if row][int(named) :]
        except csv.Error as error:
            raise InputError(f"{where} is not a CSV table ({error}); record it again") from error
        wrong = next(((line, row) for line, row in rows if len(row) != len(columns)), None)
        if wrong is not None:
            raise InputError(
                f"{where}, line {wrong[0]}: has {len(wrong[1])} fields, expected {len(columns)} as in the first row; "
                "mend it"
            )
        if len(rows) < LEAST_ROWS:
            raise InputError(f"{where} has {len(rows)} rows of samples, expected {LEAST_ROWS} or more; leave it out")
        return columns, rows, where


def _uniform(times_s: np.ndarray, x: np.ndarray, settings: CsvSettings, where: str) -> tuple[np.ndarray, float]:
    """Samples (n,) float32 at a uniform rate, NaN in gaps, and the rate: that of dataset.toml, else of the times.

    Times that are even keep their samples; others are interpolated.
    """
    steps = np.diff(times_s)
    if not np.isfinite(times_s).all() or (steps <= 0).any():
        line = int(np.flatnonzero(~(np.concatenate([[1.0], steps]) > 0))[0]) + 2
        raise InputError(
            f"{where}, line {line}: time does not rise, expected later rows to be later; sort or mend them"
        )
    usual = float(np.median(steps))
    parts = segments(times_s, GAP * usual)
    longest = max(parts, key=lambda part: part.stop - part.start)
    rate_hz = settings.rate_hz
    if rate_hz is None:
        measured = (longest.stop - longest.start - 1) / (times_s[longest.stop - 1] - times_s[longest.start])
        rate_hz = float(round(measured))
        if rate_hz < 1 or abs(measured / rate_hz - 1) > 0.005:
            raise InputError(
                f"{where}: its times have {measured:.4g} samples per second, expected a whole number of them; say "
                f"rate_hz under [csv] in {NAME}, or mend time_unit ({settings.time_unit})"
            )
    elif not 0.8 < rate_hz * usual < 1.25:
        raise InputError(
            f"{where}: its times have {1 / usual:.4g} samples per second, but {NAME} says rate_hz = {rate_hz:g}; mend "
            f"that, or time_unit ({settings.time_unit})"
        )
    total = round(float(times_s[-1]) * rate_hz) + 1
    if total > 4 * len(x) + 1000:
        raise InputError(
            f"{where}: has {len(x)} rows over {times_s[-1]:.4g} s, most of it gaps at {rate_hz:g} Hz; divide the file"
        )
    y = np.full(total, np.nan, np.float32)
    for part in parts:
        times = times_s[part]
        first = round(float(times[0]) * rate_hz)
        even = np.abs(times - (first + np.arange(len(times))) / rate_hz).max() < 0.5 / rate_hz
        moved = x[part] if even or len(times) == 1 else resample(times, x[part, None], rate_hz)[0]
        count = min(len(moved), total - first)
        y[first : first + count] = moved[:count]
    return y, rate_hz


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _value(text: str, where: str, line: int) -> float:
    """A cell's number; NaN where it is empty."""
    stripped = text.strip()
    if stripped.lower() in EMPTY:
        return math.nan
    try:
        value = float(stripped)
    except ValueError:
        raise InputError(
            f"{where}, line {line}: has {shortened(text)}, expected a number or nothing; mend it"
        ) from None
    return value if math.isfinite(value) else math.nan
