"""Records in PhysioNet's WFDB format, from a folder or a zip in the official layout, read whole or not at all."""

import lzma
import math
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scl.artifacts import ZIP_ERRORS, InputError, sha256_bytes, sha256_file

DAMAGED = (*ZIP_ERRORS, lzma.LZMAError)
SAMPLE_BYTES = {
    "212": 1.5,
    "16": 2.0,
}  # the formats of the sets read here: two 12-bit samples in three bytes, and int16


@dataclass(frozen=True)
class Lead:
    """One lead of a record.

    Attributes:
        name: as in the header, such as MLII.
        x: (samples,) float32 mV; NaN where the record marks a sample as invalid.
    """

    name: str
    x: np.ndarray


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
        self.path = Path(path)
        self.archive: zipfile.ZipFile | None = None
        if self.path.is_dir():
            names = [p.relative_to(self.path).as_posix() for p in sorted(self.path.rglob("*")) if p.is_file()]
        elif self.path.is_file():
            try:
                self.archive = zipfile.ZipFile(self.path)
                names = sorted(self.archive.namelist())
            except DAMAGED as error:
                raise InputError(f"{self.path}: is not a whole zip file ({error}); {advice}") from error
        else:
            raise InputError(f"{self.path}: no such file or folder; {advice}")
        roots = sorted((n.removesuffix(mark) for n in names if n == mark or n.endswith("/" + mark)), key=len)
        if not roots:
            raise InputError(f"{self.path}: has no {mark}; {advice}")
        self.root = roots[0]
        self.names = {n.removeprefix(self.root) for n in names if n.startswith(self.root)}

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises InputError if it is missing or damaged."""
        if name not in self.names:
            raise InputError(f"{self.path}: has no {name}; download the data set again")
        try:
            if self.archive:
                return self.archive.read(self.root + name)
            return (self.path / self.root / name).read_bytes()
        except DAMAGED as error:
            raise InputError(f"{self.path}: {name} is damaged ({error}); download it again") from error

    def checksum(self, names: list[str]) -> str:
        """SHA-256 of the zip, or of the named files' checksums if the source is a folder."""
        if self.archive:
            return sha256_file(self.path)
        return sha256_bytes("".join(sha256_file(self.path / self.root / name) for name in sorted(names)).encode())

    @contextmanager
    def extracted(self, *names: str) -> Iterator[Path]:
        """A folder that holds these files, flat, as wfdb wants them."""
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                (Path(folder) / Path(name).name).write_bytes(self.read(name))
            yield Path(folder)


def read_lead(source: Source, record: str, rate_hz: float, name: str, or_first: bool = False) -> Lead:
    """The named lead of a record; with `or_first`, its first lead where it has none of that name.

    Args:
        record: path without suffix, such as records500/00000/00001_hr.
        rate_hz: that the record must have.

    Raises:
        InputError: the header or the signal is missing, damaged or truncated, a checksum differs from the header's, the
            rate is another, or there is no such lead.
    """
    import wfdb

    with source.extracted(f"{record}.hea", f"{record}.dat") as folder:
        path = folder / Path(record).name
        try:
            header = wfdb.rdheader(str(path))
        except Exception as error:  # wfdb raises whatever its parsing meets
            raise InputError(
                f"{source.path}: {record}.hea cannot be read as a WFDB header ({type(error).__name__}: {error}); "
                "download it again"
            ) from error
        _check_header(source, record, header, rate_hz)
        size = path.with_suffix(".dat").stat().st_size
        expected = math.ceil(header.sig_len * header.n_sig * SAMPLE_BYTES[header.fmt[0]])
        if size != expected:
            raise InputError(
                f"{source.path}: {record}.dat has {size} bytes, but {header.sig_len} samples of {header.n_sig} leads, "
                f"as {record}.hea says, take {expected}; download it again"
            )
        try:
            found = wfdb.rdrecord(str(path), physical=False)
        except Exception as error:  # as above
            raise InputError(
                f"{source.path}: {record}.dat cannot be read as {record}.hea says ({type(error).__name__}: {error}); "
                "download it again"
            ) from error
    names, sums = found.checksum, found.calc_checksum()
    if any(e is None or e % 65536 != s % 65536 for e, s in zip(names, sums, strict=True)):
        raise InputError(
            f"{source.path}: {record}.dat has checksums {sums}, but {record}.hea names {names}; download it again"
        )
    if name not in found.sig_name and not or_first:
        raise InputError(f"{source.path}: {record} has no lead {name}; it has {', '.join(map(str, found.sig_name))}")
    index = found.sig_name.index(name) if name in found.sig_name else 0
    if str(found.units[index]).lower() != "mv":
        raise InputError(f"{source.path}: {record} is in {found.units[index]}, expected mV")
    return Lead(found.sig_name[index], found.dac()[:, index].astype(np.float32))


def _check_header(source: Source, record: str, header: Any, rate_hz: float) -> None:
    import wfdb

    signal = f"{Path(record).name}.dat"
    if (
        not isinstance(header, wfdb.Record)
        or not header.n_sig
        or not header.sig_len
        or len(header.file_name or ()) != header.n_sig
        or set(header.file_name) != {signal}
        or set(header.fmt) not in [{name} for name in SAMPLE_BYTES]
    ):
        raise InputError(
            f"{source.path}: {record}.hea does not describe samples in one file, expected their number, and every lead "
            f"in {signal} in format {' or '.join(SAMPLE_BYTES)}; download it again"
        )
    if header.fs != rate_hz:
        raise InputError(f"{source.path}: {record} has {header.fs:g} samples per second, expected {rate_hz:g}")


def stretches(x: np.ndarray) -> list[slice]:
    """Slices of x (samples,) between which samples are not finite."""
    bad = np.concatenate([[True], ~np.isfinite(x), [True]])
    edges = np.flatnonzero(np.diff(bad.astype(np.int8)))
    return [slice(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]


def longest_constant(x: np.ndarray) -> int:
    """Length of the longest run of equal samples in x (samples,): a lost electrode draws a straight line."""
    edges = np.flatnonzero(np.diff(x) != 0)
    return int(np.diff(np.concatenate([[-1], edges, [len(x) - 1]])).max())
