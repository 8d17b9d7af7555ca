"""Units of recordings: what one of them is in SI units (of ECG: mV), how people spell it, and where it stands in the
name of a column.
"""

import re
from typing import Any

from scl.frontend.sensor import DPS, G, SiUnit

ACCELERATION = {"m/s2": 1.0, "g": G, "mg": G / 1000}
ANGULAR_RATE = {"rad/s": 1.0, "deg/s": DPS, "mdps": DPS / 1000}
VOLTAGE = {"nV": 1e-6, "uV": 1e-3, "mV": 1.0, "V": 1e3}
QUANTITIES: dict[SiUnit, dict[str, float]] = {"m/s^2": ACCELERATION, "rad/s": ANGULAR_RATE, "mV": VOLTAGE}
COUNTS_OF_G = {"g/64": G / 64}  # of a wristband that writes whole numbers (Empatica E4)
FACTORS = ACCELERATION | COUNTS_OF_G | ANGULAR_RATE | VOLTAGE
NS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
ISO = "iso"  # dates and times as ISO 8601 writes them
COUNTS = "counts"  # of a sensor, which its file gives a unit
# Other spellings, as `_plain` leaves them.
OTHERS = {
    "m/s2": ("m/s/s", "ms2", "ms-2", "mps2"),
    "g/64": ("1/64g",),
    "rad/s": ("rads", "rad/sec", "radps"),
    "deg/s": ("dps", "°/s", "degps", "deg/sec", "degs", "degrees/s"),
    "mdps": ("mdeg/s",),
    "nV": ("nanovolt", "nanovolts"),
    "uV": ("microvolt", "microvolts"),
    "mV": ("millivolt", "millivolts"),
    "V": ("volt", "volts"),
    COUNTS: ("count", "lsb", "raw"),
}
NAMES = (*FACTORS, COUNTS)
SPELLINGS = {name: unit for unit in NAMES for name in (unit.lower(), *OTHERS.get(unit, ()))}
TIMES = {
    name: unit
    for unit, others in {
        "s": ("sec", "secs", "second", "seconds"),
        "ms": ("msec", "millis", "milliseconds"),
        "us": ("usec", "micros", "microseconds"),
        "ns": ("nsec", "nanos", "nanoseconds"),
    }.items()
    for name in (unit, *others)
}
MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})  # the sign, and the Greek letter
BRACKETS = re.compile(r"[(\[{]\s*([^()\[\]{}]*?)\s*[)\]}]")


class AnySpelling:
    """Marks a type of units, any spelling of which is read as its plain one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        def plain(value: Any) -> Any:
            return (unit_of(value) or value) if isinstance(value, str) else value

        return core_schema.no_info_before_validator_function(plain, handler(source))


def unit_of(text: str) -> str | None:
    """The unit of NAMES that a text spells; None if it is none.

    Examples:
        >>> unit_of("m/s²"), unit_of("dps"), unit_of("furlong")
        ('m/s2', 'deg/s', None)
    """
    return SPELLINGS.get(_plain(text))


def time_unit_of(text: str) -> str | None:
    """The unit of NS that a text spells; None if it is none.

    Examples:
        >>> time_unit_of("millis"), time_unit_of("µs")
        ('ms', 'us')
    """
    return TIMES.get(_plain(text))


def millivolts_per(text: str) -> float | None:
    """Millivolts in one of the unit; None if it is none of voltage.

    Examples:
        >>> millivolts_per("V"), millivolts_per("g")
        (1000.0, None)
    """
    return VOLTAGE.get(unit_of(text) or "")


def _plain(text: str) -> str:
    """As spellings are looked up: "µV" is "uv", and "m/s^2", "m/s**2" and "m / s²" are "m/s2"."""
    return re.sub(r"\s|\^|\*\*", "", text.translate(MICRO).replace("²", "2").lower())


def split(name: str) -> tuple[str, str | None]:
    """A column's name without its unit, and the text that may be one.

    Examples:
        >>> split("acc_x (m/s^2)"), split("gyro_x_dps"), split("ecg")
        (('acc_x', 'm/s^2'), ('gyro_x', 'dps'), ('ecg', None))
    """
    inside = BRACKETS.search(name)
    if inside:
        return (name[: inside.start()] + name[inside.end() :]).strip(" _-."), inside[1]
    head, _, tail = name.replace(" ", "_").rpartition("_")
    if head and (unit_of(tail) or time_unit_of(tail)):
        return head, tail
    return name, None
