"""Reads flatbuffers, the format of .tflite files, so that no damaged one leads astray: every place, length and count is
checked before it is followed, and all that is read together is bounded by the file's own size.

A table begins with the distance back to its vtable: 16-bit sizes of vtable and table, then each field's place in the
table, 0 where the field has its default. What does not lie in the table itself stands at an unsigned distance of 32
bits from the field: another table, or a vector, which begins with its length. Everything is little endian.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

SHARED = 4  # times that a file's bytes may be read: tables that share their vtable count it each
SPARE = 1024  # bytes more


class DamagedError(Exception):
    """What of a file's structure is wrong."""


@dataclass
class Bytes:
    """A file's bytes.

    Args:
        left: bytes of tables and vectors that may still be read. Without it a small file whose vectors name one table
            again and again would unfold to any size.
    """

    data: bytes
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = SHARED * len(self.data) + SPARE

    def take(self, at: int, size: int, what: str) -> None:
        """Counts `size` bytes from `at` on as read. Raises DamagedError if they are not all in the file."""
        if at < 0 or size < 0 or at + size > len(self.data):
            raise DamagedError(f"{what} lies at byte {at:,} and has {size:,}, the file {len(self.data):,}")
        self.left -= size
        if self.left < 0:
            raise DamagedError(f"its tables share so much that they unfold to over {SHARED} times the file ({what})")

    def number(self, at: int, code: str, what: str) -> int:
        """The integer of `struct`'s `code` that stands at a byte."""
        if at < 0 or at + struct.calcsize(code) > len(self.data):
            raise DamagedError(f"{what} lies at byte {at:,}, the file has {len(self.data):,}")
        return int(struct.unpack_from("<" + code, self.data, at)[0])

    def target(self, at: int, what: str) -> int:
        """What the offset that stands at a byte leads to."""
        return at + self.number(at, "I", what)


class Table:
    """One table; fields are named by their number in the schema.

    Args:
        at: byte that it begins at.
        what: names it in errors.

    Raises:
        DamagedError: from here and from every method, if something does not lie in the file.
    """

    def __init__(self, source: Bytes, at: int, what: str) -> None:
        self.source, self.at, self.what = source, at, what
        self.vtable = at - source.number(at, "i", what)
        length = source.number(self.vtable, "H", what)
        self.size = source.number(self.vtable + 2, "H", what)
        if length < 4 or length % 2:
            raise DamagedError(f"{what} has a vtable of {length} bytes")
        source.take(self.vtable, length, what)
        source.take(at, self.size, what)
        self.fields = (length - 4) // 2

    @classmethod
    def root(cls, data: bytes, what: str) -> "Table":
        """The table that a file begins with."""
        source = Bytes(data)
        return cls(source, source.target(0, what), what)

    def place(self, number: int, size: int = 4) -> int | None:
        """The byte that a field of `size` bytes stands at; None where it has its default."""
        offset = 0
        if number < self.fields:
            offset = self.source.number(self.vtable + 4 + 2 * number, "H", self.what)
        if not offset:
            return None
        if offset < 4 or offset + size > self.size:
            raise DamagedError(f"field {number} of {self.what} lies outside it")
        return self.at + offset

    def integer(self, number: int, code: str = "i", default: int = 0) -> int:
        """A field that is an integer of `struct`'s `code`."""
        at = self.place(number, struct.calcsize(code))
        return default if at is None else self.source.number(at, code, self.what)

    def real(self, number: int) -> float:
        """A field that is a float32, 0 by default."""
        at = self.place(number)
        return 0.0 if at is None else float(struct.unpack_from("<f", self.source.data, at)[0])

    def table(self, number: int, what: str) -> "Table | None":
        """A field that is a table."""
        at = self.place(number)
        return None if at is None else Table(self.source, self.source.target(at, what), what)

    def tables(self, number: int, what: str, most: int) -> "list[Table] | None":
        """A field that is a vector of tables, at most so many; `what` names one of them."""
        offsets = self.vector(number, "<u4", what, most)
        if offsets is None:
            return None
        values, first = offsets
        places = first + 4 * np.arange(len(values)) + values.astype(np.int64)
        return [Table(self.source, int(at), f"{what} {index}") for index, at in enumerate(places)]

    def vector(self, number: int, kind: str, what: str, most: int | None = None) -> tuple[np.ndarray, int] | None:
        """A field that is a vector of numbers of numpy's `kind`: a view, and the byte that its first one stands at."""
        at = self.place(number)
        if at is None:
            return None
        at = self.source.target(at, what)
        length = self.source.number(at, "I", what)
        if most is not None and length > most:
            raise DamagedError(f"{self.what} has {length:,} of {what}, expected at most {most:,}")
        self.source.take(at, 4 + length * np.dtype(kind).itemsize, what)
        return np.frombuffer(self.source.data, kind, length, at + 4), at + 4

    def numbers(self, number: int, kind: str, what: str, most: int | None = None) -> np.ndarray | None:
        """A field that is a vector of numbers of numpy's `kind`, as a view."""
        vector = self.vector(number, kind, what, most)
        return None if vector is None else vector[0]

    def text(self, number: int, what: str) -> str:
        """A field that is a string; empty by default."""
        values = self.numbers(number, "u1", what)
        return "" if values is None else values.tobytes().decode(errors="replace")

    def look_through(self, numbers: dict[int, str]) -> None:
        """Checks integers that are not kept: by field, `struct`'s code of each."""
        for number, code in numbers.items():
            self.integer(number, code)

    def require_none(self, numbers: dict[int, str]) -> None:
        """Raises DamagedError if one of the fields has another value than its default; `numbers` names them."""
        for number, name in numbers.items():
            if self.place(number, 1) is not None:
                raise DamagedError(f"{self.what} has {name}, of which nothing is known here")
