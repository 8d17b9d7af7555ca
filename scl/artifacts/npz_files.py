"""npz files: arrays of declared types and shapes, read without objects, checked before anything is allocated.

Trusted is the size of the file on the disk. From it follows what deflate can unpack it to, and a header must claim as
many bytes as its member has: so no claim allocates more than a real file of this size could hold.
"""

import io
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from scl.artifacts.errors import InputError, shortened
from scl.artifacts.files import open_regular, replacing
from scl.artifacts.os_errors import reason

MOST_BYTES = 4 << 30  # of all arrays of a file together, unpacked
MOST_MEMBERS = 1000
MOST_REASON = 200  # characters of another's message, which may quote the file
MOST_DIRECTORY_BYTES = 1 << 20  # of an archive's list of members, which zipfile reads and unfolds whole
END = struct.Struct("<4s4H2LH")  # the record at an archive's end; the list's size is the sixth field
LOCATOR_BYTES = 20  # of the record before it in archives of 4 GiB or more
HEADER_BYTES = 12 + 10_000  # of an npy file, at most: numpy reads no longer ones
DEFLATE_RATIO = 1032  # of unpacked to packed bytes, at most (zlib's technical details)
KINDS = "biufUS"  # of dtypes: bool, integers, floats, texts
# What zipfile raises when it reads a damaged archive: each layer has exceptions of its own.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)
# And what numpy raises for a damaged header.
NPY_ERRORS = (AttributeError, SyntaxError, TypeError, KeyError, OverflowError, tokenize.TokenError, MemoryError)


@dataclass(frozen=True)
class Array:
    """What an array has to be: its type, and its shape, in which a name stands for any size, the same in all arrays of
    the file.
    """

    dtype: type[np.generic] | None
    shape: tuple[int | str, ...]


def write_npz(path: str | Path, **arrays: np.ndarray) -> None:
    """Writes arrays to a compressed npz atomically.

    Raises ValueError for object arrays, which would be pickled; InputError if nothing can be written there.
    """
    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"{name}: object arrays are not written")
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def read_npz(path: str | Path, *names: str, most: int = MOST_BYTES) -> dict[str, np.ndarray]:
    """Reads arrays from an npz: those named, or all.

    Raises InputError if it is damaged, lacks one, holds a pickle, or says that it unpacks to more than `most` bytes.
    """
    return _read(Path(path), names, {}, {}, most)


