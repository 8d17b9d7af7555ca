"""CSV recordings anywhere below a folder: a column for each lead, and a rate or a column of times."""

import numpy as np

from scl.artifacts import InputError, shortened
from scl.units import millivolts_per
from train.data.csv_layout import Layout, cleaned, layout
from train.data.csv_text import read_columns
from train.data.dataset_file import NAME
from train.data.ecg_dataset_file import CsvSettings, EcgSettings
from train.data.ecg_record import Listed, natural
from train.data.resample import resample, segments
from train.data.wfdb_files import Lead, Source

SUFFIX = ".csv"
MOST_BYTES = 1 << 28
GAP = 1.5  # times the usual step: a sample is missing
LEAST_ROWS = 2
EXAMPLE = '[csv] with unit = "mV", and rate_hz = 250 or time = "t" and time_unit = "s"'


class CsvRecords:
    """The `Format` of CSV, by what dataset.toml says under [csv].

    Raises InputError where that is missing, or for a file that is no table.
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
        paths = [n for n in source.names if n.lower().endswith(SUFFIX) and n not in settings.tables]
        self.paths = {n[: -len(SUFFIX)]: n for n in paths if not (suffix and n.endswith(suffix))}
        self.places: dict[str, list[int]] = {}  # of each record's leads: their columns
        self.listed = tuple(self._listed(name) for name in sorted(self.paths, key=natural))

    def files(self, name: str) -> list[str]:
        return [self.paths[name]]

    def read(self, name: str, index: int) -> Lead:
        where, data, form = self._opened(name)
        place, factor = self.places[name][index], millivolts_per(self.settings.unit)
        assert factor is not None  # read_settings has seen to it
        lead = form.header[place] if form.header else str(place)
        time = (form.place(self.settings.time, where), self.settings.time_unit) if self.settings.time else None
        found = read_columns(data, form, where, [place], time, [])
        if len(found.numbers) < LEAST_ROWS:
            raise InputError(f"{where} has {len(found.numbers)} rows, expected {LEAST_ROWS} or more; leave it out")
        x = found.numbers[:, 0] * factor
        if found.times_s is not None:
            samples, rate_hz = _uniform(found.times_s, x, self.settings, where)
            return Lead(lead, samples, rate_hz, rate_hz)
        found.check_whole(where)
        assert self.settings.rate_hz is not None
        return Lead(lead, x.astype(np.float32), self.settings.rate_hz, self.settings.rate_hz)

    def _listed(self, name: str) -> Listed:
        where, _, form = self._opened(name)
        names = form.header or tuple(map(str, range(form.width)))
        twice = [column for column in names if names.count(column) > 1]
        if twice:
            raise InputError(f"{where} has two columns {shortened(twice[0])}, expected different names; rename one")
        time = form.place(self.settings.time, where) if self.settings.time else -1
        self.places[name] = [place for place in range(len(names)) if place != time]
        return Listed(name, tuple(names[place] for place in self.places[name]))

    def _opened(self, name: str) -> tuple[str, bytes, Layout]:
        """The file for messages, its text, and how its rows are written."""
        where = f"{self.source.path}: {self.paths[name]}"
        data, encoding = cleaned(self.source.read(self.paths[name], MOST_BYTES))
        return where, data, layout(data, encoding, where)


def _uniform(times_s: np.ndarray, x: np.ndarray, settings: CsvSettings, where: str) -> tuple[np.ndarray, float]:
    """Samples (n,) float32 at a uniform rate, NaN in gaps, and the rate: that of dataset.toml, else of the times.

    Times that are even keep their samples; others are interpolated.
    """
    steps = np.diff(times_s)
    if not np.isfinite(times_s).all() or (steps <= 0).any():
        row = int(np.flatnonzero(~(np.concatenate([[1.0], steps]) > 0))[0]) + 1
        raise InputError(f"{where}, row {row}: time does not rise, expected later rows to be later; sort or mend them")
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
