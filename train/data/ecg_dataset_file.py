"""dataset.toml of an ECG set: what its files are, where that cannot be seen. Every key but the first is optional.

kind = "ecg"
format = "wfdb"             # or csv, edf; absent: that of the files
lead = "II"                 # name, or number from 0; absent: the one that most records have
rate_hz = 250               # all records are resampled to it; absent: they have one rate

[csv]                       # of CSV files, a column for each lead
unit = "mV"                 # or uV, V
rate_hz = 250               # or a column of times, with its unit s, ms, us, ns or iso:
time = "t"
time_unit = "ms"

[beats]                     # classes of single beats
annotator = "atr"           # suffix of WFDB annotations; or a CSV of times and symbols:
file = "beats.csv"          # of all records, in columns record, time, symbol
suffix = "_beats.csv"       # or of each record, behind its name, in columns time, symbol
time_unit = "s"             # from the record's first sample; or samples

[records]                   # a CSV with a row for each record
file = "records.csv"
record = "record"           # its columns, which have these names unless you say others; only the first has to be there
label = "label"             # of the whole record, where [beats] is not
subject = "subject"
split = "split"             # train, validation or test

[classes]                   # which symbols of beats or labels of records make up a class
V = ["V", "E", "pvc"]

[split]                     # by records; else drawn, by subject where subjects are known
train = ["100", "101"]
validation = ["102"]
test = ["103"]
"""

import math
from dataclasses import dataclass, field
from typing import Any

from scl.artifacts import InputError, shortened
from scl.artifacts.toml_files import toml_table
from scl.units import ISO, NS, millivolts_per
from train.data.wfdb_annotations import AAMI

NAME = "dataset.toml"
WHAT = 'the description of an ECG set, which begins with kind = "ecg"'
FORMATS = ("wfdb", "csv", "edf")
TIME_UNITS = (*NS, ISO)
BEAT_TIMES = ("s", "samples")
PARTS = ("train", "validation", "test")
KEYS = ("kind", "format", "lead", "rate_hz", "csv", "beats", "records", "classes", "split")


@dataclass(frozen=True)
class CsvSettings:
    """Of signals in CSV: their unit, and a rate or a column of times in `time_unit`."""

    unit: str = ""
    rate_hz: float | None = None
    time: str | None = None
    time_unit: str = "s"


@dataclass(frozen=True)
class BeatSettings:
    """Where beats are annotated: one of annotator, file and suffix."""

    annotator: str | None = None
    file: str | None = None
    suffix: str | None = None
    time_unit: str = "s"


@dataclass(frozen=True)
class RecordSettings:
    """The table of records and its columns; those of `asked` have to be there."""

    file: str
    record: str = "record"
    label: str = "label"
    subject: str = "subject"
    split: str = "split"
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EcgSettings:
    """What dataset.toml says; as it stands, of a set without one."""

    format: str | None = None
    lead: str | int | None = None
    rate_hz: float | None = None
    csv: CsvSettings | None = None
    beats: BeatSettings | None = None
    records: RecordSettings | None = None
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    split: dict[str, tuple[str, ...]] | None = None

    @property
    def tables(self) -> set[str]:
        """The files that hold no signals."""
        files = (self.beats.file if self.beats else None, self.records.file if self.records else None)
        return {file for file in files if file}


def read_settings(data: bytes, where: str) -> EcgSettings:
    """Reads the bytes of a dataset.toml; `where` names it in messages.

    Raises InputError for what is not TOML, an unknown key, or a value that is none of its kind.
    """
    table = _Table(where, "", toml_table(data, where, WHAT), KEYS)
    table.one_of("kind", ("ecg",), required=True)
    lead = table.values.get("lead")
    if lead is not None and (isinstance(lead, bool) or not isinstance(lead, str | int) or lead == ""):
        raise table.wrong("lead", "a name, or a number from 0")
    if isinstance(lead, int) and lead < 0:
        raise table.wrong("lead", "a name, or a number from 0")
    settings = EcgSettings(
        format=table.one_of("format", FORMATS),
        lead=lead,
        rate_hz=table.number("rate_hz"),
        csv=_csv(table.table("csv", ("unit", "rate_hz", "time", "time_unit"))),
        beats=_beats(table.table("beats", ("annotator", "file", "suffix", "time_unit"))),
        records=_records(table.table("records", ("file", "record", "label", "subject", "split"))),
        classes=_classes(table.table("classes", None)),
        split=_split(table.table("split", PARTS)),
    )
    if settings.beats is not None:
        odd = [name for name in settings.classes if name not in AAMI]
        if odd:
            raise InputError(
                f"{where}: [classes] has {shortened(odd[0])}, expected classes of beats: {', '.join(AAMI)}"
            )
        if settings.records is not None and "label" in settings.records.asked:
            raise InputError(f"{where}: has [beats], and label in [records], expected one of them; leave out the other")
    return settings


