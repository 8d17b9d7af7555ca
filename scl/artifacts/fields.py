"""Types of fields that several artefacts share, with the ranges that reading holds them to.

Every number has an upper end: a damaged file must not fill the memory or overflow what computes with it.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MaxLen, MinLen, Predicate

MOST = 65535  # samples, channels, features: the device counts them in 16 bits
MOST_LABELS = 255  # classes with names of their own; more outputs than that have none, docs/PROTOCOL.md
MOST_OUTPUTS = 1011  # features and classes together, which a WINDOW answer holds beside the 19 bytes before them
MOST_WHOLE = 2**63 - 1  # numpy's int64
MOST_REAL = 1e30  # float32 ends at 3.4e38
MOST_HZ = 1e6
MOST_GROUPS = 100_000  # subjects or records
NAME_BYTES = 255  # of a file's name


def is_name(text: str) -> bool:
    """Whether a text can name a file or folder and be printed: no separator, no control character, not "." or ".."."""
    if not text.isprintable() or text in (".", "..") or set(text) & {"/", "\\"}:
        return False
    return 0 < len(text.encode()) <= NAME_BYTES


def is_line(text: str) -> bool:
    """Whether a text is one line that can be printed, of 1 to 255 characters."""
    return text.isprintable() and 0 < len(text) <= 255


def is_sha256(text: str) -> bool:
    """Whether a text is a SHA-256 in lower-case hex."""
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def check_different(what: str, values: Sequence[object]) -> None:
    """Raises ValueError if two of the values are equal."""
    if len(set(values)) != len(values):
        raise ValueError(f"{what} are {', '.join(map(str, values))[:200]}, expected different ones")


def _that(holds: Callable[[str], bool], expected: str) -> Predicate:
    """A predicate whose failure says what was expected, where pydantic would name a function."""

    def check(text: str) -> bool:
        if not holds(text):
            raise ValueError(f"expected {expected}")
        return True

    return Predicate(check)


TaskName = Literal["imu", "strip", "beat"]
Name = Annotated[
    str, _that(is_name, f"a plain name without / or \\ that can be printed, of 1 to {NAME_BYTES} bytes, not . or ..")
]
Line = Annotated[str, _that(is_line, "one line that can be printed, of 1 to 255 characters")]
Sha256 = Annotated[str, _that(is_sha256, "a SHA-256, 64 digits of lower-case hex")]
Count = Annotated[int, Gt(0), Le(MOST)]  # of samples, channels, dimensions, 1 or more
Size = Annotated[int, Ge(0), Le(MOST)]  # the same, 0 or more
Whole = Annotated[int, Ge(0), Le(MOST_WHOLE)]
Real = Annotated[float, Ge(-MOST_REAL), Le(MOST_REAL)]
Positive = Annotated[float, Gt(1 / MOST_REAL), Le(MOST_REAL)]  # so large that its inverse is no infinity in float32
NotNegative = Annotated[float, Ge(0), Le(MOST_REAL)]
Hz = Annotated[float, Gt(1 / MOST_HZ), Le(MOST_HZ)]
Fraction = Annotated[float, Ge(0), Le(1)]
Int8 = Annotated[int, Ge(-128), Le(127)]
Labels = Annotated[tuple[Line, ...], MinLen(1), MaxLen(MOST_LABELS)]
Channels = Annotated[tuple[Name, ...], MinLen(1), MaxLen(MOST)]
Units = Annotated[tuple[Line, ...], MinLen(1), MaxLen(MOST)]
Groups = Annotated[tuple[Whole, ...], MinLen(1), MaxLen(MOST_GROUPS)]
