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

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, MinLen

from scl.artifacts.fields import Hz, Line
from scl.artifacts.toml_files import typed_toml
from scl.ec57.beats import AAMI
from scl.units import millivolts_per
from train.data.dataset_file import STRICT, Column, TimeUnit

WHAT = 'the description of an ECG set, which begins with kind = "ecg"'
PARTS = ("train", "validation", "test")
Records = Annotated[tuple[Line, ...], MinLen(1)]


@dataclass(frozen=True)
class CsvSettings:
    """Of signals in CSV: their unit, and a rate or a column of times in `time_unit`."""

    unit: Line
    rate_hz: Hz | None = None
    time: Column | None = None
    time_unit: TimeUnit = "s"
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if millivolts_per(self.unit) is None:
            raise ValueError(f"has unit {self.unit!r}, expected uV, mV or V")
        if self.rate_hz is None and self.time is None:
            raise ValueError("has no rate_hz, and no column of times (time); give one of them")


@dataclass(frozen=True)
class BeatSettings:
    """Where beats are annotated: one of annotator, file and suffix."""

    annotator: Line | None = None
    file: Line | None = None
    suffix: Line | None = None
    time_unit: Literal["s", "samples"] = "s"
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.annotator, self.file, self.suffix)) != 1:
            raise ValueError("needs one of annotator, file and suffix; leave the others out")
        if self.annotator is not None and not (self.annotator.isascii() and self.annotator.isalnum()):
            raise ValueError(f"has annotator {self.annotator!r}, expected the suffix of annotation files, such as atr")


@dataclass(frozen=True)
class RecordSettings:
    """The table of records, and its columns where they have other names than their keys."""

    file: Line
    record: Line = "record"
    label: Line | None = None
    subject: Line | None = None
    split: Line | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    @property
    def columns(self) -> dict[str, str]:
        """The columns' names by their keys."""
        return {key: getattr(self, key) or key for key in ("record", "label", "subject", "split")}

    @property
    def asked(self) -> list[str]:
        """Names of the columns that have to be there."""
        return [name for key, name in self.columns.items() if getattr(self, key) is not None]


@dataclass(frozen=True)
class EcgSettings:
    """What dataset.toml says; with `kind` alone, of a set without one."""

    kind: Literal["ecg"]
    format: Literal["wfdb", "csv", "edf"] | None = None
    lead: Line | Annotated[int, Ge(0)] | None = None
    rate_hz: Hz | None = None
    csv: CsvSettings | None = None
    beats: BeatSettings | None = None
    records: RecordSettings | None = None
    classes: dict[Line, tuple[Line, ...]] = field(default_factory=dict)
    split: dict[Line, Records] | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        members = [member for texts in self.classes.values() for member in texts]
        twice = sorted({member for member in members if members.count(member) > 1})
        if twice:
            raise ValueError(f"[classes] has {twice[0]!r} twice, expected it in one class")
        if self.split is not None and set(self.split) != set(PARTS):
            raise ValueError(f"[split] has {', '.join(self.split) or 'nothing'}, expected {', '.join(PARTS)}")
        if self.beats is None:
            return
        odd = [name for name in self.classes if name not in AAMI]
        if odd:
            raise ValueError(f"[classes] has {odd[0]!r}, expected classes of beats: {', '.join(AAMI)}")
        if self.records is not None and self.records.label is not None:
            raise ValueError("has [beats], and label in [records], expected one of them; leave out the other")

    @property
    def tables(self) -> set[str]:
        """The files that hold no signals."""
        files = (self.beats.file if self.beats else None, self.records.file if self.records else None)
        return {file for file in files if file}


def read_settings(data: bytes, where: str) -> EcgSettings:
    """Reads the bytes of a dataset.toml; `where` names it in messages.

    Raises InputError that names the key, what was found and what was expected.
    """
    return typed_toml(data, where, EcgSettings, WHAT)
