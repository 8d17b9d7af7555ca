"""The files of an IMU folder, by what they are: a dataset.toml, Edge Impulse's or captures' names, or arrays."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from scl.artifacts import InputError, read_bytes, sha256_bytes, sha256_file
from scl.artifacts.capture import is_capture
from scl.artifacts.files import file_inside, open_regular
from train.data import imu_arrays
from train.data.csv_layout import Layout, cleaned, layout
from train.data.csv_text import MOST_BYTES
from train.data.dataset_file import ADVICE, NAME, DatasetFile, read_dataset_file
from train.data.edge_impulse import description_of, is_edge_impulse
from train.data.imu_captures import read_capture_table
from train.data.imu_table import Table, read_table

START_BYTES = 1 << 16
MOST_FILES = 100_000
SUFFIXES = (".csv", ".tsv", ".txt")


class UndescribedError(InputError):
    """A folder has no dataset.toml, and needs one."""


@dataclass(frozen=True)
class ImuSource:
    """A folder of recordings.

    Attributes:
        convention: "dataset.toml", "edge-impulse", "captures" or "arrays".
        where: what describes the files, for messages.
        names: paths of the recordings below the folder, sorted.
    """

    folder: Path
    convention: str
    where: Path
    description: DatasetFile
    names: tuple[str, ...]

    @cached_property
    def described(self) -> bool:
        return self.where.name == NAME

    def checksum(self) -> str:
        """SHA-256 over the names and bytes of all files that are read, dataset.toml and sensor files among them."""
        beside = sorted(path.name for path in self.folder.glob("*.toml") if path.is_file() and path.name != NAME)
        names = [*([NAME] if self.described else []), *self.names, *beside]
        lines = (f"{sha256_file(file_inside(self.folder, name, 'copy it there'))}  {name}\n" for name in names)
        return sha256_bytes("".join(lines).encode())

    def tables(self) -> "Iterator[tuple[str, Callable[[], Table]]]":
        """Each file's name and what reads it. Reading raises InputError."""
        if self.convention == "arrays":
            yield "X.npy", self._arrays
            return
        for name in self.names:
            yield name, lambda name=name: self._table(name)  # type: ignore[misc]

    def _table(self, name: str) -> Table:
        data = read_bytes(file_inside(self.folder, name, "copy it there"), MOST_BYTES, "recordings")
        read = read_capture_table if is_capture(data[:START_BYTES]) else read_table
        return read(data, name, self.description, self.folder, self.where)

    def _arrays(self) -> Table:
        read = {name: read_bytes(self.folder / name, imu_arrays.MOST_BYTES, "an array") for name in imu_arrays.FILES}
        return imu_arrays.read_arrays_table(read, self.description, self.folder, self.where)


def files_below(folder: Path, glob: str) -> list[str]:
    """Paths below a folder that fit a pattern, sorted; hidden files and folders are left out.

    Raises InputError for a pattern that leads out of the folder, or too many files.
    """
    if Path(glob).is_absolute() or ".." in PurePosixPath(glob).parts:
        raise InputError(f"{folder / NAME}: files is {glob!r}, expected a pattern below the folder such as **/*.csv")
    paths = (path.relative_to(folder) for path in folder.glob(glob) if path.is_file())
    names = sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))
    if len(names) > MOST_FILES:
        raise InputError(f"{folder}: {len(names)} files fit {glob}, expected {MOST_FILES} at most")
    return [name for name in names if PurePosixPath(name).name != NAME]


def beginning(folder: Path, name: str) -> bytes:
    """A file's first bytes."""
    with open_regular(file_inside(folder, name, "copy it there")) as file:
        return file.read(START_BYTES)


def layout_of(folder: Path, name: str) -> Layout:
    """How a file's rows are written, by its first bytes."""
    start = beginning(folder, name)
    if len(start) == START_BYTES:  # whose last line is cut
        start = start[: start.rfind(b"\n") + 1] or start
    return layout(*cleaned(start), str(folder / name))


def find_source(folder: Path) -> ImuSource:
    """What a folder holds. Raises InputError where that is nothing known, and says what is missing; UndescribedError
    where a dataset.toml is.
    """
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {found}, expected a folder of recordings (CSV files, or X.npy, y.npy, groups.npy)")
    where = folder / NAME
    described = where.exists()
    description = read_dataset_file(where) if described else DatasetFile()
    if (folder / "X.npy").exists():
        missing = [name for name in imu_arrays.FILES if not (folder / name).is_file()]
        if missing:
            raise InputError(f"{folder}: has X.npy and no {' and no '.join(missing)}; put it there")
        return ImuSource(folder, "arrays", where, description, imu_arrays.FILES)
    names = files_below(folder, description.files or "**/*.csv")
    if not names:
        error = InputError if described else UndescribedError
        others = sorted({PurePosixPath(name).suffix for name in files_below(folder, "**/*")} - {""})
        raise error(
            f"{folder}: holds no file {description.files or '**/*.csv'}"
            + (f", but {', '.join(others[:5])}; name them with `files` in {NAME}" if others else "")
            + f"; {ADVICE}"
        )
    if described:
        _check_files(description, names, where)
        return ImuSource(folder, "dataset.toml", where, description, tuple(names))
    if is_capture(beginning(folder, names[0])):
        return ImuSource(folder, "captures", folder, description, tuple(names))
    form = layout_of(folder, names[0])
    if is_edge_impulse(form.header or (), names):
        return ImuSource(folder, "edge-impulse", folder, description_of(form.header or ()), tuple(names))
    raise UndescribedError(
        f"{folder}: has no {NAME}, and its files are neither captures nor Edge Impulse's (label.anything.csv with "
        f"`timestamp` first); {ADVICE}".replace("FOLDER", str(folder))
    )


def _check_files(description: DatasetFile, names: list[str], where: Path) -> None:
    """Raises InputError for a [file] that is not among the recordings."""
    unknown = sorted(set(description.file) - set(names))
    if unknown:
        raise InputError(
            f'{where}: describes [file."{unknown[0]}"], which is not there; write its path below the folder'
        )
