"""Sensor files: what a count means. Small TOML files, those of common parts ship beside this module; `docs/FORMATS.md`
has each key with its limits.

name = "bmi270"
rate_hz = 100.0

[[sensors]]
kind = "accelerometer"
axes = 3                  # 3, or 1 for a single lead
range = "+-4 g"           # for people
unit = "g"                # g, m/s^2, dps, rad/s or mV
counts_per_unit = 8192.0
bias = [0.0, 0.0, 0.0]    # in `unit`, subtracted; optional
alignment = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]  # optional
count_range = [-32768, 32767]  # the converter's rails, after `shift`; optional
shift = 2                 # bits that the driver drops to fit 16; counts_per_unit is of the unshifted; optional
lead_off_s = 1.0          # one count for so long: a lost electrode or a dead sensor; optional, else never
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le, MinLen

from scl.artifacts import InputError, read_toml, shortened
from scl.artifacts.fields import MOST_HZ, MOST_REAL, NAME_BYTES, Name, NotNegative, Positive, check_different, is_name

FOLDER = Path(__file__).parent / "sensors"
G = 9.80665  # m/s^2, standard gravity
DPS = math.pi / 180  # rad/s, one degree per second
SiUnit = Literal["m/s^2", "rad/s", "mV"]
UNITS: dict[str, tuple[float, SiUnit]] = {
    "g": (G, "m/s^2"),
    "m/s^2": (1.0, "m/s^2"),
    "dps": (DPS, "rad/s"),
    "rad/s": (1.0, "rad/s"),
    "mV": (1.0, "mV"),
}
KEYS = {"name", "rate_hz", "sensors"}
LEAST_DETERMINANT = 1e-3  # of an alignment
PART_KEYS = {
    "kind",
    "axes",
    "range",
    "unit",
    "counts_per_unit",
    "bias",
    "alignment",
    "count_range",
    "shift",
    "lead_off_s",
}
REPLAYS = ("replay-imu", "replay-ecg")  # no parts: a run's recordings are replayed at the model's rate, not the file's
INT16 = (-32768, 32767)
MOST_SHIFT = 16
Int16 = Annotated[int, Ge(INT16[0]), Le(INT16[1])]

PREFIXES = {"accelerometer": "a", "gyroscope": "g"}  # of the channels' names, as data sets name them


@dataclass(frozen=True)
class Part:
    """One accelerometer, gyroscope or lead: SI value = alignment @ (counts * unit_per_count - bias).

    Attributes:
        axes: 3 or 1.
        unit_per_count: SI units (ECG: mV) per count.
        bias: (axes) SI units.
        alignment: (axes, axes).
        si_unit: "m/s^2", "rad/s" or "mV".
        count_range: the rails; a count at or beyond one is saturated.
        shift: bits that the sensor's own counts are shifted right to fit int16.
        lead_off_s: seconds of an unchanging count that mean a lost electrode or a sensor that stopped; 0: never.
    """

    kind: Name
    axes: Literal[1, 3]
    unit_per_count: Positive
    bias: tuple[float, ...]
    alignment: tuple[tuple[float, ...], ...]
    si_unit: SiUnit
    range: str
    count_range: tuple[Int16, Int16] = INT16
    shift: Annotated[int, Ge(0), Le(MOST_SHIFT)] = 0
    lead_off_s: NotNegative = 0.0

    def __post_init__(self) -> None:
        if len(self.bias) != self.axes or [len(row) for row in self.alignment] != [self.axes] * self.axes:
            raise ValueError(
                f"{self.kind} has {len(self.bias)} bias values and an alignment with rows of "
                f"{[len(row) for row in self.alignment]}, expected {self.axes} and {self.axes}x{self.axes}"
            )
        if not abs(np.linalg.det(self.alignment)) >= LEAST_DETERMINANT:
            raise ValueError(f"{self.kind} has a singular alignment {self.alignment}, expected one close to identity")
        if self.count_range[0] >= self.count_range[1]:
            raise ValueError(f"{self.kind} has count_range {self.count_range}, expected two counts in rising order")

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What data sets call its channels: ax, ay, az of an accelerometer, ecg of a lead of that kind."""
        if self.axes == 1:
            return (self.kind,)
        prefix = PREFIXES.get(self.kind, f"{self.kind}_")
        return tuple(f"{prefix}{axis}" for axis in "xyz")


