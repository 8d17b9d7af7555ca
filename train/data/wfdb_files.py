"""Records in PhysioNet's WFDB format, from a folder or a zip in the official layout, read whole or not at all."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts import ZIP_ERRORS, InputError, sha256_bytes, sha256_file


@dataclass(frozen=True)
class Lead:
    """One lead of a record.

    Attributes:
        name: as in the header, such as MLII.
        x: (samples,) float32 mV; NaN where the record marks a sample as invalid.
        rate_hz: samples per second.
    """

    name: str
    x: np.ndarray
    rate_hz: float


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
            except ZIP_ERRORS as error:
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
        except ZIP_ERRORS as error:
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


def read_lead(source: Source, record: str, choose: tuple[str, ...]) -> Lead:
    """One lead of a record: the first name of `choose` that the record has, else its first lead.

    Args:
        record: path without suffix, such as records500/00000/00001_hr.

    Raises:
        InputError: the header or the signal is missing, damaged or truncated, or a checksum differs from the header's.
    """
    import wfdb

    with source.extracted(f"{record}.hea", f"{record}.dat") as folder:
        try:
            found = wfdb.rdrecord(str(folder / Path(record).name), physical=False)
        except Exception as error:  # wfdb raises whatever its parsing meets
            raise InputError(
                f"{source.path}: {record} cannot be read as a WFDB record ({type(error).__name__}: {error}); "
                "download it again"
            ) from error
    expected, sums = found.checksum, found.calc_checksum()
    if any(e is not None and e % 65536 != s % 65536 for e, s in zip(expected, sums, strict=True)):
        raise InputError(
            f"{source.path}: {record}.dat has checksums {sums}, but {record}.hea names {expected}; download it again"
        )
    index = next((found.sig_name.index(name) for name in choose if name in found.sig_name), 0)
    if str(found.units[index]).lower() != "mv":
        raise InputError(f"{source.path}: {record} is in {found.units[index]}, expected mV")
    return Lead(found.sig_name[index], found.dac()[:, index].astype(np.float32), float(found.fs))


def stretches(x: np.ndarray) -> list[slice]:
    """Slices of x (samples,) between which samples are not finite."""
    bad = np.concatenate([[True], ~np.isfinite(x), [True]])
    edges = np.flatnonzero(np.diff(bad.astype(np.int8)))
    return [slice(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
