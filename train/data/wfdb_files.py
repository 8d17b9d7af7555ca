"""Records in PhysioNet's WFDB format, from a folder or a zip in the official layout, read whole or not at all."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scl.artifacts import InputError, shortened
from scl.units import millivolts_per
from train.data.archive import MOST_BYTES, Archive
from train.data.wfdb_header import (
    BIG_ENDIAN,
    CONVERT,
    ECG_LEAD,
    check_gain,
    content_lines,
    header_text,
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
        rate_hz: of the samples.
        verified: whether the header had checksums.
    """

    name: str
    x: np.ndarray
    frame_hz: float
    rate_hz: float
    verified: bool = True


class Source:
    """The files of a data set: a folder, or a zip with any method that Python reads.

    Args:
        path: zip or folder.
        mark: a file that lies at the data set's root, such as RECORDS; without one, the root is the folder that holds
            all files.
        advice: what to do where this is not the data set, for the message.

    Raises:
        InputError: neither, or without the mark.
    """

    def __init__(self, path: str | Path, mark: str | None, advice: str) -> None:
        self.archive = Archive(Path(path), advice)
        self.path = self.archive.path
        names = self.archive.names
        if mark is None:
            self.root = common_folder(names) if self.archive.zip is not None else ""
        else:
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
        text = header_text(self.read(f"{record}.hea", MOST_HEADER_BYTES))
        return [beside(record, name) for name in signal_file_names(text)]


def common_folder(names: list[str]) -> str:
    """The path, ending in a slash, of the deepest folder that holds all of these files; "" where that is the top."""
    folders = [name.split("/")[:-1] for name in names if not name.endswith("/")]
    shared = os.path.commonprefix(folders) if folders else []
    return "".join(f"{folder}/" for folder in shared)


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


@dataclass(frozen=True)
class Stored:
    """A record's files in a folder, where its header and the sizes of its signal files agree.

    Attributes:
        header: wfdb's.
        text: the header's.
        path: of the record, without suffix.
        source, record: where it is from, for messages.
    """

    header: Any
    text: str
    path: Path
    source: Source
    record: str

    def rate_hz(self, index: int) -> float:
        """Samples per second of a signal."""
        return float(self.header.fs * self.header.samps_per_frame[index])

    def lead(self, index: int, strict: bool = True) -> Lead:
        """The signal of this number.

        Args:
            strict: whether a header without checksums is refused.

        Raises InputError if it has no gain, is no voltage or a checksum differs from the header's.
        """
        header, where = self.header, f"{self.source.path}: {self.record}"
        name = header.sig_name[index]
        check_gain(self.text, index, name, f"{where}.hea")
        factor = millivolts_per(str(header.units[index]))
        if factor is None:
            raise InputError(f"{where} is in {header.units[index]}, expected V, mV or uV; convert it")
        files = dict.fromkeys(header.file_name)
        named = f"{self.source.path}: {', '.join(beside(self.record, file) for file in files)}"
        x, verified = _stored(self.path, index, max(header.samps_per_frame) > 1, named, f"{self.record}.hea", strict)
        if factor != 1:
            x = (x * factor).astype(np.float32)
        lag = (header.skew[index] or 0) * header.samps_per_frame[index]
        x = np.concatenate([x[lag:], np.full(min(lag, len(x)), np.nan, np.float32)])
        return Lead(name, x.astype(np.float32), header.fs, self.rate_hz(index), verified)


