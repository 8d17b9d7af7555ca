"""Groups of options: what a field says of its flag, and how values are checked. An option has one name everywhere, as a
flag, in a TOML file and in run.json.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import Field, dataclass, field, fields
from typing import Any

from scl.artifacts import shortened
from scl.artifacts.architecture import MOST_BLOCKS
from scl.artifacts.fields import MOST


class Sizes(tuple[int, ...]):
    """A size of each block, as text between slashes; none: the task's own."""

    @classmethod
    def parse(cls, name: str, text: str) -> "Sizes":
        """Reads "16/24/32". Raises ValueError, with the option's name, for anything else and for too many blocks."""
        parts = text.split("/") if text else []
        if not all(part.isascii() and part.isdecimal() and len(part) < 6 and 1 <= int(part) <= MOST for part in parts):
            raise ValueError(f"{name} is {shortened(text)}, expected sizes of 1 to {MOST:,} as 16/24/32")
        if len(parts) > MOST_BLOCKS:
            raise ValueError(f"{name} has {len(parts)} blocks, expected {MOST_BLOCKS} at most")
        return cls(int(part) for part in parts)

    def __str__(self) -> str:
        return "/".join(map(str, self))


@dataclass(frozen=True)
class Option:
    """What is known of an option besides its type and default.

    Attributes:
        help: of the flag.
        name: where it is not the field's.
        choices: the values of a text.
        least, most: the smallest and the largest value of a number.
        above: what a number has to be more than.
        below: what a number has to be less than, and why.
        parse: makes a value of a text.
        unit: of a number, as the flag's help names its value.
    """

    help: str
    name: str | None = None
    choices: Collection[str] | None = None
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: tuple[float, str] | None = None
    parse: Callable[[str], Any] | None = None
    unit: str | None = None


def option(default: Any, text: str, **known: Any) -> Any:
    """A field of a group; `known` are further attributes of its `Option`."""
    return field(default=default, metadata={"option": Option(text, **known)})


@dataclass(frozen=True)
class Options:
    """A group of options. Raises ValueError for a value of another type or out of range."""

    def __post_init__(self) -> None:
        for described in fields(self):
            _check(described, getattr(self, described.name))


def name_of(described: "Field[Any]") -> str:
    """An option's name: what the field says, else its own, without the underscore of `lambda_`."""
    return facts(described).name or described.name.rstrip("_")


def facts(described: "Field[Any]") -> Option:
    """What a field says of its option."""
    known: Option = described.metadata["option"]
    return known


def parsed(described: "Field[Any]", value: object) -> object:
    """The value of a field from what a flag or a TOML file holds. Raises ValueError for a text that has no meaning."""
    parse = facts(described).parse
    if parse is None or isinstance(value, described.type):  # type: ignore[arg-type]
        return value
    if not isinstance(value, str):
        raise ValueError(f"{name_of(described)} is {value!r}, expected a text such as {described.default}")
    return parse(value)


def _check(described: "Field[Any]", value: Any) -> None:
    name, known, wanted = name_of(described), facts(described), described.type
    assert isinstance(wanted, type)
    if known.choices is not None and value not in known.choices:
        raise ValueError(f"{name} is {value!r}, expected one of {', '.join(known.choices)}")
    taken: Any = (int, float) if wanted is float else wanted
    if isinstance(value, bool) or not isinstance(value, taken):
        raise ValueError(f"{name} is {value!r}, expected {wanted.__name__}")
    if wanted is float and not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}, expected a finite number")
    if known.least is not None and value < known.least:
        raise ValueError(f"{name} is {value}, expected {known.least:g} or more")
    if known.most is not None and value > known.most:
        raise ValueError(f"{name} is {value}, expected {known.most:,} at most")
    if known.above is not None and value <= known.above:
        raise ValueError(f"{name} is {value}, expected more than {known.above:g}")
    if known.below is not None and value >= known.below[0]:
        raise ValueError(f"{name} is {value}, expected less than {known.below[0]:g}: {known.below[1]}")