@dataclass(frozen=True)
class _Table:
    """A table of the file: its name ("" at the top), values and known keys (None: any)."""

    where: str
    name: str
    values: dict[str, Any]
    known: tuple[str, ...] | None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.values) - set(self.known or self.values))
        if unknown:
            raise InputError(
                f"{self.where}: {self.title}unknown key {shortened(', '.join(unknown))}; known keys: "
                f"{', '.join(self.known or ())}"
            )

    @property
    def title(self) -> str:
        return f"[{self.name}] has " if self.name else "has the "

    def wrong(self, key: str, expected: str) -> InputError:
        place = f"[{self.name}] {key}" if self.name else key
        return InputError(f"{self.where}: {place} is {shortened(self.values.get(key))}, expected {expected}")

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            raise self.wrong(key, "a text")
        return value

    def one_of(self, key: str, choices: tuple[str, ...], required: bool = False) -> str | None:
        value = self.values.get(key)
        if (value is None and required) or (value is not None and value not in choices):
            raise self.wrong(key, " or ".join(choices))
        return value

    def number(self, key: str) -> float | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise self.wrong(key, "a number above 0")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def table(self, key: str, known: tuple[str, ...] | None) -> "_Table | None":
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, f"a table [{key}]")
        return _Table(self.where, key, value, known)


def _csv(table: _Table | None) -> CsvSettings | None:
    if table is None:
        return None
    unit = table.text("unit")
    if unit is None or millivolts_per(unit) is None:
        raise table.wrong("unit", "uV, mV or V")
    rate_hz, time = table.number("rate_hz"), table.text("time")
    if rate_hz is None and time is None:
        raise InputError(f"{table.where}: [csv] has no rate_hz, and no column of times (time); give one of them")
    return CsvSettings(unit, rate_hz, time, table.one_of("time_unit", TIME_UNITS) or "s")


def _beats(table: _Table | None) -> BeatSettings | None:
    if table is None:
        return None
    annotator, file, suffix = (table.text(key) for key in ("annotator", "file", "suffix"))
    if sum(value is not None for value in (annotator, file, suffix)) != 1:
        raise InputError(f"{table.where}: [beats] needs one of annotator, file and suffix; leave the others out")
    if annotator is not None and not (annotator.isascii() and annotator.isalnum()):
        raise table.wrong("annotator", "the suffix of annotation files, such as atr")
    return BeatSettings(annotator, file, suffix, table.one_of("time_unit", BEAT_TIMES) or "s")


def _records(table: _Table | None) -> RecordSettings | None:
    if table is None:
        return None
    texts = {key: value for key in table.values if (value := table.text(key)) is not None}
    if "file" not in texts:
        raise table.wrong("file", "the name of a CSV file")
    return RecordSettings(**texts, asked=frozenset(texts) - {"file"})


def _classes(table: _Table | None) -> dict[str, tuple[str, ...]]:
    if table is None:
        return {}
    classes = {name: table.texts(name) for name in table.values}
    members = [member for texts in classes.values() for member in texts]
    twice = sorted({member for member in members if members.count(member) > 1})
    if twice:
        raise InputError(f"{table.where}: [classes] has {shortened(twice[0])} twice, expected it in one class")
    return classes


def _split(table: _Table | None) -> dict[str, tuple[str, ...]] | None:
    if table is None:
        return None
    parts = {part: table.texts(part) for part in PARTS}
    empty = [part for part, names in parts.items() if not names]
    if empty:
        raise table.wrong(empty[0], "a list of records")
    return parts