@contextmanager
def opened(source: Source, record: str) -> Iterator[Stored]:
    """A record of one segment, whose files lie in a folder for as long.

    Raises InputError if the header or a signal is missing, damaged, truncated, or of a kind that is not read.
    """
    text = header_text(source.read(f"{record}.hea", MOST_HEADER_BYTES))
    signals = {name.rpartition("/")[2]: source.read(name) for name in source.signal_files(record)}
    where = f"{source.path}: {record}.hea"
    with extracted(signals | {"record.hea": text.encode()}) as folder:
        header = read_header(folder / "record.hea", where)
        if "61" in header.fmt:
            text = _little_endian(header, text, folder, signals)
            header = read_header(folder / "record.hea", where)
        for file in signal_files(header):
            size, sizes = len(signals.get(file.name, b"")), file.sizes(header.sig_len)
            if size not in sizes:
                raise InputError(
                    f"{source.path}: {beside(record, file.name)} has {size} bytes, but {header.sig_len} "
                    f"samples of {file.frame} leads, as {record}.hea says, take {sizes[0]}; download it again"
                )
        yield Stored(header, text, folder / "record", source, record)


def _little_endian(header: Any, text: str, folder: Path, signals: Mapping[str, bytes]) -> str:
    """Makes format 16 of format 61, of which wfdb cannot read several samples in a frame; the header's new text."""
    for file in signal_files(header):
        if file.format == "61" and file.name in signals:
            data = signals[file.name]
            last = file.offset + (len(data) - file.offset) // 2 * 2
            samples = np.frombuffer(data[file.offset : last], ">i2").astype("<i2").tobytes()
            (folder / file.name).write_bytes(data[: file.offset] + samples + data[last:])
    text = "\n".join(BIG_ENDIAN.sub(r"\g<1>16", line) for line in content_lines(text)) + "\n"
    (folder / "record.hea").write_bytes(text.encode())
    return text


def read_lead(source: Source, record: str, rate_hz: float, name: str, or_first: bool = False) -> Lead:
    """The named lead of a record; with `or_first`, its first ECG lead where it has none of that name.

    Args:
        record: path without suffix, such as records500/00000/00001_hr.
        rate_hz: that the lead must have.

    Raises:
        InputError: the header or a signal is missing, damaged or truncated, or of a kind that is not read; a checksum
            differs from the header's, the rate is another, there is no such lead, or it has no gain.
    """
    with opened(source, record) as stored:
        index = _chosen(stored.header, name, or_first, f"{source.path}: {record}")
        found_hz = stored.rate_hz(index)
        if found_hz != rate_hz:
            raise InputError(
                f"{source.path}: {record} has {found_hz:g} samples per second, expected {rate_hz:g}; give the official "
                "records"
            )
        return stored.lead(index)


def lead_names(source: Source, record: str) -> list[str]:
    """The names of a record's signals, in order. Raises InputError as `opened` does."""
    with opened(source, record) as stored:
        return [str(name) for name in stored.header.sig_name]


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


def _stored(path: Path, index: int, expanded: bool, signals: str, header: str, strict: bool) -> tuple[np.ndarray, bool]:
    """A signal (samples,) in its unit, once the checksums of all are found right, and whether there were any.

    Args:
        expanded: whether a frame holds several samples of a signal.
        signals, header: the files' names for messages.
        strict: whether checksums must be there. Where they need not, zeros for all are none: some writers leave them.
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
    if not strict and not any(named):
        return signal.astype(np.float32), False
    if None in named:
        raise InputError(
            f"{signals}: {header} names the checksums {named}, expected one for each signal, or damage would not be "
            f"seen; {CONVERT}, which write them"
        )
    if any(expected % 65536 != value % 65536 for expected, value in zip(named, sums, strict=True)):
        raise InputError(f"{signals} has checksums {sums}, but {header} names {named}; download it again")
    return signal.astype(np.float32), True


def stretches(x: np.ndarray) -> list[slice]:
    """Slices of x (samples,) between which samples are not finite."""
    bad = np.concatenate([[True], ~np.isfinite(x), [True]])
    edges = np.flatnonzero(np.diff(bad.astype(np.int8)))
    return [slice(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]


def longest_constant(x: np.ndarray) -> int:
    """Length of the longest run of equal samples in x (samples,): a lost electrode draws a straight line."""
    edges = np.flatnonzero(np.diff(x) != 0)
    return int(np.diff(np.concatenate([[-1], edges, [len(x) - 1]])).max())
