"""Annotations in WFDB's formats (wfdb.io/spec/annot.html): when, and by which symbol."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scl.artifacts import InputError
from train.data.wfdb_files import Source, extracted

MOST_BYTES = 1 << 22  # of an annotation file: a half hour has 6 kB, a day 300 kB


@dataclass(frozen=True)
class Annotations:
    """Of a record.

    Attributes:
        samples: (k,) int64, in order of time.
        symbols: (k) of them.
    """

    samples: np.ndarray
    symbols: tuple[str, ...]


def numbers(symbols: Sequence[str], classes: Mapping[str, Iterable[str]]) -> np.ndarray:
    """The class (k,) int64 that holds each of the symbols, by its place; -1 where none does."""
    number = {symbol: index for index, members in enumerate(classes.values()) for symbol in members}
    return np.array([number.get(symbol, -1) for symbol in symbols], np.int64)


def read_annotations(source: Source, record: str, suffix: str, frame_hz: float, rate_hz: float) -> Annotations:
    """A record's annotations by their annotator, such as atr.

    They count frames, unless their file says what else it counts.

    Raises InputError if the file is missing, damaged, truncated or not in order of time.
    """
    import wfdb

    where = f"{source.path}: {record}.{suffix}"
    data = source.read(f"{record}.{suffix}", MOST_BYTES)
    if not data.endswith(b"\0\0"):
        raise InputError(
            f"{where} does not end with the mark of an annotation file's end (two zero bytes), so annotations are "
            "missing; download it again"
        )
    with extracted({f"record.{suffix}": data}) as folder:
        try:
            found = wfdb.rdann(str(folder / "record"), suffix)
        except Exception as error:  # wfdb raises whatever its parsing meets
            raise InputError(
                f"{where} cannot be read as annotations ({type(error).__name__}: {error}); download it again"
            ) from error
    times, per_second = np.asarray(found.sample, np.int64), found.fs or frame_hz
    if (np.diff(times) < 0).any() or (len(times) and times[0] < 0):
        raise InputError(f"{where} is not in order of time, expected it so; download it again")
    if per_second != rate_hz:
        times = np.rint(times * (rate_hz / per_second)).astype(np.int64)
    return Annotations(times, tuple(found.symbol))