@dataclass(frozen=True)
class Sensor:
    """A device's sensors, in the order of its channels, at one rate."""

    name: Name
    rate_hz: Positive
    parts: Annotated[tuple[Part, ...], MinLen(1)]

    def __post_init__(self) -> None:
        check_different("the sensors' kinds", [part.kind for part in self.parts])

    @property
    def channels(self) -> int:
        return sum(part.axes for part in self.parts)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What data sets call the channels."""
        return tuple(name for part in self.parts for name in part.channel_names)

    @property
    def slices(self) -> dict[str, slice]:
        """Channels of every part, by kind."""
        ends = np.cumsum([part.axes for part in self.parts]).tolist()
        return {part.kind: slice(end - part.axes, end) for part, end in zip(self.parts, ends, strict=True)}

    def select(self, kinds: list[str]) -> "Sensor":
        """The parts of these kinds, in this order. Raises InputError if one is missing."""
        by_kind = {part.kind: part for part in self.parts}
        missing = [kind for kind in kinds if kind not in by_kind]
        if missing:
            raise InputError(
                f"sensor {self.name}: has {', '.join(by_kind)}, but the model needs {', '.join(missing)}; "
                "choose another with --sensor"
            )
        return Sensor(self.name, self.rate_hz, tuple(by_kind[kind] for kind in kinds))


def shipped() -> list[str]:
    """Names of the sensor files that ship with the project.

    Examples:
        >>> "bmi270" in shipped()
        True
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_sensor(name_or_path: str | Path) -> Sensor:
    """Reads a sensor file, by the name of a shipped one or by path.

    Raises:
        InputError: no such file, not TOML, an unknown or missing key, or a value out of range.

    Examples:
        >>> sensor = load_sensor("bmi270")
        >>> sensor.rate_hz, sensor.channels, sensor.slices["gyroscope"]
        (100.0, 6, slice(3, 6, None))
    """
    path = FOLDER / f"{name_or_path}.toml" if str(name_or_path) in shipped() else Path(name_or_path)
    table = read_toml(path, f"a sensor file or one of {', '.join(shipped())}")
    _check_keys(path, table, KEYS, required=KEYS)
    tables = table["sensors"]
    if not isinstance(tables, list) or not tables or not all(isinstance(part, dict) for part in tables):
        raise InputError(f"{path}: expected at least one [[sensors]] table")
    if not _positive(table["rate_hz"]) or table["rate_hz"] > MOST_HZ:
        raise InputError(f"{path}: rate_hz is {table['rate_hz']!r}, expected a number above 0, at most {MOST_HZ:g}")
    _check_name(path, "name", table["name"])
    try:
        return Sensor(table["name"], float(table["rate_hz"]), tuple(_part(path, part) for part in tables))
    except ValueError as error:
        raise InputError(f"{path}: {error}; change it") from error


def _part(path: Path, part: dict[str, Any]) -> Part:
    _check_keys(path, part, PART_KEYS, required={"kind", "axes", "unit", "counts_per_unit"})
    axes, unit = part["axes"], part["unit"]
    _check_name(path, "kind", part["kind"])
    if (
        not isinstance(unit, str)
        or not _number(axes)
        or axes not in (1, 3)
        or unit not in UNITS
        or not _positive(part["counts_per_unit"])
    ):
        raise InputError(
            f"{path}: {part['kind']} has axes {axes!r}, unit {unit!r}, counts_per_unit {part['counts_per_unit']!r}; "
            f"expected 1 or 3 axes, a unit of {', '.join(UNITS)}, and a count above 0"
        )
    factor, si_unit = UNITS[unit]
    bias = part.get("bias", [0.0] * axes)
    alignment = part.get("alignment", [[float(i == j) for j in range(axes)] for i in range(axes)])
    rows = alignment if isinstance(alignment, list) and len(alignment) == axes else [None]
    if not _numbers(bias, axes) or not all(_numbers(row, axes) for row in rows):
        raise InputError(
            f"{path}: {part['kind']} needs {axes} bias values and a {axes}x{axes} alignment of numbers; write them"
        )
    rails, shift, lead_off = part.get("count_range", list(INT16)), part.get("shift", 0), part.get("lead_off_s", 0.0)
    if not (_numbers(rails, 2) and INT16[0] <= rails[0] < rails[1] <= INT16[1] and [int(x) for x in rails] == rails):
        raise InputError(
            f"{path}: {part['kind']} has count_range {rails!r}, expected two whole numbers in rising "
            f"order within {INT16[0]} to {INT16[1]}"
        )
    if not _number(shift) or shift not in range(MOST_SHIFT + 1) or not _number(lead_off) or lead_off < 0:
        raise InputError(
            f"{path}: {part['kind']} has shift {shift!r}, lead_off_s {lead_off!r}; expected 0 to 16 bits and 0 or "
            "more seconds"
        )
    if not isinstance(part.get("range", ""), str) or not part.get("range", "").isprintable():
        raise InputError(f"{path}: {part['kind']} has range {shortened(part['range'])}, expected one line of text")
    return Part(
        kind=part["kind"],
        axes=axes,
        unit_per_count=factor * 2**shift / float(part["counts_per_unit"]),
        bias=tuple(factor * float(value) for value in bias),
        alignment=tuple(tuple(float(value) for value in row) for row in alignment),
        si_unit=si_unit,
        range=part.get("range", ""),
        count_range=(int(rails[0]), int(rails[1])),
        shift=int(shift),
        lead_off_s=float(lead_off),
    )


def _check_name(path: Path, key: str, value: object) -> None:
    if not isinstance(value, str) or not is_name(value) or value.strip() != value:
        raise InputError(
            f"{path}: {key} is {shortened(value)}, expected a plain name without / or \\ that can be printed, of 1 to "
            f"{NAME_BYTES} bytes"
        )


def _check_keys(path: Path, table: dict[str, Any], known: set[str], required: set[str]) -> None:
    unknown, missing = sorted(set(table) - known), sorted(required - set(table))
    if unknown or missing:
        found = [f"unknown key {', '.join(unknown)}"] * bool(unknown) + [f"no {', '.join(missing)}"] * bool(missing)
        raise InputError(f"{path}: has {' and '.join(found)}; known keys: {', '.join(sorted(known))}")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_REAL


def _positive(value: Any) -> bool:
    return _number(value) and value > 1 / MOST_REAL


def _numbers(values: object, count: int) -> bool:
    return isinstance(values, list) and len(values) == count and all(map(_number, values))
