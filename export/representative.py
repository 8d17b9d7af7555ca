"""Windows that stand for what a model will meet: the ranges of its activations are calibrated on them, and a board is
validated with them.

An npz file, as `numpy.savez("windows.npz", windows=x, labels=y, groups=g, names=n)` writes it:

    windows   float (n, channels, samples), in the units that the model takes
    labels    integers (n,), the class of each window: which of the model's outputs should be largest; may be left out
    groups    integers (n,), whose window it is, such as a subject or a record: intervals are clustered by it; may be
              left out, then every window is a group of its own
    names     texts (classes,), what the classes are called; may be left out
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, read_npz, shortened

ARRAYS = ("windows", "labels", "groups", "names")
_SAVE = 'save it with numpy.savez("windows.npz", windows=..., labels=..., groups=..., names=...)'


@dataclass(frozen=True, eq=False)
class Representative:
    """Windows with what is known of them.

    Attributes:
        windows: float32 (n, channels, samples), in the units that the model takes.
        labels: int64 (n,), classes; None: not known.
        groups: int64 (n,), subject or record; None: not known.
        names: of the classes; None: not known.
    """

    windows: np.ndarray
    labels: np.ndarray | None = None
    groups: np.ndarray | None = None
    names: tuple[str, ...] | None = None


def read_windows(path: Path) -> Representative:
    """Reads a file of windows.

    Raises InputError if it is missing, damaged, holds another array, or one of another type, size or value.
    """
    if path.suffix != ".npz" and path.is_file() and not zipfile.is_zipfile(path):
        raise InputError(f"{path}: is no npz file, expected one that holds windows; {_SAVE}")
    return from_arrays(str(path), read_npz(path))


def from_arrays(path: str, arrays: Mapping[str, np.ndarray], advice: str = _SAVE) -> Representative:
    """The windows in such arrays; `path` says in errors where they are from, `advice` how to give others.

    Raises InputError if one is missing, or of another type, size or value.
    """
    other = [name for name in arrays if name not in ARRAYS]
    if other:
        raise InputError(f"{path}: holds {shortened(other[0])}, expected {', '.join(ARRAYS)} and no others; {advice}")
    if "windows" not in arrays:
        raise InputError(f"{path}: lacks windows; it holds {', '.join(arrays) or 'nothing'}; {advice}")
    windows = _windows(path, arrays["windows"], advice)
    columns = {
        name: _column(path, name, arrays[name], len(windows), advice) for name in ("labels", "groups") if name in arrays
    }
    names = _names(path, arrays["names"], advice) if "names" in arrays else None
    labels = columns.get("labels")
    if labels is not None:
        most = np.iinfo(np.int64).max if names is None else len(names) - 1
        wrong = labels[(labels < 0) | (labels > most)]
        if wrong.size:
            expected = "0 or more" if names is None else f"0 to {most}, one of the {len(names)} names"
            raise InputError(
                f"{path}: labels holds {wrong[0]}, expected {expected}; number the classes from 0 and {advice}"
            )
    return Representative(windows, labels, columns.get("groups"), names)


def _windows(path: str, windows: np.ndarray, advice: str) -> np.ndarray:
    if windows.dtype.kind != "f" or windows.ndim != 3 or not windows.size:
        raise InputError(
            f"{path}: windows is {windows.dtype} {windows.shape}, expected float32 (windows, channels, samples), none "
            f"of them 0; {advice}"
        )
    with np.errstate(over="ignore"):  # beyond float32 becomes infinite, which is refused below
        windows = windows.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(windows).all(axis=(1, 2)))
    if bad.size:
        raise InputError(
            f"{path}: window {bad[0]} holds NaN or an infinite value ({bad.size} of {len(windows)} windows do), "
            "expected finite numbers; leave these windows out"
        )
    return windows


def _column(path: str, name: str, values: np.ndarray, windows: int, advice: str) -> np.ndarray:
    if values.dtype.kind not in "iu" or values.shape != (windows,):
        raise InputError(
            f"{path}: {name} is {values.dtype} {values.shape}, expected integers ({windows},), one for each window; "
            f"{advice}"
        )
    return values.astype(np.int64)


def _names(path: str, names: np.ndarray, advice: str) -> tuple[str, ...]:
    if names.dtype.kind != "U" or names.ndim != 1 or not names.size:
        raise InputError(
            f"{path}: names is {names.dtype} {names.shape}, expected texts (classes,), at least one; {advice}"
        )
    texts = tuple(names.tolist())
    for name in texts:
        if not name.strip() or not name.isprintable() or texts.count(name) > 1:
            raise InputError(
                f"{path}: names holds {shortened(name)}, expected different names of one line each; rename it"
            )
    return texts
