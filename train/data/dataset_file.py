"""dataset.toml: what the files of an IMU folder hold. `python -m train.data.check FOLDER` writes a first one.

    files = "**/*.csv"              # below the folder; default: every .csv
    rate_hz = 50.0                  # of the model; default: the recordings' own
    window_s = 2.0                  # default: 4 s, or less where the recordings are shorter
    gap_s = 0.5                     # a longer step ends a stretch; default: 0.2 s, or five samples

    [time]                          # the time of each row ...
    column = "timestamp"            # a column is its name in the header, or its number from 1
    unit = "ms"                     # s, ms, us, ns or iso (2026-03-01T12:00:00.25)
    # rate_hz = 50.0                # ... or, without a column, so many rows a second

    [accelerometer]                 # one sensor or both
    columns = ["ax", "ay", "az"]
    unit = "g"                      # m/s2, g, mg or g/64, in any spelling (m/s^2)

    [gyroscope]
    columns = ["gx", "gy", "gz"]
    unit = "deg/s"                  # rad/s, deg/s or mdps

    [subject]                       # who was recorded; one of these keys
    file_name = "{subject}_*.csv"   # the part of the file's name that stands for {subject}
    # folder = 1                    # the folder, counted below the data set's
    # column = "user"
    # value = "p01"                 # the same everywhere

    [label]                         # the class; the same keys
    column = "activity"

    [file."p03/walk 2.csv"]         # what is different for one file
    label = "running"

Arrays (X.npy, y.npy, groups.npy) have channels instead of columns, numbers from 1, and need `[time] rate_hz`.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

from scl.artifacts import InputError, read_typed_toml
from scl.artifacts.fields import Hz, Line
from scl.units import FACTORS, AnySpelling

NAME = "dataset.toml"
ADVICE = "python -m train.data.check FOLDER writes a first one where there is none"
Column = Line | Annotated[int, Ge(1), Le(10_000)]
Axes = tuple[Column, Column, Column]
TimeUnit = Literal["s", "ms", "us", "ns", "iso"]
Seconds = Annotated[float, Ge(0.01), Le(3600)]
STRICT: dict[str, Any] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True)
class Time:
    """When a row was sampled: a column and its unit, or a fixed rate."""

    column: Column | None = None
    unit: TimeUnit | None = None
    rate_hz: Hz | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if (self.column is None) == (self.rate_hz is None):
            raise ValueError("has to name a column, or rate_hz where there is none, and not both")
        if self.column is not None and self.unit is None:
            raise ValueError("has a column and no unit; expected one of s, ms, us, ns, iso")
        if self.rate_hz is not None and self.unit is not None:
            raise ValueError("has a unit and no column of times")


@dataclass(frozen=True)
class Accelerometer:
    """Three columns of specific force, gravity included."""

    columns: Axes
    unit: Annotated[Literal["m/s2", "g", "mg", "g/64"], AnySpelling()]
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class Gyroscope:
    """Three columns of angular rate."""

    columns: Axes
    unit: Annotated[Literal["rad/s", "deg/s", "mdps"], AnySpelling()]
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class Origin:
    """Where a row's subject or label stands."""

    column: Column | None = None
    file_name: Line | None = None
    folder: Annotated[int, Ge(1), Le(20)] | None = None
    value: Line | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        given = [name for name in ("column", "file_name", "folder", "value") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"has {' and '.join(given) or 'nothing'}; expected one of column, file_name, folder, value"
            )

    def of_file(self, name: str, part: str, where: Path) -> str:
        """What the path `name` below the data set's folder says; `part` is "subject" or "label".

        Raises InputError where it says nothing.
        """
        path = PurePosixPath(unicodedata.normalize("NFC", name))
        if self.value is not None:
            return self.value
        if self.folder is not None:
            if len(path.parts) <= self.folder:
                raise InputError(
                    f"{where}: {name} lies in no folder at level {self.folder}, which [{part}] names; put it there, "
                    f'or give its {part} under [file."{name}"]'
                )
            return path.parts[self.folder - 1]
        assert self.file_name is not None
        match = pattern(self.file_name, where).fullmatch(path.name)
        if match is None or part not in match.groupdict():
            raise InputError(
                f"{where}: the name of {name} does not fit [{part}] file_name {self.file_name!r}, expected a pattern "
                f'with {{{part}}} in it, * for anything; rename it, or give its {part} under [file."{name}"]'
            )
        return match[part]


@dataclass(frozen=True)
class FileFacts:
    """What is known of one file alone."""

    subject: Line | None = None
    label: Line | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class DatasetFile:
    """The file's contents. Without `time` and sensors it serves capture files, which have their own."""

    files: Line | None = None
    rate_hz: Hz | None = None
    window_s: Seconds | None = None
    gap_s: Seconds | None = None
    time: Time | None = None
    accelerometer: Accelerometer | None = None
    gyroscope: Gyroscope | None = None
    subject: Origin | None = None
    label: Origin | None = None
    file: dict[str, FileFacts] = field(default_factory=dict)
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    @property
    def sensors(self) -> dict[str, Accelerometer | Gyroscope]:
        """Those there are, the accelerometer first."""
        both = {"accelerometer": self.accelerometer, "gyroscope": self.gyroscope}
        return {kind: sensor for kind, sensor in both.items() if sensor is not None}

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of all sensors, in channel order."""
        return tuple(column for sensor in self.sensors.values() for column in sensor.columns)

    def scales(self) -> list[float]:
        """SI units in one unit of each channel's column."""
        return [FACTORS[sensor.unit] for sensor in self.sensors.values() for _ in sensor.columns]


def pattern(text: str, where: Path) -> re.Pattern[str]:
    """A file name's pattern as a regular expression: {name} is a named part, * anything.

    Raises InputError for a name that is none, or stands twice.
    """
    pieces = re.split(r"(\{[^{}]*\}|\*)", unicodedata.normalize("NFC", text))
    source = "".join(_piece(piece) for piece in pieces)
    try:
        return re.compile(source)
    except re.error as error:
        raise InputError(
            f"{where}: file_name {text!r} is no pattern ({error}); expected named parts such as {{subject}}, each "
            "once, and * for anything else"
        ) from error


def _piece(piece: str) -> str:
    if piece == "*":
        return ".*"
    return f"(?P<{piece[1:-1]}>.+?)" if piece.startswith("{") else re.escape(piece)


def read_dataset_file(path: Path) -> DatasetFile:
    """Raises InputError that names the file, the key, what was found and what was expected."""
    read = read_typed_toml(path, DatasetFile, f"a {NAME}; {ADVICE}")
    for origin in (read.subject, read.label):
        if origin is not None and origin.file_name is not None:
            pattern(origin.file_name, path)
    if len(set(read.columns)) != len(read.columns):
        raise InputError(
            f"{path}: the sensors' columns are {', '.join(map(str, read.columns))}, expected different ones"
        )
    return read
