"""Annotation files in WFDB's MIT format (wfdb.io/spec/annot.html), which `bxb` and other programs read.

A file `100.scl` holds what the annotator `scl` says of record 100. Its beats have WFDB's symbols (N, S, V; `|` for what
was taken for an artefact). A stretch in which the signal could not be read goes from a `~` of subtype 48 (both signals
unreadable) to one of subtype 0, as EC57's programs expect it. The file names its own rate; what reads it takes the
record's length and rate from the header `100.hea`, of which one without signals is written where there is none.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts.errors import InputError
from scl.artifacts.files import write_bytes
from scl.extras import require

NOISE = "~"
UNREADABLE, READABLE = 48, 0  # subtypes of NOISE: one bit of 4 and 5 for each of two signals
NO_ANNOTATION = b"\0\0"  # the mark of the end alone; wfdb writes no file without annotations


@dataclass(frozen=True)
class Annotations:
    """Of a record.

    Attributes:
        samples: (k,) int64, in order of time.
        symbols: (k) of them.
        stated_hz: the rate at which their file says that it counts; None: it says none.
    """

    samples: np.ndarray
    symbols: tuple[str, ...]
    stated_hz: float | None = None


def parse_annotations(data: bytes, where: str, frame_hz: float, rate_hz: float) -> Annotations:
    """The annotations of a file's bytes, in samples of `rate_hz`; `where` names the file in messages.

    They count frames, of which there are `frame_hz` in a second, unless their file says what else it counts.

    Raises:
        InputError: the file is damaged, truncated or not in order of time.
        MissingExtraError: wfdb is not installed.
    """
    require("wfdb")
    import wfdb

    if not data.endswith(NO_ANNOTATION):
        raise InputError(
            f"{where} does not end with the mark of an annotation file's end (two zero bytes), so annotations are "
            "missing; download it again"
        )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "record.ann").write_bytes(data)
        try:
            found = wfdb.rdann(str(Path(folder) / "record"), "ann")
        except Exception as error:  # wfdb raises whatever its parsing meets
            raise InputError(
                f"{where} cannot be read as annotations ({type(error).__name__}: {error}); download it again"
            ) from error
    times, per_second = np.asarray(found.sample, np.int64), found.fs or frame_hz
    if (np.diff(times) < 0).any() or (len(times) and times[0] < 0):
        raise InputError(f"{where} is not in order of time, expected it so; download it again")
    if per_second != rate_hz:
        times = np.rint(times * (rate_hz / per_second)).astype(np.int64)
    return Annotations(times, tuple(found.symbol), None if found.fs is None else float(found.fs))


def write_annotations(
    path: Path,
    at: np.ndarray,
    symbols: Sequence[str],
    rate_hz: float,
    samples: int,
    unreadable: np.ndarray | None = None,
) -> None:
    """Writes a record's annotations, whole or not at all, and its header if it has none.

    Args:
        path: the record's name and the annotator's, such as reports/ecg/100.scl.
        at: (n,) int64, sample numbers in order of time, from 0.
        symbols: (n) of WFDB's.
        samples: of the record.
        unreadable: (k, 2) int64, first and last sample of the stretches that could not be read, in order.

    Raises:
        ValueError: samples are not in order or negative, or a symbol is none of WFDB's.
        InputError: the file cannot be written.
        MissingExtraError: wfdb is not installed.
    """
    spans = np.zeros((0, 2), np.int64) if unreadable is None else unreadable
    if at.shape != (len(symbols),) or (np.diff(at) < 0).any() or (at < 0).any() or (spans < 0).any():
        raise ValueError(f"annotations {at.shape}, {len(symbols)} symbols: expected as many, in order of time, from 0")
    times = np.concatenate([at, spans[:, 0], spans[:, 1] + 1]).astype(np.int64)
    marks = [*symbols, *[NOISE] * spans.size]
    subtypes = np.repeat([READABLE, UNREADABLE, READABLE], [len(at), len(spans), len(spans)])
    order = np.argsort(times, kind="stable")
    write_bytes(path, _encoded(times[order], [marks[place] for place in order], subtypes[order], rate_hz))
    header = path.with_suffix(".hea")
    if not header.exists():
        write_bytes(header, f"{path.stem} 0 {rate_hz:g} {samples}\n".encode())


def _encoded(times: np.ndarray, symbols: list[str], subtypes: np.ndarray, rate_hz: float) -> bytes:
    """The file's bytes, by wfdb's own writer."""
    if not len(times):
        return NO_ANNOTATION
    require("wfdb")
    import wfdb
    from wfdb.io.annotation import ann_label_table

    unknown = sorted(set(symbols) - set(ann_label_table["symbol"]))
    if unknown:  # of which wfdb would make notes
        raise ValueError(f"symbol {unknown[0]!r} is none of WFDB's")
    with tempfile.TemporaryDirectory() as folder:
        # wfdb puts names together with the folder and allows few characters in them, so it gets plain ones.
        wfdb.wrann("record", "ann", times, symbols, subtype=subtypes, fs=rate_hz, write_dir=folder)
        return (Path(folder) / "record.ann").read_bytes()