def read_arrays(
    path: str | Path, arrays: Mapping[str, Array], sizes: Mapping[str, int] | None = None
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Reads the declared arrays from an npz, and the sizes that the names in their shapes stand for.

    Args:
        sizes: of names that are known before.

    Raises:
        InputError: as `read_npz`, or a type or shape is not the declared one.
    """
    known = dict(sizes or {})
    return _read(Path(path), tuple(arrays), arrays, known, MOST_BYTES), known


def _read(
    path: Path, names: tuple[str, ...], declared: Mapping[str, Array], sizes: dict[str, int], most: int
) -> dict[str, np.ndarray]:
    try:
        with open_regular(path) as file, _archive(file) as archive:
            members = _members(file, archive)
            missing = [name for name in names if name not in members]
            if missing:
                held = shortened(", ".join(members)) if members else "nothing"
                raise InputError(f"{path}: lacks {', '.join(missing)}; it holds {held}; make it again")
            wanted = names or tuple(members)
            left = most
            for name in wanted:
                shape, dtype = _header(archive, members[name])
                left -= math.prod(shape) * dtype.itemsize
                if left < 0:
                    raise InputError(
                        f"{path}: {name} is {dtype} {shape}, expected {most:,} bytes at most in all; make it again"
                    )
                if name in declared:
                    _check(path, name, shape, dtype, declared[name], sizes)
            return {name: _array(archive, members[name]) for name in wanted}
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: no such file; expected arrays {', '.join(names) or '(npz)'}; copy it again"
        ) from error
    except (*ZIP_ERRORS, *NPY_ERRORS) as error:
        raise InputError(
            f"{path}: is not a readable npz without objects ({reason(error)[:MOST_REASON]}); make it again"
        ) from error


def parse_npy(path: Path, data: bytes) -> np.ndarray:
    """The array of an npy file's bytes. Raises InputError unless it is a whole one of numbers or texts."""
    try:
        _described(data[:HEADER_BYTES], path.name, len(data))
        return np.asarray(np.lib.format.read_array(io.BytesIO(data), allow_pickle=False))
    except (ValueError, EOFError, *NPY_ERRORS) as error:
        raise InputError(
            f"{path}: is not a readable npy file without objects ({reason(error)[:MOST_REASON]}); write it with "
            "numpy.save, from an array whose dtype is not object"
        ) from error


def _archive(file: BufferedReader) -> zipfile.ZipFile:
    """Raises ValueError if the file does not end as numpy's do, or its list of members is longer than theirs: zipfile
    reads it whole.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - LOCATOR_BYTES - END.size))
    tail = file.read()
    end = END.unpack(tail[-END.size :])  # struct.error if there is less
    if end[0] != b"PK\x05\x06" or end[-1] or tail.startswith(b"PK\x06\x07"):
        raise ValueError("it does not end as a zip archive without a comment, of less than 4 GiB, does")
    if end[5] > MOST_DIRECTORY_BYTES:
        raise ValueError(f"the list of its members has {end[5]:,} bytes, expected {MOST_DIRECTORY_BYTES:,} at most")
    return zipfile.ZipFile(file)


def _members(file: BufferedReader, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's members by the arrays' names. Raises ValueError if they are not what numpy writes, or claim more
    than the file can hold.
    """
    entries = archive.infolist()
    if len(entries) > MOST_MEMBERS:
        raise ValueError(f"{len(entries)} members, expected {MOST_MEMBERS} at most")
    size = file.seek(0, io.SEEK_END)
    if sum(entry.compress_size for entry in entries) > size:
        raise ValueError(f"members claim more packed bytes than the file's {size:,}")
    members: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename.removesuffix(".npy")
        if name == entry.filename or name in members:
            raise ValueError(f"member {shortened(entry.filename)} is no .npy file, or there are two of it")
        ratio = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: DEFLATE_RATIO}.get(entry.compress_type)
        if ratio is None:
            raise ValueError(f"member {name} is packed by method {entry.compress_type}, expected none or deflate")
        if entry.file_size > ratio * entry.compress_size:
            raise ValueError(
                f"member {name} claims {entry.file_size:,} bytes from {entry.compress_size:,} packed ones, "
                f"expected {ratio} from each at most"
            )
        members[name] = entry
    return members


def _header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of a member. Raises one of NPY_ERRORS or ValueError unless they describe all of its bytes."""
    with archive.open(entry) as member:
        start = member.read(HEADER_BYTES)
    return _described(start, entry.filename, entry.file_size)


def _described(data: bytes, name: str, size: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type by the first bytes of an npy file of `size` bytes. Raises as `_header` does."""
    start = io.BytesIO(data)
    version = np.lib.format.read_magic(start)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"npy version {version}, expected (1, 0) or (2, 0)")
    shape, _, dtype = read(start)
    if dtype.kind not in KINDS or not dtype.itemsize:
        raise ValueError(f"{name} holds {'objects' if dtype.hasobject else dtype}, expected numbers or texts")
    if any(size < 0 for size in shape):
        raise ValueError(f"{name} has shape {shape}, expected no negative size")
    claimed, held = math.prod(shape) * dtype.itemsize, size - start.tell()
    if claimed != held:
        raise ValueError(f"{name} is {dtype} {shape}, {claimed:,} bytes, but has {held:,}")
    return shape, dtype


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(entry) as member:
        return np.asarray(np.lib.format.read_array(member, allow_pickle=False))


def _check(
    path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], expected: Array, sizes: dict[str, int]
) -> None:
    fits = len(shape) == len(expected.shape) and (expected.dtype is None or dtype == expected.dtype)
    for size, wanted in zip(shape, expected.shape, strict=False):
        fits = fits and size == (sizes.get(wanted, size) if isinstance(wanted, str) else wanted)
    if not fits:
        wanted_shape = tuple(sizes.get(w, w) if isinstance(w, str) else w for w in expected.shape)
        kind = "" if expected.dtype is None else f"{np.dtype(expected.dtype)} "
        text = ", ".join(map(str, wanted_shape))
        raise InputError(
            f"{path}: {name} is {dtype} {shape}, expected {kind}({text}); export the bundle again, or copy it again"
        )
    sizes |= {wanted: size for size, wanted in zip(shape, expected.shape, strict=True) if isinstance(wanted, str)}
