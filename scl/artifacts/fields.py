"""Types of fields that several artefacts share, with the ranges that reading holds them to."""

from collections.abc import Sequence
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MinLen, Predicate

MOST = 65535  # samples, channels, features: the device counts them in 16 bits
MOST_LABELS = 255  # classes 0 to 254: 255 on the wire says that the board abstains


def is_name(text: str) -> bool:
    """Whether a text can name a file or folder and be printed: no separator, no control character, not "." or ".."."""
    return text.isprintable() and 0 < len(text) <= 255 and text not in (".", "..") and not set(text) & {"/", "\\"}


def is_sha256(text: str) -> bool:
    """Whether a text is a SHA-256 in lower-case hex."""
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def check_different(what: str, values: Sequence[object]) -> None:
    """Raises ValueError if two of the values are equal."""
    if len(set(values)) != len(values):
        raise ValueError(f"{what} are {', '.join(map(str, values))}, expected different ones")


TaskName = Literal["imu", "strip", "beat"]
Name = Annotated[str, Predicate(is_name)]
Sha256 = Annotated[str, Predicate(is_sha256)]
Count = Annotated[int, Gt(0), Le(MOST)]  # of samples, channels, dimensions, 1 or more
Size = Annotated[int, Ge(0), Le(MOST)]  # the same, 0 or more
Whole = Annotated[int, Ge(0)]
Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Le(1)]
Int8 = Annotated[int, Ge(-128), Le(127)]
Labels = Annotated[tuple[str, ...], MinLen(1)]
Channels = Annotated[tuple[Name, ...], MinLen(1)]
