"""npz files: arrays of declared types and shapes, read without objects, checked before anything is allocated."""

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from scl.artifacts.errors import InputError
from scl.artifacts.files import check_regular, replacing

MOST_BYTES = 4 << 30  # of all arrays of a file together, unpacked
# What zipfile raises when it reads a damaged archive: each layer has exceptions of its own.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Array:
    """What an array has to be: its type, and its shape, in which a name stands for any size, the same in all arrays of
    the file.
    """

    dtype: type[np.generic] | None
    shape: tuple[int | str, ...]


def write_npz(path: str | Path, **arrays: np.ndarray) -> None:
    """Writes arrays to a compressed npz atomically. Raises ValueError for object arrays, which would be pickled."""
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
        check_regular(path)
        with zipfile.ZipFile(path) as archive:
            members = [name.removesuffix(".npy") for name in archive.namelist()]
            missing = [name for name in names if name not in members]
            if missing:
                raise InputError(f"{path}: lacks {', '.join(missing)}; it holds {', '.join(members) or 'nothing'}")
            wanted = names or tuple(members)
            left = most
            for name in wanted:
                with archive.open(f"{name}.npy") as member:
                    shape, dtype = _header(member)
                left -= int(np.prod(shape, dtype=object)) * dtype.itemsize
                if dtype.hasobject:
                    raise ValueError(f"{name} holds objects")
                if left < 0:
                    raise InputError(
                        f"{path}: {name} is {dtype} {shape}, more than {most:,} bytes in all; make it again"
                    )
                if name in declared:
                    _check(path, name, shape, dtype, declared[name], sizes)
            return {name: _array(archive, name) for name in wanted}
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected arrays {', '.join(names) or '(npz)'}") from error
    except (*ZIP_ERRORS, AttributeError, SyntaxError, TypeError, KeyError, tokenize.TokenError, MemoryError) as error:
        raise InputError(f"{path}: is not a readable npz without objects ({error}); make it again") from error


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"npy version {version}")
    shape, _, dtype = read(member)
    return shape, dtype


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as member:
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
