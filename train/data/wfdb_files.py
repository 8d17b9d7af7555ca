"""Records in PhysioNet's WFDB format, from a folder or a zip in the official layout, read whole or not at all."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scl.artifacts import InputError, shortened
from train.data.archive import MOST_BYTES, Archive
from train.data.wfdb_header import (
    CONVERT,
    ECG_LEAD,
    check_gain,
    read_header,
    signal_file_names,
    signal_files,
)
from train.data.wfdb_header import MOST_BYTES as MOST_HEADER_BYTES


@dataclass(frozen=True)
class Lead:
    """One lead of a record.

    Attributes:
        name: as in the header, such as MLII.
        x: (samples,) float32 mV; NaN where the record marks a sample as invalid, or its skew leaves none.
        frame_hz: the rate that annotations count in: that of the samples, or a whole part of it.
    """

    name: str
    x: np.ndarray
    frame_hz: float


class Source:
    """The files of a data set: a folder, or a zip with any method that Python reads.

    Args:
        path: zip or folder.
        mark: a file that lies at the data set's root, such as RECORDS.
        advice: what to do where this is not the data set, for the message.

    Raises:
        InputError: neither, or without the mark.
    """

    def __init__(self, path: str | Path, mark: str, advice: str) -> None:
        self.archive = Archive(Path(path), advice)
        self.path = self.archive.path
        names = self.archive.names
        roots = sorted((n.removesuffix(mark) for n in names if n == mark or n.endswith("/" + mark)), key=len)
        if not roots:
            raise InputError(f"{self.path}: has no {mark}; {advice}")
        self.root = roots[0]
        self.names = {n.removeprefix(self.root) for n in names if n.startswith(self.root)}

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """A file's bytes. Raises InputError if it is missing, damaged, or larger than `most`."""
        if name not in self.names:
            raise InputError(f"{self.path}: has no {name}; download the data set again")
        return self.archive.read(self.root + name, most)

    def checksum(self, names: list[str]) -> str:
        """SHA-256 of the zip, or of the named files' checksums if the source is a folder."""
        return self.archive.checksum(self.root + name for name in names)

    def signal_files(self, record: str) -> list[str]:
        """The files that a record's header names; none where it is no header, which `read_lead` refuses."""
        text = self.read(f"{record}.hea", MOST_HEADER_BYTES).decode("ascii", "ignore")
        return [beside(record, name) for name in signal_file_names(text)]


def beside(record: str, name: str) -> str:
    """The path of a file in a record's folder."""
    folder, slash, _ = record.rpartition("/")
    return f"{folder}{slash}{name}"


@contextmanager
def extracted(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder that holds these files, as wfdb wants them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        yield Path(folder)


def read_lead(source: Source, record: str, rate_hz: float, name: str, or_first: bool = False) -> Lead:
    """The named lead of a record; with `or_first`, its first ECG lead where it has none of that name.

    Args:
        record: path without suffix, such as records500/00000/00001_hr.
        rate_hz: that the lead must have.

    Raises:
        InputError: the header or a signal is missing, damaged or truncated, or of a kind that is not read; a checksum
            differs from the header's, the rate is another, there is no such lead, or it has no gain.
    """
    data = source.read(f"{record}.hea", MOST_HEADER_BYTES)
    signals = {name.rpartition("/")[2]: source.read(name) for name in source.signal_files(record)}
    where = f"{source.path}: {record}.hea"
    with extracted(signals | {"record.hea": data}) as folder:
        header = read_header(folder / "record.hea", where)
        for file in signal_files(header):
            size, sizes = len(signals.get(file.name, b"")), file.sizes(header.sig_len)
            if size not in sizes:
                raise InputError(
                    f"{source.path}: {beside(record, file.name)} has {size} bytes, but {header.sig_len} "
                    f"samples of {file.frame} leads, as {record}.hea says, take {sizes[0]}; download it again"
                )
        index = _chosen(header, name, or_first, f"{source.path}: {record}")
        lead = header.sig_name[index]
        found_hz = header.fs * header.samps_per_frame[index]
        if found_hz != rate_hz:
            raise InputError(
                f"{source.path}: {record} has {found_hz:g} samples per second, expected {rate_hz:g}; give the official "
                "records"
            )
        check_gain(data.decode("ascii", "ignore"), index, lead, where)
        if str(header.units[index]).lower() != "mv":
            raise InputError(f"{source.path}: {record} is in {header.units[index]}, expected mV; convert it")
        named = f"{source.path}: {', '.join(beside(record, file) for file in signals)}"
        x = _millivolts(folder / "record", index, max(header.samps_per_frame) > 1, named, f"{record}.hea")
    lag = (header.skew[index] or 0) * header.samps_per_frame[index]
    x = np.concatenate([x[lag:], np.full(min(lag, len(x)), np.nan, np.float32)])
    return Lead(lead, x, header.fs)


def _chosen(header: Any, name: str, or_first: bool, where: str) -> int:
    """Which of a header's signals is the lead."""
    names = [str(found or "one without a name") for found in header.sig_name]
    if name in names:
        return names.index(name)
    ecg = [index for index, found in enumerate(names) if ECG_LEAD.fullmatch(found.strip())]
    if not or_first or not ecg:
        wanted = f"no lead {name}, nor another known one of an ECG" if or_first else f"no lead {name}"
        raise InputError(f"{where} has {wanted}; it has {shortened(', '.join(names), 200)}")
    return ecg[0]


def _millivolts(path: Path, index: int, expanded: bool, signals: str, header: str) -> np.ndarray:
    """A signal (samples,) float32 as it is stored, once the checksums of all are found right.

    Args:
        expanded: whether a frame holds several samples of a signal.
        signals, header: the files' names for messages.
    """
    import wfdb

    try:
        # The skew is undone later: it would change the checksum.
        found = wfdb.rdrecord(str(path), physical=False, smooth_frames=not expanded, ignore_skew=True)
        named, sums = found.checksum, found.calc_checksum(expanded)
        signal: np.ndarray = found.dac(expanded)[index] if expanded else found.dac()[:, index]
    except Exception as error:  # wfdb raises whatever its parsing meets
        raise InputError(
            f"{signals} cannot be read as {header} says ({type(error).__name__}: {error}); download it again"
        ) from error
    if None in named:
        raise InputError(
            f"{signals}: {header} names the checksums {named}, expected one for each signal, or damage would not be "
            f"seen; {CONVERT}, which write them"
        )
    if any(expected % 65536 != value % 65536 for expected, value in zip(named, sums, strict=True)):
        raise InputError(f"{signals} has checksums {sums}, but {header} names {named}; download it again")
    return signal.astype(np.float32)


def stretches(x: np.ndarray) -> list[slice]:
    """Slices of x (samples,) between which samples are not finite."""
    bad = np.concatenate([[True], ~np.isfinite(x), [True]])
    edges = np.flatnonzero(np.diff(bad.astype(np.int8)))
    return [slice(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]


def longest_constant(x: np.ndarray) -> int:
    """Length of the longest run of equal samples in x (samples,): a lost electrode draws a straight line."""
    edges = np.flatnonzero(np.diff(x) != 0)
    return int(np.diff(np.concatenate([[-1], edges, [len(x) - 1]])).max())
