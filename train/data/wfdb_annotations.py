"""Annotations in WFDB's formats (wfdb.io/spec/annot.html): when, and by which symbol."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from scl.artifacts.annotations import Annotations, parse_annotations
from train.data.wfdb_files import Source

MOST_BYTES = 1 << 22  # of an annotation file: a half hour has 6 kB, a day 300 kB


def numbers(symbols: Sequence[str], classes: Mapping[str, Iterable[str]]) -> np.ndarray:
    """The class (k,) int64 that holds each of the symbols, by its place; -1 where none does."""
    number = {symbol: index for index, members in enumerate(classes.values()) for symbol in members}
    return np.array([number.get(symbol, -1) for symbol in symbols], np.int64)


def read_annotations(source: Source, record: str, suffix: str, frame_hz: float, rate_hz: float) -> Annotations:
    """A record's annotations by their annotator, such as atr.

    They count frames, unless their file says what else it counts.

    Raises InputError if the file is missing, damaged, truncated or not in order of time.
    """
    data = source.read(f"{record}.{suffix}", MOST_BYTES)
    return parse_annotations(data, f"{source.path}: {record}.{suffix}", frame_hz, rate_hz)
